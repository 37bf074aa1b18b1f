// Endpoints and what is watched about them: the list, and one endpoint with its alerts, limits and truth.
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import type { Cycle } from '../../src-shared/rpc/learn.ts';
import type { Lineage } from '../../src-shared/rpc/registry.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type WatchedEndpoint = Result<'monitor.list'>[number];
export type MonitorReport = Result<'monitor.get'>;
export type ColumnState = MonitorReport['columns'][number];
export type Alert = MonitorReport['alerts'][number];
export type MonitorSettings = MonitorReport['settings'];
export type TruthRows = NonNullable<Params<'monitor.truth'>['rows']>;

export class MonitorsManager {
  readonly list = new Loaded<WatchedEndpoint[]>(() => client.call('monitor.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

export class MonitorManager {
  readonly #endpoint: string;
  readonly report: Loaded<MonitorReport>;
  /** Who deployed what when, for the marks on time charts. */
  readonly #served: Loaded<Result<'serve.get'>>;
  readonly #cycles: Loaded<Cycle[]>;
  readonly lineage: Loaded<Lineage>;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    this.report = new Loaded(() => client.call('monitor.get', { endpoint }));
    this.#served = new Loaded(() => client.call('serve.get', { name: endpoint }));
    this.#cycles = new Loaded(() => client.call('learn.list', {}));
    this.lineage = new Loaded(() => client.call('registry.lineage', { kind: 'monitor', name: endpoint, version: null }));
  }

  get deployments(): Result<'serve.get'>['deployments'] {
    return this.#served.value?.deployments ?? [];
  }

  /** The newest cycle of learning that this alert started. */
  cycleOf(alertId: string): Cycle | null {
    return this.#cycles.value?.find(({ trigger }) => trigger.alertId === alertId) ?? null;
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.report.reload(), this.#served.reload(), this.#cycles.reload(), this.lineage.reload()]);
  };

  /** Looks at the newest stored requests now. */
  async lookNow(): Promise<void> {
    this.report.set(await client.call('monitor.evaluate', { endpoint: this.#endpoint }));
  }

  async acknowledge(id: string, note: string): Promise<void> {
    await client.call('monitor.acknowledge', { id, note });
    await this.report.reload();
  }

  async saveSettings(settings: MonitorSettings): Promise<void> {
    await client.call('monitor.settings', { endpoint: this.#endpoint, settings });
    await this.lookNow();
  }

  /** Stores what really happened, from a file or from rows, and looks again, so that the performance is judged with it. */
  async giveTruth(from: { file: string } | { rows: TruthRows }): Promise<Result<'monitor.truth'>> {
    const result = await client.call('monitor.truth', { endpoint: this.#endpoint, ...from });
    await this.lookNow();
    return result;
  }
}
