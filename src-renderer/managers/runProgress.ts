// A search in figures: who worked when, since when there is a usable model, and how the best grew.
import { higherIsBetter, type Candidate, type FoldPlan, type Learner, type MetricName } from '../../src-shared/domain/training.ts';
import type { RunDetail } from './training.svelte.ts';

export interface Bar {
  candidateId: string;
  learner: Learner;
  worker: number;
  fold: number;
  fromMs: number;
  /** Null while it goes on. */
  toMs: number | null;
}

/** All fits, in the order of the candidates. */
export function fitsOf(candidates: readonly Candidate[]): Bar[] {
  return candidates.flatMap(({ id, learner, progress }) =>
    (progress?.fits ?? []).map(({ worker, fold, fromMs, toMs }) => ({ candidateId: id, learner, worker, fold, fromMs, toMs })),
  );
}

/** When the last fold of a candidate was fitted; null while folds are missing, and for an ensemble. */
export function completedMs({ progress }: Candidate): number | null {
  if (!progress || progress.fits.length === 0 || progress.folds.done < progress.folds.planned) return null;
  return Math.max(...progress.fits.map(({ toMs }) => toMs ?? -Infinity));
}

/** When the first candidate had all its folds: from then on, finishing leaves a model. */
export function usableSinceMs(candidates: readonly Candidate[]): number | null {
  const times = candidates.flatMap((each) => completedMs(each) ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** How long the folds that are missing may still take, by those that were fitted; null before the first. Folds that run beside each other count as one. */
export function foldsLeftMs({ progress }: Pick<Candidate, 'progress'>): number | null {
  const took = (progress?.fits ?? []).flatMap(({ fromMs, toMs }) => (toMs === null ? [] : [toMs - fromMs]));
  if (!progress || took.length === 0 || progress.folds.done >= progress.folds.planned) return null;
  const beside = Math.max(1, progress.fits.filter(({ toMs }) => toMs === null).length);
  const mean = took.reduce((sum, each) => sum + each, 0) / took.length;
  return mean * Math.ceil((progress.folds.planned - progress.folds.done) / beside);
}

/**
 * When a search with a known number of candidates is through with them, by its pace so far; null where the time alone ends it, before
 * a tenth is done, and where the budget comes first.
 */
export function throughAtMs(
  { request, candidates }: Pick<RunDetail, 'request' | 'candidates'>,
  elapsedMs: number,
  searchEndMs: number,
): number | null {
  const planned = request.search?.maxCandidates;
  const done = candidates.filter(({ state }) => state === 'done' || state === 'failed').length;
  if (planned === undefined || done < 2 || done < planned / 10) return null;
  const at = (elapsedMs * planned) / done;
  return at < searchEndMs ? at : null;
}

/** The last moment that any fit tells of. */
export function lastFitMs(candidates: readonly Candidate[]): number {
  return Math.max(0, ...fitsOf(candidates).map(({ fromMs, toMs }) => toMs ?? fromMs));
}

export interface Attempt {
  candidateId: string;
  atMs: number;
  value: number;
}

/**
 * Candidates by the time at which they were complete, and the best until then. An ensemble comes after all others. The constant
 * answer is left out: it would flatten the rest.
 */
export function growthOf(candidates: readonly Candidate[], metric: MetricName | null): { attempts: Attempt[]; best: Attempt[] } {
  if (metric === null) return { attempts: [], best: [] };
  const end = lastFitMs(candidates);
  const attempts = candidates
    .flatMap((each): Attempt[] => {
      const value = each.validation[metric]?.value;
      const atMs = each.learner === 'ensemble' ? end : completedMs(each);
      return value === undefined || atMs === null || each.learner === 'baseline' ? [] : [{ candidateId: each.id, atMs, value }];
    })
    .sort((a, b) => a.atMs - b.atMs);
  const isBetter = (a: number, b: number): boolean => (higherIsBetter[metric] ? a > b : a < b);
  const best: Attempt[] = [];
  for (const attempt of attempts) if (best.length === 0 || isBetter(attempt.value, best.at(-1)!.value)) best.push(attempt);
  return { attempts, best };
}

/** From the worst to the best of the better two thirds: the scale on which differences that matter can be seen. */
export function growthRange({ attempts, best }: { attempts: readonly Attempt[]; best: readonly Attempt[] }): [number, number] | null {
  const last = best.at(-1);
  if (!last) return null;
  const byDistance = attempts.map(({ value }) => value).sort((a, b) => Math.abs(a - last.value) - Math.abs(b - last.value));
  const near = byDistance.slice(0, Math.max(3, Math.ceil((byDistance.length * 2) / 3)));
  return [Math.min(...near), Math.max(...near)];
}

/** How a run chose among its candidates: as it was asked, or as it turned out. Null before the first candidate. */
export function foldPlanOf({ request, candidates }: Pick<RunDetail, 'request' | 'candidates'>): FoldPlan | null {
  if (request.folds) return request.folds;
  const folds = candidates.find(({ progress }) => progress !== null)?.progress?.folds.planned;
  if (folds === undefined) return null;
  const { holdout } = request;
  if (folds === 1) return { kind: 'holdout', fraction: holdout?.validationFraction ?? 0.15 };
  if (holdout?.kind === 'group') return { kind: 'group', folds, groupColumn: holdout.groupColumn };
  return holdout?.kind === 'temporal' ? { kind: 'expanding', folds, timeColumn: holdout.timeColumn } : { kind: 'stratified', folds };
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800].map((seconds) => seconds * 1000);

/** At most about ten calendar steps from 0, the end left out where a step comes too near to it. */
export function clockTicks(totalMs: number): number[] {
  const step = steps.find((each) => totalMs / each <= 10) ?? Math.ceil(totalMs / 36_000_000) * 3_600_000;
  const ticks: number[] = [];
  for (let at = 0; at <= totalMs - step * 0.6; at += step) ticks.push(at);
  return ticks;
}
