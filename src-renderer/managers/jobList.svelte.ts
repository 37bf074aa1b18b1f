// All jobs for the Jobs page: what the core lists, with what it told since.
import { SvelteMap } from 'svelte/reactivity';
import type { Job } from '../../src-shared/domain/job.ts';
import { client } from '../rpc/client.svelte.ts';
import { hasEnded } from './jobs.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import { coalesce } from './reload.ts';

export type EndedState = 'done' | 'failed' | 'cancelled';

/** The most that the core lists at once. */
export const listLimit = 500;

export class JobListManager {
  #shown = $state<EndedState | 'all'>('all');
  readonly active = new Loaded(() => client.call('jobs.list', { states: ['running', 'queued'], limit: listLimit }));
  readonly ended = new Loaded(() =>
    client.call('jobs.list', { states: this.#shown === 'all' ? ['done', 'failed', 'cancelled'] : [this.#shown], limit: listLimit }),
  );
  /** Told since the lists were asked for: later than what they say. */
  readonly #told = new SvelteMap<string, Job>();

  get shown(): EndedState | 'all' {
    return this.#shown;
  }
  /** Which ended jobs are listed; the core picks them, so that the newest 500 of a state are found behind any number of others. */
  show(state: EndedState | 'all'): void {
    this.#shown = state;
    void this.ended.reload();
  }

  /** Running first, then waiting, in the order in which they will run. */
  get activeJobs(): Job[] {
    const all = new Map([...(this.active.value?.jobs ?? []).map((job): [string, Job] => [job.id, job]), ...this.#told]);
    return [...all.values()]
      .filter((job) => !hasEnded(job))
      .sort(
        (a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.priority - a.priority || a.createdAt - b.createdAt,
      );
  }
  /** Newest end first. */
  get endedJobs(): Job[] {
    return (this.ended.value?.jobs ?? [])
      .filter(({ id }) => !this.#told.has(id) || hasEnded(this.#told.get(id) as Job))
      .sort((a, b) => (b.finishedAt ?? b.createdAt) - (a.finishedAt ?? a.createdAt));
  }
  /** The list of ended jobs is not the whole. */
  get isCut(): boolean {
    return (this.ended.value?.jobs.length ?? 0) >= listLimit;
  }

  byId(id: string): Job | null {
    return (
      this.#told.get(id) ?? [...(this.active.value?.jobs ?? []), ...(this.ended.value?.jobs ?? [])].find((job) => job.id === id) ?? null
    );
  }

  readonly load = async (): Promise<void> => {
    const before = new Map(this.#told);
    await Promise.all([this.active.reload(), this.ended.reload()]);
    if (this.active.error || this.ended.error) return;
    // The lists hold these now; what was told meanwhile stays.
    for (const [id, job] of before) if (this.#told.get(id) === job) this.#told.delete(id);
  };

  /** Follows every job, and reads the lists again when one came or ended. `$effect(() => manager.follow())`. */
  follow(): () => void {
    const ask = coalesce(this.load, 300);
    return client.on('job', (job) => {
      this.#told.set(job.id, job);
      if (job.state !== 'running') ask();
    });
  }
}
