import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { samples as contract } from '../../src-shared/rpc/samples.ts';
import type { Demo } from '../flows/demo.ts';
import type { Samples } from '../flows/samples.ts';

export function samplesHandlers(samples: Samples, demo: Demo): HandlersOf<typeof contract> {
  return {
    'samples.list': () => samples.list(),
    'samples.import': ({ id }, caller) => samples.startImport(id, caller),
    'samples.run': ({ id }, caller) => demo.start(id, caller),
  };
}
