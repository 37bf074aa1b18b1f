// Cycles of self-learning: the list, starting one, and one cycle up to its decision.
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import type { Cycle } from '../../src-shared/rpc/learn.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import type { Alert } from './monitor.svelte.ts';

export type RetrainRequest = Params<'learn.start'>;

export class CyclesManager {
  readonly list = new Loaded<Cycle[]>(() => client.call('learn.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

/** The data that a cycle learns from, before stored requests are added. */
export interface CycleBase {
  name: string;
  version: number;
  rows: number;
  /** The champion learned from labels: they belong to one version of the data, so newer labels are what is new. */
  byLabels: boolean;
}
type Champion = NonNullable<Result<'registry.list'>[number]['champion']>;

/** What a cycle can start from: models with a champion, and the data of the chosen one. */
export class RetrainManager {
  #champion: Champion | null = null;
  readonly models = new Loaded(() => client.call('registry.list', {}));
  readonly base = new Loaded<CycleBase | null>(async () => (this.#champion ? baseOf(this.#champion) : null));
  readonly load = (): Promise<void> => this.models.reload();

  /** Finds the data that a cycle of this champion's model would take. */
  choose(champion: Champion): void {
    this.#champion = champion;
    void this.base.reload();
  }

  /** The id of the new cycle. */
  async start(request: RetrainRequest): Promise<string> {
    return (await client.call('learn.start', request)).cycleId;
  }
}

/** As the core chooses: the newest version that was imported; versions made of requests are never the base, or rows would be added twice. */
async function baseOf({ dataset: { name, version }, runId }: Champion): Promise<CycleBase> {
  const [{ versions }, { request }] = await Promise.all([client.call('data.get', { name }), client.call('train.get', { runId })]);
  const byLabels = request.target.kind === 'labels';
  const imported = versions.filter(({ source }) => source.format !== 'requests').toSorted((a, b) => b.version - a.version)[0];
  const own = versions.find((one) => one.version === version);
  const base = byLabels ? own : (imported ?? own);
  return { name, version: base?.version ?? version, rows: base?.rows ?? 0, byLabels };
}

export class CycleManager {
  readonly #id: string;
  readonly cycle: Loaded<Cycle>;
  readonly #endpoints = new Loaded(() => client.call('serve.list', {}));
  readonly #alerts = new Loaded(() => client.call('monitor.alerts', { state: 'all' }));
  readonly #siblings = new Loaded(() => client.call('learn.list', {}));
  readonly #models = new Loaded(() => client.call('registry.list', {}));

  constructor(id: string) {
    this.#id = id;
    this.cycle = new Loaded(() => client.call('learn.get', { id }));
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.cycle.reload(), ...[this.#endpoints, this.#alerts, this.#siblings, this.#models].map((one) => one.reload())]);
  };

  /** The alert that started it. */
  get alert(): Alert | null {
    const id = this.cycle.value?.trigger.alertId;
    return this.#alerts.value?.find((alert) => alert.id === id) ?? null;
  }
  /** Other cycles of the same model, newest first. */
  get others(): Cycle[] {
    const cycle = this.cycle.value;
    return this.#siblings.value?.filter((one) => one.model === cycle?.model && one.id !== cycle.id) ?? [];
  }
  /** Endpoints that switch when the champion moves. */
  get followers(): string[] {
    const model = this.cycle.value?.model;
    const follows = (this.#endpoints.value ?? []).filter((one) => one.model === model && one.alias === 'champion');
    return follows.filter(({ state }) => state !== 'stopped').map(({ name }) => name);
  }
  /** Version of the present champion; null until known, or without one. */
  get championNow(): number | null {
    return this.#models.value?.find(({ name }) => name === this.cycle.value?.model)?.champion?.version ?? null;
  }

  /** Resolves when the endpoints answer with the promoted version, or the refusal is written. */
  async decide(decision: Params<'learn.decide'>['decision'], reason: string): Promise<void> {
    this.cycle.set(await client.call('learn.decide', { id: this.#id, decision, reason }));
    await this.load();
  }
}
