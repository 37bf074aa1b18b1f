// What a learner minimises, on any rows: for choosing among settings on validation rows, in the same measure for all learners.
import type { LearnerTarget, LearnerTask, NumberObjective } from './learner.ts';
import { outputsOf } from './learner.ts';

/**
 * Weighted mean loss of raw outputs [rows, outputs]: cross entropy in nats (class, labels: summed over labels), or the loss of the
 * objective (quantile: pinball summed over levels; counts: half the unit deviance). Ranking: squared error, for want of groups.
 */
export function objectiveLoss(outputs: ArrayLike<number>, target: LearnerTarget, task: LearnerTask, weights?: Float32Array): number {
  const width = outputsOf(task);
  const rows = outputs.length / width;
  let [sum, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    sum += weight * rowLoss(outputs, row * width, target, row, task);
    total += weight;
  }
  return sum / total;
}

function rowLoss(outputs: ArrayLike<number>, start: number, target: LearnerTarget, row: number, task: LearnerTask): number {
  if (target.kind === 'class') {
    let highest = -Infinity;
    for (let each = 0; each < target.classes; each++) highest = Math.max(highest, outputs[start + each]!);
    let total = 0;
    for (let each = 0; each < target.classes; each++) total += Math.exp(outputs[start + each]! - highest);
    return Math.log(total) + highest - outputs[start + target.codes[row]!]!;
  }
  if (target.kind === 'labels') {
    let loss = 0;
    for (let label = 0; label < target.labels; label++) {
      const logit = outputs[start + label]!;
      loss += Math.max(logit, 0) - logit * target.flags[row * target.labels + label]! + Math.log1p(Math.exp(-Math.abs(logit)));
    }
    return loss;
  }
  const value = target.values[row]!;
  if (task.kind !== 'number') return (outputs[start]! - value) ** 2;
  const { objective } = task;
  if (objective.kind !== 'quantile') return numberLoss(outputs[start]!, value, objective);
  return objective.levels.reduce((loss, level, at) => loss + pinball(value - outputs[start + at]!, level), 0);
}

/** ρ(r) = level · r above, (level − 1) · r below: Koenker & Bassett, Econometrica 46 (1978). */
export function pinball(residual: number, level: number): number {
  return residual >= 0 ? level * residual : (level - 1) * residual;
}

/** Of one answer; of several quantile levels the first. */
export function numberLoss(output: number, value: number, objective: NumberObjective): number {
  const residual = Math.abs(value - output);
  switch (objective.kind) {
    case 'quantile':
      return pinball(value - output, objective.levels[0]!);
    case 'squared':
      return residual ** 2;
    case 'absolute':
      return residual;
    case 'huber':
      return residual <= objective.delta ? 0.5 * residual ** 2 : objective.delta * (residual - 0.5 * objective.delta);
    default:
      return halfDeviance(output, value, powerOf(objective));
  }
}

/** Exponent of the variance function μ^power: 1 Poisson, 2 gamma, between them Tweedie's compound. */
export function powerOf(objective: Extract<NumberObjective, { kind: 'poisson' | 'gamma' | 'tweedie' }>): number {
  return objective.kind === 'poisson' ? 1 : objective.kind === 'gamma' ? 2 : objective.power;
}

/** Half the unit deviance of Tweedie distributions: Jørgensen, The theory of dispersion models (1997), ch. 4. */
export function halfDeviance(mean: number, value: number, power: number): number {
  const mu = Math.max(mean, 1e-30);
  if (power === 1) return (value > 0 ? value * Math.log(value / mu) : 0) - value + mu;
  if (power === 2) return Math.log(mu / value) + value / mu - 1;
  return (
    Math.max(value, 0) ** (2 - power) / ((1 - power) * (2 - power)) -
    (value * mu ** (1 - power)) / (1 - power) +
    mu ** (2 - power) / (2 - power)
  );
}
