// One cycle of self-learning across the stages: newest data → training as the champion was trained → the same rows → gates → verdict.
import type { VersionRef } from '../../src-shared/domain/names.ts';
import { labelsOfTruth } from '../../src-shared/domain/target.ts';
import type { Run, TrainRequest } from '../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { ModelVersion } from '../../src-shared/rpc/registry.ts';
import type { JobContext, JobEngine } from '../platform/jobs.ts';
import type { DataService } from '../stages/1-data/api.ts';
import type { LabelService } from '../stages/2-label/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import type { LabelledRow, ServeService } from '../stages/6-serve/api.ts';
import { judgeGates, verdictOf, type LearnDependencies, type LearnService, type StoredCycle } from '../stages/8-learn/api.ts';
import { waitForJob } from './waitForJob.ts';

export interface RetrainParts {
  data: Pick<DataService, 'newest' | 'version' | 'get' | 'appendRows'>;
  label: Pick<LabelService, 'get'>;
  train: Pick<TrainService, 'start' | 'run' | 'candidate'>;
  registry: Pick<RegistryService, 'version' | 'register' | 'compare'>;
  serve: Pick<ServeService, 'labelledRows'>;
  jobs: JobEngine;
  learn: () => Pick<LearnService, 'advance' | 'conclude'>;
}

/** What a second attempt needs not do again. */
interface Saved {
  dataset?: VersionRef;
  requestsAdded?: number;
  runId?: string;
  trainJobId?: string;
}

/** More labelled requests than this are not added; the newest are taken. */
const mostRequests = 100_000;

export function retrainWork(parts: RetrainParts): LearnDependencies['work'] {
  return async (cycle, context) => {
    const { train, registry, jobs } = parts;
    const learn = parts.learn();
    let saved = (context.checkpoint.load() ?? {}) as Saved;
    const keep = (more: Saved): void => {
      saved = { ...saved, ...more };
      context.checkpoint.save(saved);
    };
    learn.advance(cycle.id, { state: 'preparing', error: null, finishedAt: null });
    context.progress(0.02, { key: 'findingNewestData', params: { model: cycle.model } });
    const champion = registry.version(cycle.champion);
    const championRun = train.run(champion.runId);

    if (!saved.dataset) keep(await newestData(parts, cycle, champion, championRun, context));
    const dataset = saved.dataset!;
    learn.advance(cycle.id, { dataset, requestsAdded: saved.requestsAdded ?? 0 });

    if (!saved.runId) {
      const { runId, jobId } = await train.start(trainAs(championRun, cycle, dataset, parts), context.caller);
      keep({ runId, trainJobId: jobId });
    }
    learn.advance(cycle.id, { state: 'training', runId: saved.runId! });
    await waitForJob(jobs, saved.trainJobId!, context, { from: 0.1, to: 0.85 });

    const { bestCandidateId, number } = train.run(saved.runId!);
    if (bestCandidateId === null) throw new ModelkeepError('MK_NOT_FOUND', { what: 'candidate of run', name: `#${number}` });
    const description = `Challenger of cycle ${cycle.number}, trained on ${dataset.name}@${dataset.version}`;
    const challenger = await registry.register({ candidateId: bestCandidateId, name: cycle.model, description }, context.caller);
    learn.advance(cycle.id, { challenger: { name: cycle.model, version: challenger.version }, state: 'comparing' });
    context.progress(0.9, { key: 'comparingOnSameRows', params: { champion: champion.version, challenger: challenger.version } });

    const comparison = await registry.compare({ name: cycle.model, a: champion.version, b: challenger.version });
    context.signal.throwIfAborted();
    const ofCandidate = (id: string): { predictMs: number | null; parity: number | null } => train.candidate(id).candidate;
    const gates = judgeGates({
      comparison,
      champion: { signature: champion.signature, ...ofCandidate(champion.candidateId) },
      challenger: { signature: challenger.signature, ...ofCandidate(bestCandidateId) },
    });
    learn.conclude(cycle.id, { comparison, gates, state: verdictOf(gates) }, context.caller);
    context.progress(1);
  };
}

