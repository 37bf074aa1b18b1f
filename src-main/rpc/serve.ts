import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { serve as namespace } from '../../src-shared/rpc/serve.ts';
import type { ServeService } from '../stages/6-serve/api.ts';

export function serveHandlers(serve: ServeService): HandlersOf<typeof namespace> {
  return {
    'serve.deploy': (params, caller) => serve.deploy(params, caller),
    'serve.list': () => serve.list(),
    'serve.get': (params) => serve.get(params),
    'serve.stop': (params, caller) => serve.stop(params, caller),
    'serve.start': (params, caller) => serve.start(params, caller),
    'serve.rollback': (params, caller) => serve.rollback(params, caller),
    'serve.try': (params) => serve.try(params),
    'serve.requests': (params) => serve.requests(params),
    'serve.request': ({ id }) => serve.request(id),
  };
}
