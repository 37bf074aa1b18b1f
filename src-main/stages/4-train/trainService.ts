import { join } from 'node:path';
import { evaluation, type Evaluation } from '../../../src-shared/domain/evaluation.ts';
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Forecast } from '../../../src-shared/domain/history.ts';
import type { Job } from '../../../src-shared/domain/job.ts';
import type { QuantizationKind, QuantizationReport } from '../../../src-shared/domain/modelVariant.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import {
  reference,
  type Candidate,
  type CurvePoint,
  type MetricName,
  type Reference,
  type Run,
  type TrainRequest,
} from '../../../src-shared/domain/training.ts';
import { targetColumns, taskOfTarget } from '../../../src-shared/domain/target.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobEngine, JobKind } from '../../platform/jobs.ts';
import type { StartWorker } from '../../platform/processHost.ts';
import type { Ids } from '../../platform/random.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { checkSeriesKey, checkSpec } from '../3-features/api.ts';
import { ModelWork } from './modelWork.ts';
import { datasetFile, labelRows, type LabelReader, type TrainData } from './sources.ts';
import { TrainStore, type StoredCandidate } from './store.ts';
import { TrainJob, trainDefaults, type Proposed, type TrainJobResult } from './trainJob.ts';
import type { Comparison, Judgement, TrainedOn } from './worker/models/compareModels.ts';
import { evaluationFormat } from './worker/models/evaluationFormat.ts';
import type { ModelOnRows } from './worker/models/testRows.ts';
import type { FinishedCandidate } from './worker/order.ts';
import type { Scores } from './worker/models/scoreRows.ts';

export interface TrainDependencies {
  db: WritableDb;
  blobs: BlobStore;
  jobs: JobEngine;
  audit: AuditWriter;
  clock: Clock;
  ids: Ids;
  emit: Emit;
  startWorker: StartWorker;
  /** Of the workspace; checkpoints go into `training/` there. */
  folder: string;
  data: TrainData;
  labels: LabelReader;
  /** Proposes a spec where the request has none. */
  features: { propose(params: Parsed<'features.propose'>): Promise<Proposed> };
  /** Registering and comparing stand above training; what this gives is part of the job's result. Done again when the job is. */
  afterRun?: (run: Run, caller: Caller) => Promise<object>;
}

/** A stored model and the run that it came from. */
export interface ModelOfRun {
  sha256: string;
  runId: string;
}

/** Runs, their candidates, and what finished models say. */
export class TrainService {
  readonly #with: TrainDependencies;
  readonly #store: TrainStore;
  readonly #work: ModelWork;
  readonly #curves = new Map<string, CurvePoint[]>();
  readonly #running = new Map<string, TrainJob>();
  /** By model: two windows that ask at once wait for one. */
  readonly #evaluating = new Map<string, Promise<Evaluation>>();
  /** By candidate and run: it does not change once the run has its rows. */
  readonly #judged = new Map<string, Promise<Judgement>>();

