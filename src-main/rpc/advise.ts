import type { advise as contract } from '../../src-shared/rpc/advise.ts';
import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { AdviseService } from '../stages/9-advise/api.ts';

export function adviseHandlers(advise: AdviseService): HandlersOf<typeof contract> {
  return {
    'advise.saveMetric': (definition, caller) => advise.saveMetric(definition, caller),
    'advise.removeMetric': ({ name }, caller) => advise.removeMetric(name, caller),
    'advise.metrics': () => advise.metrics(),
    'advise.metric': ({ name }) => advise.metric(name),
    'advise.analyse': ({ name }, caller) => advise.analyse(name, caller),
    'advise.list': ({ state }) => advise.list(state),
    'advise.decide': (params, caller) => advise.decide(params, caller),
  };
}
