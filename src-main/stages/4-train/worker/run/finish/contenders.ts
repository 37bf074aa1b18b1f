// What may become a model: one candidate, or several with weights; and in which order they deserve it.
import { higherIsBetter, type Metrics } from '../../../../../../src-shared/domain/training.ts';
import { cellsOf, withCells, type Answers } from '../../../metrics/answers.ts';
import { quickMeasure } from '../../../metrics/quickMeasure.ts';
import type { Candidate, Judging } from '../Candidate.ts';

export interface Contender {
  /** Place among all that was tried. */
  at: number;
  members: readonly Member[];
  /** Out-of-fold answers, whole, uncalibrated: candidates are ranked by what they learned, whatever is made of it later. */
  answers: Answers;
  validation: Metrics;
}

export interface Member {
  candidate: Candidate;
  weight: number;
}

/** Models that a run leaves, at most: the best, the best of each kind, then by rank. */
const mostModels = 12;

/** Candidates with answers to every validated row; where there is none but the baseline, also those with some folds. */
export function contendersOf(candidates: readonly Candidate[], judging: Judging): Contender[] {
  const whole = candidates.filter((each) => each.isWhole && each.loss() !== null);
  const only = whole.every((each) => each.proposal.learner === 'baseline');
  const partly = only ? candidates.filter((each) => !each.isWhole && each.foldsDone.length > 0 && each.loss() !== null) : [];
  return [...whole, ...partly].map((candidate) => single(candidate, judging));
}

export function single(candidate: Candidate, judging: Judging): Contender {
  return contender(candidate.at, [{ candidate, weight: 1 }], judging);
}

/** `members` answer the same rows. */
export function contender(at: number, members: readonly Member[], judging: Judging): Contender {
  const rows = members[0]!.candidate.rowsDone();
  const answers = mix(members.map(({ candidate, weight }) => ({ answers: candidate.answersOn(rows), weight })));
  return { at, members, answers, validation: quickMeasure(answers, judging.metric) };
}

/** Smaller is better. */
export function lossOf({ members, validation }: Contender, { metric }: Judging): number {
  if (members.length === 1) return members[0]!.candidate.loss()!;
  const value = validation[metric]?.value;
  return value === undefined ? Infinity : higherIsBetter[metric] ? -value : value;
}

export function learnerOf({ members }: Contender): Candidate['proposal']['learner'] | 'ensemble' {
  return members.length > 1 ? 'ensemble' : members[0]!.candidate.proposal.learner;
}

/** The best, the baseline, the ensemble, what was distilled of it (which has no rank), the best of each learner, then by rank. */
export function worthAModel(ranked: readonly Contender[], distilled: Contender | null): Contender[] {
  const of = (learner: string): Contender[] => ranked.filter((each) => learnerOf(each) === learner);
  const firsts = ranked.filter((each, at) => ranked.findIndex((other) => learnerOf(other) === learnerOf(each)) === at);
  const wanted = [ranked[0]!, ...of('baseline'), ...of('ensemble'), ...(distilled ? [distilled] : []), ...firsts, ...ranked];
  return [...new Set(wanted)].slice(0, mostModels);
}

function mix(parts: readonly { answers: Answers; weight: number }[]): Answers {
  const first = parts[0]!.answers;
  const sum = new Float64Array(cellsOf(first).length);
  for (const { answers, weight } of parts) cellsOf(answers).forEach((value, cell) => (sum[cell]! += weight * value));
  return withCells(first, sum);
}
