// The core's side of one run: starts the worker, writes down what it tells, takes its models in.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Problem } from '../../../src-shared/domain/problem.ts';
import {
  searchLearners,
  type Candidate,
  type CurvePoint,
  type FoldPlan,
  type Holdout,
  type Run,
  type SearchPlan,
} from '../../../src-shared/domain/training.ts';
import { isModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { Blob, BlobStore } from '../../platform/blobStore.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobContext } from '../../platform/jobs.ts';
import type { StartWorker, Worker } from '../../platform/processHost.ts';
import type { Ids } from '../../platform/random.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { specHash } from '../3-features/api.ts';
import { squared } from './objective.ts';
import { problemFindings } from './problemFindings.ts';
import { targetName } from '../../../src-shared/domain/target.ts';
import { datasetFile, labelRows, type LabelReader, type TrainData } from './sources.ts';
import type { TrainStore } from './store.ts';
import type { RunWishes } from './worker/run/trainRun.ts';
import type { CandidateAdded, CandidateNews, FinishedCandidate, PointNews, Prepared, TrainOrder, TrainResult } from './worker/order.ts';

export interface TrainJobDependencies {
  db: WritableDb;
  store: TrainStore;
  blobs: BlobStore;
  audit: AuditWriter;
  clock: Clock;
  ids: Ids;
  emit: Emit;
  startWorker: StartWorker;
  data: TrainData;
  labels: LabelReader;
  propose(run: Run): Promise<Proposed>;
  /** Holds one folder a run while it trains. */
  folder: string;
  /** Curves of candidates that are being trained, for windows that open meanwhile. */
  curves: Map<string, CurvePoint[]>;
}

export const trainDefaults = {
  holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 } satisfies Holdout as Holdout,
  /** All that there are; those that do not support the task stay out. */
  learners: searchLearners,
  search: { method: 'tpe' } satisfies SearchPlan as SearchPlan,
  interval: { level: 0.9 },
  timeBudgetMs: 60_000,
  seed: 1,
};

/** A spec, and what kind of problem it is where that was looked into. */
export interface Proposed {
  spec: FeatureSpec;
  problem?: Problem;
}

const memoryLimitMb = 4096;
/** A worker that was asked to stop finishes the models that it has; longer than this and it is ended. */
const finishWithinMs = 30_000;
/** A worker that dies is replaced and goes on from the checkpoint, this many times. */
const mostRestarts = 3;

export interface TrainJobResult {
  runId: string;
  bestCandidateId: string;
}

export class TrainJob {
  readonly #with: TrainJobDependencies;
  readonly #run: Run;
  readonly #context: JobContext<{ runId: string }>;
  readonly #folder: string;
  readonly #startedMs: number;
  readonly #wishes: RunWishes = { stop: false, pause: false, addedMs: 0 };
  #worker: Worker | null = null;
  /** Started while the order is being written. */
  #early: Worker | null = null;
  #pausedAt: number | null = null;
  #pausedMs = 0;

  constructor(dependencies: TrainJobDependencies, run: Run, context: JobContext<{ runId: string }>) {
    this.#with = dependencies;
    this.#run = run;
    this.#context = context;
    this.#folder = join(dependencies.folder, run.id);
    this.#startedMs = dependencies.clock.now();
  }

