import type { GradientKind, LossKind } from '../grow/tasks.ts';

/** What boosting makes small. Scores are raw: logits, or the logarithm of the mean for counts and amounts. */
export type BoostingObjective =
  | { kind: 'squared' }
  /** Leaves are medians of the residuals. */
  | { kind: 'absolute' }
  /** Squared up to a residual of `delta`, absolute beyond. */
  | { kind: 'huber'; delta: number }
  /** Leaves are quantiles of the residuals; `level` between 0 and 1. */
  | { kind: 'quantile'; level: number }
  /** Log link; `maxDeltaStep` (0.7) is added to the exponent of the hessian. */
  | { kind: 'poisson'; maxDeltaStep?: number }
  | { kind: 'gamma' }
  | { kind: 'tweedie'; power: number }
  /** Targets 0 … 1. */
  | { kind: 'logistic' }
  /** Targets 0 … classes − 1; as many trees a round. */
  | { kind: 'softmax'; classes: number }
  /** LambdaRank by NDCG within groups; targets are relevances 0, 1, 2 … */
  | { kind: 'ranking'; truncation?: number }
  | CustomObjective;

/** A loss of one's own. Vectors are [rows], of several outputs one after another [outputs × rows]. */
export interface CustomObjective {
  kind: 'custom';
  name: string;
  outputs: number;
  baseScores(target: Float32Array, weights: Float32Array | undefined): readonly number[];
  /** First and second derivative of the loss of each row by one output's score, weights included; hessians ≥ 0. */
  derivatives(input: ScoredRows, output: number, gradients: Float32Array, hessians: Float32Array): void;
  /** Weighted mean loss. */
  loss(input: ScoredRows): number;
}

export interface ScoredRows {
  scores: Float32Array;
  target: Float32Array;
  weights: Float32Array | undefined;
  rows: number;
  /** Numbers from the scores of one output to those of the next. */
  stride: number;
}

/** How the kernels compute an objective. */
export interface KernelObjective {
  gradients: GradientKind;
  loss: LossKind;
  parameter: number;
  lossParameter: number;
  /** Level of the quantile that leaves are set to. */
  renewal?: number;
}

export function kernelObjective(objective: BoostingObjective): KernelObjective | undefined {
  const plain = (gradients: GradientKind & LossKind, parameter = 0): KernelObjective => ({
    gradients,
    loss: gradients,
    parameter,
    lossParameter: parameter,
  });
  const deviance = (gradients: GradientKind, power: number, parameter: number): KernelObjective => ({
    gradients,
    loss: 'deviance',
    parameter,
    lossParameter: power,
  });
  switch (objective.kind) {
    case 'squared':
    case 'logistic':
    case 'softmax':
      return plain(objective.kind);
    case 'absolute':
      return { ...plain('absolute'), renewal: 0.5 };
    case 'huber':
      return plain('huber', objective.delta);
    case 'quantile':
      return { ...plain('quantile', objective.level), renewal: objective.level };
    case 'poisson':
      return deviance('poisson', 1, objective.maxDeltaStep ?? 0.7);
    case 'gamma':
      return deviance('gamma', 2, 0);
    case 'tweedie':
      return deviance('tweedie', objective.power, objective.power);
    case 'ranking':
    case 'custom':
      return undefined;
  }
}

export function outputCount(objective: BoostingObjective): number {
  if (objective.kind === 'softmax') return objective.classes;
  return objective.kind === 'custom' ? objective.outputs : 1;
}
