// One job by its id, whether or not this window knew it before.
import { untrack } from 'svelte';
import type { Job } from '../../src-shared/domain/job.ts';
import { client, connection } from '../rpc/client.svelte.ts';
import { jobs } from './jobs.svelte.ts';

export class JobManager {
  readonly #id: string;
  #job = $state.raw<Job | null>(null);
  #error = $state.raw<unknown>(null);

  constructor(id: string) {
    this.#id = id;
    // Untracked: a page that makes this in a derived must not get a new one with every event of the job.
    this.#job = untrack(() => jobs.byId(id) ?? null);
  }

  /** As told last; null until the core answered. */
  get job(): Job | null {
    return this.#job;
  }
  get error(): unknown {
    return this.#error;
  }

  readonly load = async (): Promise<void> => {
    try {
      this.#job = await client.call('jobs.get', { id: this.#id });
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  };

  /** Reads the job now and follows it, also across a lost connection. Returns the way to stop: `$effect(() => manager.follow())`. */
  follow(): () => void {
    void this.load();
    const stops = [client.on('job', (job) => job.id === this.#id && (this.#job = job)), connection.onReturn(() => void this.load())];
    return () => stops.forEach((stop) => stop());
  }
}
