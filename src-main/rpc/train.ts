import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { train as contract } from '../../src-shared/rpc/train.ts';
import type { TrainService } from '../stages/4-train/api.ts';

export function trainHandlers(train: TrainService): HandlersOf<typeof contract> {
  return {
    'train.start': (params, caller) => train.start(params, caller),
    'train.list': (params) => train.list(params),
    'train.steer': (params, caller) => train.steer(params, caller),
    'train.get': (params) => train.get(params),
    'train.graph': (params) => train.graph(params),
    'train.evaluation': (params) => train.evaluation(params),
    'train.threshold': (params) => train.threshold(params),
    'train.explainRow': (params) => train.explainRow(params),
    'train.effect': (params) => train.effect(params),
    'train.counterfactual': (params) => train.counterfactual(params),
    'train.compare': (params) => train.compareCandidates(params),
    'train.judge': (params) => train.judge(params),
  };
}
