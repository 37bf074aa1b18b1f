import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { monitor as namespace } from '../../src-shared/rpc/monitor.ts';
import type { MonitorService } from '../stages/7-monitor/api.ts';

export function monitorHandlers(monitor: MonitorService): HandlersOf<typeof namespace> {
  return {
    'monitor.list': () => monitor.list(),
    'monitor.get': ({ endpoint }) => monitor.get(endpoint),
    'monitor.evaluate': ({ endpoint }) => monitor.evaluate(endpoint),
    'monitor.alerts': ({ state }) => monitor.alerts(state),
    'monitor.acknowledge': (params, caller) => monitor.acknowledge(params, caller),
    'monitor.settings': (params, caller) => monitor.saveSettings(params, caller),
    'monitor.truth': (params, caller) => monitor.truth(params, caller),
  };
}
