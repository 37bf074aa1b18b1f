// The bundled samples, and one run of the whole way with its steps as they happen.
import { SvelteMap } from 'svelte/reactivity';
import { demoResult } from '../../src-shared/rpc/samples.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import type { Job } from '../../src-shared/domain/job.ts';
import { client } from '../rpc/client.svelte.ts';
import { mergeSteps, type DemoStep } from './demoSteps.ts';
import { JobManager } from './job.svelte.ts';
import { hasEnded, jobs } from './jobs.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type SampleEntry = Result<'samples.list'>[number];

/** Steps of every sample run since the window opened: the first ones are over before their page is there, and a page that is left
 *  and opened again must not have forgotten them. */
const heard = new SvelteMap<string, readonly DemoStep[]>();
client.on('demo', ({ jobId, step, state, params }) => {
  heard.set(jobId, mergeSteps(heard.get(jobId) ?? [], { step, state, params }, Date.now()));
});

export class SamplesManager {
  readonly list = new Loaded<SampleEntry[]>(() => client.call('samples.list', {}));
  readonly load = (): Promise<void> => this.list.reload();

  /** Starts the whole way; returns the job. */
  async run(id: string): Promise<string> {
    return (await client.call('samples.run', { id })).jobId;
  }
  async importOnly(id: string): Promise<string> {
    return (await client.call('samples.import', { id })).jobId;
  }
}

export class DemoManager {
  readonly #jobId: string;
  readonly #job: JobManager;

  constructor(jobId: string) {
    this.#jobId = jobId;
    this.#job = new JobManager(jobId);
  }

  /** The job as told last. */
  get current(): Job | null {
    return this.#job.job;
  }
  get steps(): readonly DemoStep[] {
    const result = this.result;
    return result
      ? result.steps.map(({ step, tookMs, params }): DemoStep => ({ step, state: 'done', params, startedAt: null, tookMs }))
      : (heard.get(this.#jobId) ?? []);
  }
  get result() {
    const job = this.current;
    const parsed = job?.state === 'done' ? demoResult.safeParse(job.result) : null;
    return parsed?.success ? parsed.data : null;
  }
  get hasEnded(): boolean {
    return this.current !== null && hasEnded(this.current);
  }

  /** Why the job could not be read. */
  get error(): unknown {
    return this.#job.error;
  }
  readonly load = (): Promise<void> => this.#job.load();

  /** Follows the job; returns the way to stop. The steps are heard anyway. */
  follow(): () => void {
    return this.#job.follow();
  }

  async cancel(): Promise<void> {
    await jobs.cancel(this.#jobId);
  }
}
