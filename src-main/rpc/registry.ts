import type { Handlers, HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { registry as contract } from '../../src-shared/rpc/registry.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';

/** `predict` crosses stages: a flow supplies it. */
export function registryHandlers(registry: RegistryService, predict: Handlers['registry.predict']): HandlersOf<typeof contract> {
  return {
    'registry.register': (params, caller) => registry.register(params, caller),
    'registry.list': () => registry.list(),
    'registry.get': ({ name }) => registry.get(name),
    'registry.version': (ref) => registry.page(ref),
    'registry.describe': (params, caller) => registry.describe(params, caller),
    'registry.setAlias': (params, caller) => registry.setAlias(params, caller),
    'registry.removeAlias': (params, caller) => registry.removeAlias(params, caller),
    'registry.compare': (params) => registry.compare(params),
    'registry.lineage': (params) => registry.lineage(params),
    'registry.quantize': (params, caller) => registry.quantize(params, caller),
    'registry.export': (params, caller) => registry.export(params, caller),
    'registry.verify': (params) => registry.verify(params),
    'registry.predict': predict,
  };
}