/**
 * The dataset version to learn from: the one asked for, or the newest that was imported; then, where the endpoint has stored requests whose
 * truth is known, a new version with those rows added. Versions made of requests are never the base, or rows would be added twice.
 */
async function newestData(
  parts: RetrainParts,
  cycle: StoredCycle,
  champion: ModelVersion,
  { request }: Run,
  context: JobContext<{ cycleId: string }>,
): Promise<Saved> {
  const { target } = request;
  // Labels belong to one version of the data, so it stays; newer labels are what is new.
  if (target.kind === 'labels') return { dataset: champion.dataset, requestsAdded: 0 };
  // The group of a row is no input of the model, so a request does not say it.
  const imported = parts.data.get({ name: champion.dataset.name }).versions.filter((one) => one.source.format !== 'requests');
  const newest = imported.reduce((best, one) => Math.max(best, one.version), 0);
  const base = cycle.request.dataset ?? { name: champion.dataset.name, version: newest || champion.dataset.version };
  if (!cycle.request.withRequests || cycle.endpoint === null || target.kind === 'ranking') return { dataset: base, requestsAdded: 0 };

  const labelled = await labelledRequests(parts.serve, cycle.endpoint, context.signal);
  if (labelled.length === 0) return { dataset: base, requestsAdded: 0 };
  const timeColumn = request.holdout?.kind === 'temporal' ? request.holdout.timeColumn : null;
  const rows = labelled.map(({ input, truth, at }) => ({
    ...(timeColumn === null ? {} : { [timeColumn]: new Date(at).toISOString() }),
    ...input,
    ...truthCells(target, truth),
  }));
  context.progress(0.05, { key: 'addingRequests', params: { requests: rows.length } });
  const { source } = parts.data.version(base);
  const added = await parts.data.appendRows(
    base,
    rows,
    { files: source.files, format: 'requests', options: source.options, rowsSetAside: 0 }, // the rows of those files, and more
    'learn.addRequests',
    context.caller,
    context.signal,
  );
  return { dataset: { name: base.name, version: added.version }, requestsAdded: rows.length - added.rowsSetAside };
}

/** What was told of a request, as cells of the target. Of several labels it is a JSON array of their names, or one name. */
function truthCells(target: Exclude<TrainRequest['target'], { kind: 'labels' | 'ranking' }>, truth: string): Record<string, unknown> {
  if (target.kind === 'column') return { [target.column]: truth };
  const labels = labelsOfTruth(truth);
  if (target.kind === 'flags') return Object.fromEntries(target.columns.map((name) => [name, Number(labels.includes(name))]));
  // Of separators alone: there is no label, which an empty cell would not say.
  return { [target.column]: labels.length > 0 ? labels.join(target.separator) : target.separator };
}

async function labelledRequests(serve: RetrainParts['serve'], endpoint: string, signal: AbortSignal): Promise<LabelledRow[]> {
  const rows: LabelledRow[] = [];
  for (let afterSeq: number | null = 0; afterSeq !== null;) {
    signal.throwIfAborted();
    const page: Awaited<ReturnType<RetrainParts['serve']['labelledRows']>> = await serve.labelledRows(endpoint, { afterSeq, limit: 2000 });
    rows.push(...page.rows);
    afterSeq = page.nextSeq;
  }
  return rows.slice(-mostRequests);
}

/** The champion's own request: same spec, same way of holding rows back, same learners and seed, unless the cycle asks otherwise. */
function trainAs({ request, spec }: Run, cycle: StoredCycle, dataset: VersionRef, { label }: RetrainParts): TrainRequest {
  const { registerAs: _registerAs, compareWith: _compareWith, ...as } = request;
  const { seed, timeBudgetMs } = cycle.request;
  const target =
    request.target.kind !== 'labels'
      ? request.target
      : { ...request.target, version: label.get(request.target.labelSet).versions.at(-1)?.version ?? request.target.version };
  return {
    ...as,
    dataset,
    target,
    ...(spec && { spec: { ...spec, dataset, target } }),
    ...(seed !== null && { seed }),
    ...(timeBudgetMs !== null && { timeBudgetMs }),
  };
}
