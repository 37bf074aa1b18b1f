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

/** What a cycle can start from: models with a champion, and the versions of the data each learned from. */
export class RetrainManager {
  readonly models = new Loaded(() => client.call('registry.list', {}));
  readonly #datasets = new Loaded(() => client.call('data.list', {}));
  readonly load = async (): Promise<void> => {
    await Promise.all([this.models.reload(), this.#datasets.reload()]);
  };

  /** Newest version of a dataset; null until it is known. */
  newest(name: string): Result<'data.list'>[number] | null {
    return this.#datasets.value?.find(({ dataset }) => dataset === name) ?? null;
  }

  /** The id of the new cycle. */
  async start(request: RetrainRequest): Promise<string> {
    return (await client.call('learn.start', request)).cycleId;
  }
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
