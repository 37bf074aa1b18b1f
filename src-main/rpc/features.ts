import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { features as contract } from '../../src-shared/rpc/features.ts';
import type { FeatureService } from '../stages/3-features/api.ts';

export function featuresHandlers(features: FeatureService): HandlersOf<typeof contract> {
  return {
    'features.propose': (params) => features.propose(params),
    'features.save': (params, caller) => features.save(params, caller),
    'features.list': () => features.list(),
    'features.get': (params) => features.get(params),
  };
}
