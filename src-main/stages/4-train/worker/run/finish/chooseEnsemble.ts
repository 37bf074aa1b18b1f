// Which candidates answer together, and how much each counts.
import type { Candidate, Judging } from '../Candidate.ts';
import { spread } from '../../../explanation/rowScorer.ts';
import { greedyEnsemble } from '../../../search/greedyEnsemble.ts';
import { meanLoss } from '../../../search/rowLosses.ts';
import { cellsOf } from '../../../metrics/answers.ts';
import { contender, lossOf, type Contender, type Member } from './contenders.ts';

/** More members make answers slow for little. */
const mostMembers = 8;
const leastWeight = 0.02;
const mostLookedAt = 40;
/** Rows from which an ensemble is chosen; more change nothing but the time. */
const mostRows = 20_000;

export interface EnsembleTime {
  nowMs(): number;
  deadlineMs: number;
  /** Whether there is time to make a model of so many. */
  canAfford(members: readonly Candidate[]): boolean;
}

/** Null where no two candidates together are worth more than one. `at`: the place that it gets. */
export function chooseEnsemble(contenders: readonly Contender[], judging: Judging, at: number, time: EnsembleTime): Contender | null {
  const whole = contenders.filter((each) => each.members[0]!.candidate.isWhole);
  if (whole.length < 2) return null;
  const pool = whole.toSorted((a, b) => lossOf(a, judging) - lossOf(b, judging)).slice(0, mostLookedAt);
  const rows = spread(judging.validated, mostRows);
  const cells = pool.map(({ members }) => cellsOf(members[0]!.candidate.answersOn(rows)));
  // Scores of rankings have no common unit.
  const units = cells.map((each) => (judging.target.kind === 'ranking' ? spreadOf(each) : 1));
  const { weights } = greedyEnsemble({
    answers: cells.map((each, place) => (units[place] === 1 ? each : each.map((cell) => cell / units[place]!))),
    rows: rows.length,
    outputs: judging.outputs,
    loss: (averaged) => meanLoss(averaged, judging.outputs, judging.target, rows),
    nowMs: time.nowMs,
    deadlineMs: time.deadlineMs,
  });
  const members = weights
    .map((share, place) => ({ share, weight: share / units[place]!, candidate: pool[place]!.members[0]!.candidate }))
    .filter(({ share }) => share > leastWeight)
    .sort((a, b) => b.weight - a.weight || a.candidate.at - b.candidate.at)
    .slice(0, mostMembers);
  while (members.length > 1 && !time.canAfford(members.map(({ candidate }) => candidate))) members.pop();
  if (members.length < 2) return null;
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  return contender(
    at,
    members.map(({ candidate, weight }): Member => ({ candidate, weight: weight / total })),
    judging,
  );
}

/** Standard deviation; 1 for a constant. */
function spreadOf(values: Float32Array | Float64Array): number {
  let [mean, squares] = [0, 0];
  values.forEach((value, at) => {
    const before = mean;
    mean += (value - mean) / (at + 1);
    squares += (value - before) * (value - mean);
  });
  return Math.sqrt(squares / values.length) || 1;
}
