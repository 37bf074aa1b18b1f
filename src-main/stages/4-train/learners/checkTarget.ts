import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { LearnerTarget, NumberObjective } from './learner.ts';

/**
 * Whether an objective can take these values: Poisson and Tweedie take no number below 0, gamma none that is not above 0.
 * Error: MK_TRAIN_TARGET_RANGE with the first row that is out of range, counted from 0 among the given rows.
 */
export function checkTarget(target: LearnerTarget, objective: NumberObjective): void {
  if (target.kind !== 'number') return;
  const isLogLinked = objective.kind === 'poisson' || objective.kind === 'tweedie' || objective.kind === 'gamma';
  if (!isLogLinked) return;
  const row = target.values.findIndex((value) => (objective.kind === 'gamma' ? !(value > 0) : !(value >= 0)));
  if (row < 0) return;
  const needed = objective.kind === 'gamma' ? '> 0' : '≥ 0';
  throw new ModelkeepError('MK_TRAIN_TARGET_RANGE', { objective: objective.kind, row, value: target.values[row]!, needed });
}
