// The services of this stage over a fresh workspace, for tests that train: what a person asks for, up to the end of the job.
import { expect } from 'vitest';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { FeatureService } from '../3-features/api.ts';
import { ModelWork, TrainService, type LabelReader } from './api.ts';
import { TestData } from './testData.ts';

export type TestRun = Result<'train.get'>;
type Labels = Awaited<ReturnType<LabelReader['labelsOf']>>;

export class TestTraining implements AsyncDisposable {
  readonly bench: TestBench;
  readonly data: TestData;
  readonly train: TrainService;
  readonly features: FeatureService;
  /** Frozen label sets by name. */
  readonly labelSets = new Map<string, Labels>();

  static async open(): Promise<TestTraining> {
    const bench = await openTestBench();
    return new TestTraining(bench, new TestData(bench));
  }

  private constructor(bench: TestBench, data: TestData) {
    this.bench = bench;
    this.data = data;
    ({ train: this.train, features: this.features } = this.services(bench));
  }

  /** The same services over another job engine, as after a new start. */
  services({ jobs }: Pick<TestBench, 'jobs'>): { train: TrainService; features: FeatureService } {
    const { db, blobs, audit, clock, ids, emit, startWorker, folder } = this.bench;
    const data = this.data.service;
    const labels: LabelReader = {
      labelsOf: (name) => {
        const found = this.labelSets.get(name);
        return found ? Promise.resolve(found) : Promise.reject(new Error(`There are no labels “${name}”.`));
      },
    };
    const features = new FeatureService({ db, audit, clock, emit, data, inspector: new ModelWork({ blobs, startWorker, labels }) });
    return {
      features,
      train: new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data, labels, features }),
    };
  }

  /**
   * The finished run. Without a `search` each learner gets what it is best known for, and nothing beyond: the same candidates however
   * fast the machine is.
   */
  async finish(request: TrainRequest): Promise<TestRun> {
    const { runId, jobId } = await this.train.start({ search: { method: 'portfolio' }, ...request }, this.bench.caller);
    const job = await this.bench.jobs.wait(jobId);
    if (job.state !== 'done') throw Object.assign(new Error(`job ${job.state}: ${JSON.stringify(job.error)}`), { job: job.error });
    return this.train.get({ runId });
  }

  /** What a run fails with. */
  async failure(request: TrainRequest): Promise<{ code: string; params: object } | null> {
    const { jobId, runId } = await this.train.start(request, this.bench.caller);
    const job = await this.bench.jobs.wait(jobId);
    expect(job.state).toBe('failed');
    expect(this.train.run(runId)).toMatchObject({ state: 'failed' });
    return job.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

export function best(run: TestRun): TestRun['candidates'][number] {
  return run.candidates.find((each) => each.id === run.bestCandidateId)!;
}
