// Jobs that run or wait, as the core tells them; the status bar, the rail and any view that started one read it here.
import { SvelteMap } from 'svelte/reactivity';
import type { Job } from '../../src-shared/domain/job.ts';
import { client, connection } from '../rpc/client.svelte.ts';

class JobsManager {
  readonly #jobs = new SvelteMap<string, Job>();

  constructor() {
    client.on('job', (job) => this.#jobs.set(job.id, job));
    connection.onReturn(() => void this.load());
  }

  /** Newest first; those that ended since the window opened included. */
  get all(): Job[] {
    return [...this.#jobs.values()].sort((a, b) => b.createdAt - a.createdAt);
  }
  get active(): Job[] {
    return this.all.filter(({ state }) => state === 'running' || state === 'queued');
  }
  /** When the next running job ends, if any can tell. */
  get nextEndsAt(): number | null {
    const left = this.active.flatMap(({ etaMs }) => (etaMs === null ? [] : [etaMs]));
    return left.length > 0 ? Date.now() + Math.min(...left) : null;
  }

  byId(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  async load(): Promise<void> {
    const { jobs } = await client.call('jobs.list', { states: ['running', 'queued'], limit: 100 });
    for (const job of jobs) this.#jobs.set(job.id, job);
  }

  async cancel(id: string): Promise<void> {
    this.#jobs.set(id, await client.call('jobs.cancel', { id }));
  }

  async retry(id: string): Promise<void> {
    this.#jobs.set(id, await client.call('jobs.retry', { id }));
  }

  /** Resolves with the job once it has ended, whatever the end; for flows that go on afterwards. */
  async ended(id: string): Promise<Job> {
    const known = this.#jobs.get(id) ?? (await client.call('jobs.get', { id }));
    if (hasEnded(known)) return known;
    return new Promise((resolve) => {
      const stops = [
        client.on('job', (job) => job.id === id && hasEnded(job) && finish(job)),
        // The event may have been missed while the connection was away.
        connection.onReturn(() => void client.call('jobs.get', { id }).then((job) => hasEnded(job) && finish(job))),
      ];
      const finish = (job: Job): void => {
        stops.forEach((stop) => stop());
        resolve(job);
      };
    });
  }
}

export function hasEnded({ state }: Job): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export const jobs = new JobsManager();
