// What a run minimises for numbers, what its candidates are ranked by, and which targets that takes.
import type { Task } from '../../../src-shared/domain/features.ts';
import type { MetricName, Objective } from '../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Target } from '../3-features/api.ts';
import type { LearnerTask, NumberObjective } from './learners/learner.ts';

export const squared: Objective = { kind: 'squared' };

export function learnerTask(target: Target, objective: Objective): LearnerTask {
  if (target.kind === 'class') return { kind: 'class', classes: target.classes.length };
  if (target.kind === 'labels') return { kind: 'labels', labels: target.labels.length };
  if (target.groups) return { kind: 'ranking' };
  return { kind: 'number', objective: numberObjective(objective) };
}

export function numberObjective(objective: Objective): NumberObjective {
  return objective.kind === 'quantile' ? { kind: 'quantile', levels: [objective.level] } : objective;
}

/**
 * The metric that is smallest (largest) in the mean where the answer is what the objective asks for: Gneiting, J. Am. Stat. Assoc.
 * 106 (2011). Gamma and Tweedie ask for the mean as Poisson does, and its deviance is not ruled by a few large values.
 */
export function primaryMetric(task: Task, objective: Objective): MetricName {
  if (task === 'binary') return 'auc';
  if (task === 'multiclass') return 'accuracy';
  if (task === 'multilabel') return 'averagePrecision';
  if (task === 'ranking') return 'ndcg10';
  switch (objective.kind) {
    case 'squared':
      return 'rmse';
    case 'absolute':
    case 'huber':
      return 'mae';
    case 'quantile':
      return objective.level === 0.5 ? 'mae' : (`pinball${Math.round(100 * objective.level)}` as MetricName);
    case 'poisson':
    case 'gamma':
    case 'tweedie':
      return 'poissonDeviance';
  }
}

/**
 * Before any fit, so that the row has its number in the data. `rows`: positions that are used; `rowNumbers` by position.
 * Errors: MK_TRAIN_OBJECTIVE_TASK where the target is no number to be predicted, MK_TRAIN_TARGET_VALUE naming column and row.
 */
export function checkObjective(
  objective: Objective,
  { target, rows, rowNumbers, column }: { target: Target; rows: Int32Array; rowNumbers: Int32Array; column: string },
): void {
  if (target.kind !== 'number' || target.groups) {
    if (objective.kind === 'squared') return;
    throw new ModelkeepError('MK_TRAIN_OBJECTIVE_TASK', { objective: objective.kind, column });
  }
  const needed = { poisson: '≥ 0', tweedie: '≥ 0', gamma: '> 0' }[objective.kind as string];
  if (needed === undefined) return;
  const fits = (value: number): boolean => (objective.kind === 'gamma' ? value > 0 : value >= 0);
  const bad = rows.find((row) => !fits(target.values[row]!));
  if (bad !== undefined)
    throw new ModelkeepError('MK_TRAIN_TARGET_VALUE', {
      objective: objective.kind,
      column,
      row: rowNumbers[bad]!,
      value: target.values[bad]!,
      needed,
    });
}