  constructor(dependencies: TrainDependencies) {
    this.#with = dependencies;
    this.#store = new TrainStore(dependencies.db);
    this.#work = new ModelWork(dependencies);
    dependencies.jobs.register(this.#trainKind());
    dependencies.jobs.register(this.#predictKind());
  }

  /** Queues a run. Errors: MK_NOT_FOUND, MK_TRAIN_LABELS_OTHER_DATA, MK_FEATURES_COLUMN_MISSING, MK_TRAIN_TIME_COLUMN, those of `checkSpec`;
   *  what only the rows show fails the job. */
  async start(request: TrainRequest, caller: Caller): Promise<Result<'train.start'>> {
    const { db, jobs, audit, clock, ids, emit, data, labels } = this.#with;
    const version = data.version(request.dataset);
    const { target, holdout } = request;
    for (const name of targetColumns(target)) requireColumn(version.columns, name);
    if (target.kind === 'ranking') requireColumn(version.columns, target.group);
    await labelRows(target, version, labels);
    if (request.distill && taskOfTarget(target) === 'multilabel') throw new ModelkeepError('MK_TRAIN_DISTILL_LABELS');
    if (request.spec) checkSpec({ ...request.spec, target }, version.columns);
    if (request.forecast) checkSeriesKey(request.forecast, version.columns);
    if (holdout?.kind === 'temporal') requireTimeColumn(version.columns, holdout.timeColumn);
    if (holdout?.kind === 'group') requireColumn(version.columns, holdout.groupColumn);
    if (request.weightColumn !== undefined) requireColumn(version.columns, request.weightColumn);
    const runId = ids.next('run');
    const at = clock.now();
    const settled = { ...request, ...(request.spec ? { spec: { ...request.spec, dataset: request.dataset, target } } : {}) };
    const job = transaction(db, (): Job => {
      const started = jobs.start('train', { runId, dataset: request.dataset.name }, caller);
      this.#store.insertRun(runId, started.id, settled, at, caller.actor);
      const run = this.#store.run(runId)!;
      audit.append({
        caller,
        action: 'train.start',
        subject: `run ${run.number}`,
        details: {
          runId,
          jobId: started.id,
          dataset: `${request.dataset.name}@${request.dataset.version}`,
          target: JSON.stringify(target),
        },
      });
      return started;
    });
    emit('changed', { area: 'train', name: runId, at });
    return { runId, jobId: job.id };
  }

  /** Newest first, without curves. */
  list({ dataset, limit = 100 }: { dataset?: string | undefined; limit?: number }): Result<'train.list'> {
    return this.#store.newest(dataset, limit).map((run) => {
      const best = run.bestCandidateId === null ? undefined : this.#store.candidate(run.bestCandidateId);
      return { ...this.#presentRun(run), best: best ? { ...best.candidate, curve: [] } : null };
    });
  }

  /** Error: MK_NOT_FOUND. */
  get({ runId }: Parsed<'train.get'>): Result<'train.get'> {
    const steering = this.#running.get(runId)?.steering ?? { paused: false, addedMs: 0, elapsedMs: null };
    return { ...this.run(runId), ...steering, candidates: this.#candidates(runId) };
  }

  /**
   * Pauses a running search, lets it go on, gives it more time, or has it finish with the best so far.
   * Errors: MK_NOT_FOUND, MK_TRAIN_NOT_RUNNING.
   */
  steer({ runId, ...wish }: Parsed<'train.steer'>, caller: Caller): Result<'train.steer'> {
    const { db, audit, emit, clock } = this.#with;
    const run = this.#require(runId);
    const job = this.#running.get(runId);
    if (!job) throw new ModelkeepError('MK_TRAIN_NOT_RUNNING', { run: run.number });
    const { paused, addedMs } = job.steer(wish);
    transaction(db, () => audit.append({ caller, action: 'train.steer', subject: `run ${run.number}`, details: { runId, ...wish } }));
    emit('changed', { area: 'train', name: runId, at: clock.now() });
    return { paused, addedMs };
  }

  /** Error: MK_NOT_FOUND. */
  run(id: string): Run {
    return this.#presentRun(this.#require(id));
  }

  /** Newest first. */
  runsOf(dataset: VersionRef): Run[] {
    return this.#store.runsOf(dataset).map((run) => this.#presentRun(run));
  }

  /** Errors: MK_NOT_FOUND, MK_TRAIN_NO_NETWORK for the baseline and for a candidate that has no model yet. */
  async graph({ candidateId }: Parsed<'train.graph'>): Promise<Result<'train.graph'>> {
    const { candidate } = this.#requireCandidate(candidateId);
    if (candidate.learner !== 'mlp' || candidate.sha256 === null) throw new ModelkeepError('MK_TRAIN_NO_NETWORK');
    return this.#work.explain(candidate.sha256, candidate.settings);
  }

  /**
   * What the test rows say about a candidate's model; worked out when first asked for, then kept.
   * Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL.
   */
  async evaluation({ candidateId }: Parsed<'train.evaluation'>): Promise<Result<'train.evaluation'>> {
    const { blobs, db } = this.#with;
    const { order, sha256 } = await this.#onRows(candidateId);
    const kept = this.#store.evaluationOf(candidateId, sha256, evaluationFormat);
    if (kept !== null) return evaluation.parse(JSON.parse((await blobs.read(kept)).toString()));
    const pending = this.#evaluating.get(sha256) ?? this.#work.evaluate(order).finally(() => this.#evaluating.delete(sha256));
    this.#evaluating.set(sha256, pending);
    const made = await pending;
    const blob = await blobs.put(Buffer.from(JSON.stringify(made)));
    transaction(db, () => this.#store.keepEvaluation(candidateId, sha256, evaluationFormat, blob.sha256));
    return made;
  }

  /** Where to cut the probability of a class, given what each outcome costs. Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL, MK_EXPLAIN_CLASS. */
  async threshold({ candidateId, ...asked }: Parsed<'train.threshold'>): Promise<Result<'train.threshold'>> {
    return this.#work.threshold({ ...(await this.#onRows(candidateId)).order, ...asked });
  }

  /** Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL, MK_EXPLAIN_ROW, MK_EXPLAIN_CELL, MK_EXPLAIN_COLUMN, MK_EXPLAIN_CLASS. */
  async explainRow({ candidateId, ...asked }: Parsed<'train.explainRow'>): Promise<Result<'train.explainRow'>> {
    const { order } = await this.#onRows(candidateId);
    const trees = this.#store.treesOf(candidateId);
    if (trees !== null) await this.#with.blobs.verify(trees);
    return this.#work.explainRow({ ...order, ...asked, treesFile: trees && this.#with.blobs.path(trees) });
  }

  /** Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL, MK_EXPLAIN_COLUMN, MK_EXPLAIN_CLASS. */
  async effect({ candidateId, ...asked }: Parsed<'train.effect'>): Promise<Result<'train.effect'>> {
    return this.#work.explainColumn({ ...(await this.#onRows(candidateId)).order, ...asked });
  }

  /** Errors: those of `explainRow`. */
  async counterfactual({ candidateId, limits, wanted, ...asked }: Parsed<'train.counterfactual'>): Promise<Result<'train.counterfactual'>> {
    const { order } = await this.#onRows(candidateId);
    return this.#work.counterfactual({ ...order, ...asked, limits: limits ?? null, wanted: wanted ?? { min: null, max: null } });
  }

  /** With its run and the others of that run. Error: MK_NOT_FOUND. */
  candidate(candidateId: string): { candidate: Candidate; run: Run; all: Candidate[] } {
    const { candidate } = this.#requireCandidate(candidateId);
    return { candidate, run: this.run(candidate.runId), all: this.#candidates(candidate.runId) };
  }

  /** What the training rows looked like; null before the candidate is finished. */
  async reference(candidateId: string): Promise<Reference | null> {
    const { referenceSha256 } = this.#requireCandidate(candidateId);
    if (referenceSha256 === null) return null;
    return reference.parse(JSON.parse((await this.#with.blobs.read(referenceSha256)).toString()));
  }

  /** Blob of {@link reference}, for those who hand the file on. */
  referenceBlob(candidateId: string): string | null {
    return this.#requireCandidate(candidateId).referenceSha256;
  }

  importance(candidateId: string): FinishedCandidate['importance'] {
    return this.#requireCandidate(candidateId).importance;
  }

  /** Answers of a stored model to rows of a dataset version, in the order of the version. Errors: MK_NOT_FOUND, MK_MODEL_UNREADABLE, MK_PREDICT_COLUMN_MISSING. */
  score(sha256: string, dataset: VersionRef, rows: Int32Array | null = null, signal?: AbortSignal): Promise<Scores> {
    return this.#work.score(sha256, this.#with.data.version(dataset), rows, signal ? { signal } : {});
  }

  /**
   * Two models on the same rows, paired. `rows` (of b's dataset version) default to test rows that neither was trained on, as far
   * as there are any; `note` says which. Errors: MK_NOT_FOUND, MK_COMPARE_TASKS, MK_TRAIN_TOO_FEW_ROWS.
   */
  async compare(a: ModelOfRun, b: ModelOfRun, rows: Int32Array | null = null, signal?: AbortSignal): Promise<Comparison> {
    const { blobs } = this.#with;
    const side = async ({ sha256, runId }: ModelOfRun): Promise<{ modelFile: string; trainedOn: TrainedOn }> => {
      await blobs.verify(sha256);
      return { modelFile: blobs.path(sha256), trainedOn: await this.#trainedOn(runId) };
    };
    const order = { a: await side(a), b: await side(b), rows, also: this.#primaryOf(b.runId), seed: 1 };
    return this.#work.compare(order, signal ? { signal } : {});
  }

  /**
   * A stored model in 8-bit integers as a blob, and what that changes on the test rows of its run. `sample`: see `QuantizeOrder`.
   * Errors: MK_NOT_FOUND, MK_REGISTRY_NOTHING_TO_QUANTIZE, MK_REGISTRY_SAMPLE_EMPTY, MK_COMPILER_RANGE_NOT_FINITE, MK_PREDICT_FILE,
   * MK_PREDICT_COLUMN_MISSING, MK_PREDICT_CELL.
   */
  async quantize(
    { sha256, runId }: ModelOfRun,
    asked: { kind: QuantizationKind; sample: string | null },
  ): Promise<QuantizationReport & { sha256: string }> {
    const { blobs } = this.#with;
    await blobs.verify(sha256);
    const trainedOn = await this.#trainedOn(runId);
    const order = { modelFile: blobs.path(sha256), sha256, trainedOn, also: this.#primaryOf(runId), seed: 1, ...asked };
    const { bytes, ...report } = await this.#work.quantize(order);
    return { ...report, sha256: (await blobs.put(bytes)).sha256 };
  }

  /** Two finished candidates, of one run or of two, on the same rows. Errors: those of `compare`, MK_TRAIN_NO_MODEL. */
  async compareCandidates({ a, b }: Parsed<'train.compare'>): Promise<Result<'train.compare'>> {
    return this.compare(this.#modelOf(a), this.#modelOf(b));
  }

  /**
   * A finished candidate of another run on the test rows of this one, also while this one goes on; worked out once.
   * Errors: MK_NOT_FOUND (also before the run has its rows), MK_TRAIN_NO_MODEL, MK_COMPARE_TASKS, MK_PREDICT_COLUMN_MISSING.
   */
  async judge({ candidateId, runId }: Parsed<'train.judge'>): Promise<Result<'train.judge'>> {
    const key = `${candidateId} ${runId}`;
    const known = this.#judged.get(key);
    if (known) return known;
    const judged = this.#judge(this.#modelOf(candidateId), runId);
    this.#judged.set(key, judged);
    return judged.catch((error: unknown) => {
      this.#judged.delete(key);
      throw error;
    });
  }

  async #judge({ sha256, runId: from }: ModelOfRun, runId: string): Promise<Judgement> {
    const { blobs } = this.#with;
    const on = await this.#trainedOn(runId);
    await blobs.verify(sha256);
    const model = { modelFile: blobs.path(sha256), trainedOn: await this.#trainedOn(from) };
    return this.#work.judge({ model, on, also: this.#primaryOf(runId), seed: 1 });
  }

  #primaryOf(runId: string): MetricName[] {
    const { primaryMetric } = this.#require(runId);
    return primaryMetric === null ? [] : [primaryMetric];
  }

  /** Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL. */
  #modelOf(candidateId: string): ModelOfRun {
    const { sha256, runId } = this.#requireCandidate(candidateId).candidate;
    if (sha256 === null) throw new ModelkeepError('MK_TRAIN_NO_MODEL');
    return { sha256, runId };
  }

  /** Starts a job that writes the answers of a stored model to the rows of a file. `subject` is for people: `churn v3`. */
  startPredict(params: PredictParams, caller: Caller): Result<'registry.predict'> {
    const { db, jobs, audit } = this.#with;
    const job = transaction(db, (): Job => {
      const started = jobs.start('predict', params, caller);
      audit.append({
        caller,
        action: 'registry.predict',
        subject: `model ${params.subject}`,
        details: { jobId: started.id, sha256: params.sha256 },
      });
      return started;
    });
    return { jobId: job.id };
  }

  #trainKind(): JobKind<{ runId: string; dataset: string }, TrainJobResult & object> {
    return {
      kind: 'train',
      subject: ({ dataset }) => `dataset ${dataset}`,
      memoryMb: 1536,
      resumable: true,
      run: async (context) => {
        const { db, blobs, audit, clock, ids, emit, startWorker, data, labels, folder, features, afterRun } = this.#with;
        const propose = ({ request: { dataset, target, spec, forecast = forecastOf(spec) } }: Run): Promise<Proposed> =>
          features.propose({ dataset, target, ...(forecast === undefined ? {} : { forecast }) });
        const shared = { db, blobs, audit, clock, ids, emit, startWorker, data, labels, store: this.#store, curves: this.#curves };
        const known = this.#require(context.params.runId);
        // Trained before a kill, or before what comes after failed: only that is done again.
        const trained =
          known.state === 'done' && known.bestCandidateId !== null ? { runId: known.id, bestCandidateId: known.bestCandidateId } : null;
        const result =
          trained ??
          (await this.#execute(new TrainJob({ ...shared, propose, folder: join(folder, 'training') }, known, context), known.id));
        return { ...result, ...(await afterRun?.(this.run(result.runId), context.caller)) };
      },
    };
  }

  async #execute(job: TrainJob, runId: string): Promise<TrainJobResult> {
    this.#running.set(runId, job);
    return job.execute().finally(() => this.#running.delete(runId));
  }

  #predictKind(): JobKind<PredictParams, { rows: number; file: string; withoutHistory?: number }> {
    return {
      kind: 'predict',
      subject: ({ subject }) => `model ${subject}`,
      memoryMb: 512,
      resumable: true,
      run: ({ params: { sha256, input, output, history }, ...context }) =>
        this.#work.predict(sha256, input, output, history ? this.#with.data.version(history) : null, context),
    };
  }

  /** Errors: MK_NOT_FOUND, MK_TRAIN_NO_MODEL. */
  async #onRows(candidateId: string): Promise<{ order: ModelOnRows; sha256: string }> {
    const { blobs } = this.#with;
    const { sha256, runId } = this.#requireCandidate(candidateId).candidate;
    if (sha256 === null) throw new ModelkeepError('MK_TRAIN_NO_MODEL');
    await blobs.verify(sha256);
    return { sha256, order: { modelFile: blobs.path(sha256), trainedOn: await this.#trainedOn(runId), seed: 1 } };
  }

  async #trainedOn(runId: string): Promise<TrainedOn> {
    const { data, blobs, labels } = this.#with;
    const { request, spec } = this.#require(runId);
    if (!spec) throw new ModelkeepError('MK_NOT_FOUND', { what: 'feature spec of run', name: runId });
    const version = data.version(request.dataset);
    return {
      dataset: await datasetFile(version, blobs),
      datasetKey: version.sha256,
      labels: await labelRows(request.target, version, labels),
      spec,
      holdout: request.holdout ?? trainDefaults.holdout,
      seed: request.seed ?? trainDefaults.seed,
    };
  }

  /** A run whose job ended without it (cancelled in the queue, given up after kills) has ended too. */
  #presentRun(run: Run): Run {
    if (run.finishedAt !== null) return run;
    const job = this.#job(run.jobId);
    if (!job || (job.state !== 'failed' && job.state !== 'cancelled')) return run;
    return { ...run, state: job.state, finishedAt: job.finishedAt };
  }

  #job(id: string): Job | null {
    try {
      return this.#with.jobs.get(id);
    } catch (error) {
      if (isModelkeepError(error)) return null;
      throw error;
    }
  }

  #candidates(runId: string): Candidate[] {
    return this.#store.candidates(runId).map(({ candidate }) => {
      const live = this.#curves.get(candidate.id);
      return live && candidate.curve.length === 0 ? { ...candidate, curve: live } : candidate;
    });
  }

  #require(runId: string): Run {
    const run = this.#store.run(runId);
    if (!run) throw new ModelkeepError('MK_NOT_FOUND', { what: 'run', name: runId });
    return run;
  }

  #requireCandidate(id: string): StoredCandidate {
    const candidate = this.#store.candidate(id);
    if (!candidate) throw new ModelkeepError('MK_NOT_FOUND', { what: 'candidate', name: id });
    return candidate;
  }
}

export interface PredictParams {
  sha256: string;
  /** For people: name and version of the model. */
  subject: string;
  /** Absolute paths. */
  input: string;
  output: string;
  /** Earlier rows, for a model that looks at them; the newest version unless one is named. */
  history?: VersionRef;
}

/** A spec that was given says itself whether the rows are forecast; without one they are looked at. */
function forecastOf(spec: FeatureSpec | undefined): Forecast | null | undefined {
  if (!spec) return undefined;
  if (!spec.history) return null;
  const { timeColumn, entityColumns, horizon } = spec.history;
  return { timeColumn, entityColumns, horizon };
}

function requireColumn(columns: readonly { name: string }[], name: string): void {
  if (!columns.some((column) => column.name === name)) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: name });
}

function requireTimeColumn(columns: readonly { name: string; type: string }[], name: string): void {
  requireColumn(columns, name);
  const type = columns.find((column) => column.name === name)!.type;
  if (!['date', 'timestamp', 'integer', 'number'].includes(type)) throw new ModelkeepError('MK_TRAIN_TIME_COLUMN', { column: name, type });
}
