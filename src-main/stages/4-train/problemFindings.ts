// What the kind of a problem means for a run: said before the first candidate.
import type { Problem } from '../../../src-shared/domain/problem.ts';
import type { Run, TrainRequest } from '../../../src-shared/domain/training.ts';

type Findings = Run['findings'];

/** Reasons that speak of the split that was taken, or would have been. */
const splitReasons = new Set(['timeOrder', 'timeDrift', 'forecastTable', 'groupedRows']);

/** A run says it of the rows that it trains on. */
const saidByRun = new Set(['imbalancedClasses']);

/** The reasons as they are; where a person chose a random split against one, a warning in its place. */
export function problemFindings({ reasons, holdout }: Problem, request: TrainRequest): Findings {
  const chosen = request.holdout;
  const found = reasons.flatMap((reason): Findings => {
    if (saidByRun.has(reason.code)) return [];
    if (!splitReasons.has(reason.code) || !chosen || sameRows(chosen, holdout)) return [reason];
    if (chosen.kind !== 'stratified') return [];
    return holdout.kind === 'temporal'
      ? [{ code: 'randomOverTime', params: { column: holdout.timeColumn } }]
      : holdout.kind === 'group'
        ? [{ code: 'randomOverGroups', params: { column: holdout.groupColumn } }]
        : [];
  });
  if (request.classWeights === 'balanced') found.push({ code: 'balancedClasses', params: {} });
  return found;
}

function sameRows(a: NonNullable<TrainRequest['holdout']>, b: Problem['holdout']): boolean {
  if (a.kind === 'temporal') return b.kind === 'temporal' && a.timeColumn === b.timeColumn;
  return a.kind === 'group' ? b.kind === 'group' && a.groupColumn === b.groupColumn : b.kind === 'stratified';
}
