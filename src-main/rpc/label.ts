import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { label as contract } from '../../src-shared/rpc/label.ts';
import type { LabelService } from '../stages/2-label/api.ts';

export function labelHandlers(label: LabelService): HandlersOf<typeof contract> {
  return {
    'label.create': (params, caller) => label.create(params, caller),
    'label.list': () => label.list(),
    'label.get': ({ name }) => label.get(name),
    'label.update': (params, caller) => label.update(params, caller),
    'label.queue': (params) => label.queue(params),
    'label.save': (params, caller) => label.save(params, caller),
    'label.freeze': ({ name }, caller) => label.freeze(name, caller),
    'label.export': (params, caller) => label.export(params, caller),
  };
}
