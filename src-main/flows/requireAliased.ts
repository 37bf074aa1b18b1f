import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { ModelVersion } from '../../src-shared/rpc/registry.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';

/** The version that the alias points at. Error: MK_NOT_FOUND, for the model or for the alias. */
export function requireAliased(registry: RegistryService, model: string, alias: string): ModelVersion {
  const version = registry.aliased(model, alias);
  if (!version) throw new ModelkeepError('MK_NOT_FOUND', { what: 'alias', name: `${model}@${alias}` });
  return version;
}
