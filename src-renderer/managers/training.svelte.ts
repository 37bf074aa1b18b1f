// Training runs: the list, one run while it goes on and afterwards, and its registration.
import { SvelteMap } from 'svelte/reactivity';
import type { Candidate, CurvePoint } from '../../src-shared/domain/training.ts';
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { jobs } from './jobs.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import { coalesce } from './reload.ts';

export type RunEntry = Result<'train.list'>[number];
export type RunDetail = Result<'train.get'>;

export class RunsManager {
  readonly list: Loaded<RunEntry[]>;
  constructor(dataset?: string) {
    this.list = new Loaded(() => client.call('train.list', { limit: 500, ...(dataset === undefined ? {} : { dataset }) }));
  }
  readonly load = (): Promise<void> => this.list.reload();

  start(params: Params<'train.start'>): Promise<Result<'train.start'>> {
    return client.call('train.start', params);
  }
}

export class RunManager {
  readonly #runId: string;
  readonly run: Loaded<RunDetail>;
  /** What came of the run: versions and endpoints. */
  readonly lineage: Loaded<Result<'registry.lineage'>>;
  /** Points that arrived since the run was read, by candidate. */
  readonly #live = new SvelteMap<string, readonly CurvePoint[]>();

  constructor(runId: string) {
    this.#runId = runId;
    this.run = new Loaded(() => client.call('train.get', { runId }));
    this.lineage = new Loaded(() => client.call('registry.lineage', { kind: 'run', name: runId, version: null }));
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.run.reload(), this.lineage.reload()]);
    // The core now knows these points, too.
    for (const { id, curve } of this.run.value?.candidates ?? []) {
      const last = curve.at(-1)?.step ?? -1;
      const live = this.#live.get(id);
      if (live) this.#live.set(id, live.filter(({ step }) => step > last)); // prettier-ignore
    }
  };

  /** Follows the run: points as they come, candidates as they change. Returns the way to stop. */
  follow(): () => void {
    const reload = coalesce(this.load, 400);
    return client.on('training', ({ runId, candidateId, point }) => {
      if (runId !== this.#runId) return;
      if (point) this.#live.set(candidateId, [...(this.#live.get(candidateId) ?? []), point]);
      if (!point || !this.run.value?.candidates.some(({ id }) => id === candidateId)) reload();
    });
  }

  curve(candidate: Candidate): readonly CurvePoint[] {
    const live = this.#live.get(candidate.id);
    return live && live.length > 0 ? [...candidate.curve, ...live] : candidate.curve;
  }

  /** Waits, goes on, takes more time, or finishes with the best so far. Only while the search goes on. */
  async steer(wish: Omit<Params<'train.steer'>, 'runId'>): Promise<void> {
    await client.call('train.steer', { runId: this.#runId, ...wish });
    await this.load();
  }

  /** Of a run that has not begun: nothing of it is kept. */
  async cancel(): Promise<void> {
    const jobId = this.run.value?.jobId;
    if (jobId) await jobs.cancel(jobId);
    await this.load();
  }

  /** Registered models, for the hint which version a name would get; empty when they cannot be read. */
  async models(): Promise<Result<'registry.list'>> {
    return client.call('registry.list', {}).catch(() => []);
  }

  register(params: Params<'registry.register'>): Promise<Result<'registry.register'>> {
    return client.call('registry.register', params);
  }
}
