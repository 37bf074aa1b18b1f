import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { learn as contract } from '../../src-shared/rpc/learn.ts';
import type { LearnService } from '../stages/8-learn/api.ts';

export function learnHandlers(learn: LearnService): HandlersOf<typeof contract> {
  return {
    'learn.start': (params, caller) => learn.start(params, caller),
    'learn.list': ({ model }) => learn.list(model),
    'learn.get': ({ id }) => learn.get(id),
    'learn.decide': (params, caller) => learn.decide(params, caller),
  };
}