  async execute(): Promise<TrainJobResult> {
    const { signal } = this.#context;
    try {
      if (this.#context.attempt === 1) await this.#startOver();
      this.#early = this.#startWorker();
      const order = await this.#order();
      const outcome = await this.#train(order);
      const bestCandidateId = await this.#take(outcome);
      await rm(this.#folder, { recursive: true, force: true });
      if (signal.aborted) throw signal.reason;
      return { runId: this.#run.id, bestCandidateId };
    } catch (error) {
      await this.#fail(error);
      throw error;
    } finally {
      this.#early?.kill();
    }
  }

  async #startOver(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    transaction(this.#with.db, () => this.#with.store.reset(this.#run.id));
  }

  async #order(): Promise<TrainOrder> {
    const { db, store, blobs, data, labels } = this.#with;
    const { request } = this.#run;
    const version = data.version(request.dataset);
    const proposed = await this.#propose();
    const spec = withoutWeight(this.#run.spec ?? request.spec ?? proposed!.spec, request.weightColumn);
    // Written down, so that whoever repeats the split later takes the same one.
    const { holdout, folds } = keepGroups(
      spec,
      withGap(spec, request.holdout ?? proposed?.problem?.holdout ?? trainDefaults.holdout),
      request.folds && withGap(spec, request.folds),
    );
    transaction(db, () => store.begin(this.#run.id, spec, specHash(spec), { ...request, holdout }));
    this.#changed();
    const outFolder = join(this.#folder, 'models');
    await mkdir(outFolder, { recursive: true });
    return {
      dataset: await datasetFile(version, blobs),
      labels: await labelRows(request.target, version, labels),
      spec,
      targetName: targetName(request.target),
      holdout,
      learners: request.learners ?? [...trainDefaults.learners],
      folds: folds ?? null,
      search: request.search ?? trainDefaults.search,
      metric: request.metric ?? null,
      objective: request.objective ?? squared,
      classWeights: request.classWeights ?? 'none',
      weightColumn: request.weightColumn ?? null,
      noticed: proposed?.problem ? problemFindings(proposed.problem, request) : [],
      ensemble: request.ensemble ?? true,
      interval: request.interval === undefined ? trainDefaults.interval : request.interval,
      distill: request.distill ?? false,
      timeBudgetMs: request.timeBudgetMs ?? trainDefaults.timeBudgetMs,
      beganAtMs: this.#startedMs,
      seed: request.seed ?? trainDefaults.seed,
      folder: join(this.#folder, 'checkpoint'),
      machineFolder: join(this.#with.folder, 'devices'),
      outFolder,
    };
  }

  /** Null where a person's spec can be fitted although nothing could be proposed. */
  async #propose(): Promise<Proposed | null> {
    try {
      return await this.#with.propose(this.#run);
    } catch (error) {
      if (!this.#run.request.spec || !isModelkeepError(error) || !error.code.startsWith('MK_FEATURES_')) throw error;
      return null;
    }
  }

  get steering(): { paused: boolean; addedMs: number; elapsedMs: number } {
    const now = this.#pausedAt ?? this.#with.clock.now();
    return { paused: this.#wishes.pause, addedMs: this.#wishes.addedMs, elapsedMs: now - this.#startedMs - this.#pausedMs };
  }

  /** Told to the worker, and to its successor if it dies. */
  steer({
    pause,
    addMs = 0,
    finish,
  }: {
    pause?: boolean | undefined;
    addMs?: number | undefined;
    finish?: boolean | undefined;
  }): TrainJob['steering'] {
    if (pause !== undefined) this.#wishes.pause = pause;
    if (finish === true) Object.assign(this.#wishes, { stop: true, pause: false });
    this.#notePause();
    this.#wishes.addedMs += addMs;
    void this.#worker?.request('wish', this.#wishes).catch(() => {});
    return this.steering;
  }

  /** What people did to the time of the run. */
  #steered(): Run['findings'] {
    this.#wishes.pause = false;
    this.#notePause();
    return [
      ...(this.#wishes.addedMs > 0 ? [{ code: 'timeAdded', params: { addedMs: this.#wishes.addedMs } }] : []),
      ...(this.#pausedMs > 0 ? [{ code: 'paused', params: { pausedMs: this.#pausedMs } }] : []),
    ];
  }

  #notePause(): void {
    const now = this.#with.clock.now();
    if (this.#wishes.pause) this.#pausedAt ??= now;
    else if (this.#pausedAt !== null) {
      this.#pausedMs += now - this.#pausedAt;
      this.#pausedAt = null;
    }
  }

  async #train(order: TrainOrder): Promise<TrainResult> {
    const { signal, progress } = this.#context;
    for (let restarts = 0; ; restarts++) {
      signal.throwIfAborted();
      // What a worker that died had used is in its checkpoint.
      const beganAtMs = restarts === 0 ? order.beganAtMs : this.#with.clock.now();
      const worker = this.#early?.alive ? this.#early : this.#startWorker();
      this.#early = null;
      this.#worker = worker;
      void worker.request('wish', this.#wishes).catch(() => {});
      const onAbort = (): void => this.#stop(worker);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await worker.request<TrainResult>('train', { ...order, beganAtMs }, { onProgress: progress });
      } catch (error) {
        if (!isModelkeepError(error) || error.code !== 'MK_WORKER_DIED' || signal.aborted || restarts >= mostRestarts) throw error;
      } finally {
        signal.removeEventListener('abort', onAbort);
        this.#worker = null;
        worker.kill();
      }
    }
  }

  #startWorker(): Worker {
    return this.#with.startWorker('trainWorker', { memoryLimitMb, onEvent: (event, data) => this.#hear(event, data) });
  }

  /** A person's cancel keeps the best so far; at the end of the program there is no time, and the checkpoint will do. */
  #stop(worker: Worker): void {
    const reason: unknown = this.#context.signal.reason;
    if (!isModelkeepError(reason) || reason.code !== 'MK_JOB_CANCELLED') return worker.kill();
    void worker.request('wish', { stop: true }).catch(() => {});
    setTimeout(() => worker.kill(), finishWithinMs).unref();
  }

  #hear(event: string, data: unknown): void {
    if (event === 'prepared') this.#prepared(data as Prepared);
    else if (event === 'added') this.#added(data as CandidateAdded);
    else if (event === 'candidate') this.#candidate(data as CandidateNews);
    else if (event === 'point') this.#point(data as PointNews);
  }

  #prepared({ rows, signature, primaryMetric, findings }: Prepared): void {
    const { db, store } = this.#with;
    transaction(db, () => store.prepared(this.#run.id, { rows, signature, primaryMetric, findings }));
    this.#changed();
  }

  #added({ at, learner, settings, progress }: CandidateAdded): void {
    const { db, store, ids } = this.#with;
    const runId = this.#run.id;
    // After a kill, and when tried again, the same candidates are proposed, and they have their names.
    if (store.candidates(runId).length > at) return;
    transaction(db, () => store.insertCandidate({ id: ids.next('cand'), runId, position: at, learner, settings, progress }));
    this.#changed();
  }

  #candidate({ at, ...news }: CandidateNews): void {
    const { db, store, emit, curves } = this.#with;
    const candidate = this.#at(at);
    transaction(db, () => store.updateCandidate(candidate.id, news));
    curves.delete(candidate.id);
    emit('training', { runId: this.#run.id, candidateId: candidate.id, point: null });
  }

  #point({ at, point }: PointNews): void {
    const { db, store, emit, curves } = this.#with;
    const { id, state } = this.#at(at);
    if (state === 'waiting') transaction(db, () => store.setCandidateState(id, 'training'));
    curves.set(id, [...(curves.get(id) ?? []), point]);
    emit('training', { runId: this.#run.id, candidateId: id, point });
  }

  #named(members: FinishedCandidate['members']): { candidateId: string; weight: number }[] {
    return members.map(({ at, weight }) => ({ candidateId: this.#at(at).id, weight }));
  }

  #at(position: number): Candidate {
    return this.#with.store.candidates(this.#run.id)[position]!.candidate;
  }

  /** Models first, then the rows that name them, in one transaction. Returns the best candidate. */
  async #take(outcome: TrainResult): Promise<string> {
    const { db, store, blobs, audit, clock } = this.#with;
    const stored = await Promise.all(
      outcome.candidates.map(async (each): Promise<FinishedCandidate & Blob & { referenceSha256: string; treesSha256: string | null }> => {
        const [model, reference, trees] = await Promise.all([
          blobs.adopt(each.modelFile),
          readFile(each.referenceFile).then((bytes) => blobs.put(bytes)),
          each.treesFile === null ? null : blobs.adopt(each.treesFile),
        ]);
        return { ...each, ...model, referenceSha256: reference.sha256, treesSha256: trees?.sha256 ?? null };
      }),
    );
    const bestId = this.#at(outcome.best).id;
    // Told to finish with what there is, a run is done; a finding says so.
    const state = this.#context.signal.aborted ? 'cancelled' : 'done';
    transaction(db, () => {
      for (const each of stored) store.finishCandidate(this.#at(each.at).id, { ...each, members: this.#named(each.members) });
      const findings = [...store.run(this.#run.id)!.findings, ...outcome.findings, ...this.#steered()];
      store.finish(this.#run.id, state, clock.now(), bestId, findings);
      const best = stored.find((each) => each.at === outcome.best)!;
      audit.append({
        caller: this.#context.caller,
        action: 'train.finish',
        subject: `run ${this.#run.number}`,
        details: { runId: this.#run.id, state, candidates: stored.length, bestCandidateId: bestId, sha256: best.sha256 },
      });
    });
    this.#changed();
    return bestId;
  }

  /** Nothing to write when the run is taken up again later, or when it has ended already. */
  async #fail(error: unknown): Promise<void> {
    const { db, store, clock, audit } = this.#with;
    const code = isModelkeepError(error) ? error.code : 'MK_INTERNAL';
    if (code === 'MK_JOB_INTERRUPTED' || !db.open || this.#context.signal.reason?.code === 'MK_JOB_INTERRUPTED') return;
    await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
    const run = store.run(this.#run.id)!;
    if (run.finishedAt !== null) return;
    const state = code === 'MK_JOB_CANCELLED' ? 'cancelled' : 'failed';
    transaction(db, () => {
      store.finish(run.id, state, clock.now(), null, run.findings);
      audit.append({
        caller: this.#context.caller,
        action: 'train.finish',
        subject: `run ${run.number}`,
        details: { runId: run.id, state, ...(state === 'failed' ? { code } : {}) },
      });
    });
    this.#changed();
  }

  #changed(): void {
    this.#with.emit('changed', { area: 'train', name: this.#run.id, at: this.#with.clock.now() });
  }
}

/** Of a forecast several steps ahead: the last moments before those that are forecast are not known when it is made. */
function withGap<Plan extends Holdout | FoldPlan>({ history }: FeatureSpec, plan: Plan): Plan {
  const isInTime = (plan.kind === 'temporal' || plan.kind === 'expanding') && plan.timeColumn === history?.timeColumn;
  if (!history || !isInTime || history.horizon === 1 || plan.gap !== undefined) return plan;
  return { ...plan, gap: history.horizon - 1 };
}

/** How much a row counts says nothing of the row. */
function withoutWeight(spec: FeatureSpec, weightColumn: string | undefined): FeatureSpec {
  if (weightColumn === undefined) return spec;
  const rules = spec.rules.map((rule): FeatureSpec['rules'][number] =>
    rule.column === weightColumn ? { column: weightColumn, kind: 'drop', reason: 'user' } : rule,
  );
  return { ...spec, rules };
}

/** Rows of a ranking are split by their groups wherever chance would split them. */
function keepGroups(
  { target }: FeatureSpec,
  holdout: Holdout,
  folds: FoldPlan | undefined,
): { holdout: Holdout; folds: FoldPlan | undefined } {
  if (target.kind !== 'ranking') return { holdout, folds };
  const groupColumn = target.group;
  return {
    holdout: holdout.kind === 'stratified' ? { ...holdout, kind: 'group', groupColumn } : holdout,
    folds: folds?.kind === 'stratified' ? { ...folds, kind: 'group', groupColumn } : folds,
  };
}
