import { resolve } from 'node:path';
import type { Caller, Parsed, Result } from '../../src-shared/rpc/contract.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import { requireAliased } from './requireAliased.ts';

/** Scores a file with a version, with what an alias points at (default `champion`), as a job. Error: MK_NOT_FOUND. */
export function predictFile(
  { registry, train }: { registry: RegistryService; train: TrainService },
  { name, version, alias = 'champion', input, output, history }: Parsed<'registry.predict'>,
  caller: Caller,
): Result<'registry.predict'> {
  const chosen = version === undefined ? requireAliased(registry, name, alias) : registry.version({ name, version });
  return train.startPredict(
    {
      sha256: chosen.sha256,
      subject: `${name} v${chosen.version}`,
      input: resolve(input),
      output: resolve(output),
      ...(history ? { history } : {}),
    },
    caller,
  );
}
