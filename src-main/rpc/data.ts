import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { data as contract } from '../../src-shared/rpc/data.ts';
import type { DataService } from '../stages/1-data/api.ts';

export function dataHandlers(data: DataService): HandlersOf<typeof contract> {
  return {
    'data.preview': (params) => data.preview(params),
    'data.import': (params, caller) => data.startImport(params, caller),
    'data.list': () => data.list(),
    'data.get': (params) => data.get(params),
    'data.rows': (params) => data.rows(params),
    'data.profile': (params) => data.profile(params),
    'data.diff': (params) => data.diff(params),
    'data.retype': (params, caller) => data.startRetype(params, caller),
    'data.export': (params, caller) => data.startExport(params, caller),
    'data.image': (params) => data.image(params),
    'data.usedBy': (params) => data.usedBy(params),
  };
}
