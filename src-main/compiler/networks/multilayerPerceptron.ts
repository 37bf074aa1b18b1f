import { activate, affine, dropout, ModelBuilder, type Network } from '../layers/index.ts';
import { channelsOf } from '../layers/sizes.ts';

export interface PerceptronSettings {
  readonly featureCount: number;
  /** Units of each hidden layer; [] gives linear or softmax regression. */
  readonly hiddenSizes: readonly number[];
  /** Classes (logits), or predicted values. */
  readonly outputCount: number;
  /** Default 'Relu'. */
  readonly activation?: 'Relu' | 'Tanh' | 'Sigmoid';
  /** Share of hidden units dropped in training, 0 to below 1. Default 0. */
  readonly dropoutRate?: number;
  /** Default 'float32'; 'float64' for comparisons with references. */
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Dense layers h ← activation(h·W + b), the last without activation:
 * Goodfellow, Bengio & Courville, Deep Learning (2016), §6.1. Input `features [N, featureCount]`, output
 * `output [N, outputCount]`, weights `weight1`, `bias1`, `weight2`, …
 */
export function multilayerPerceptron({
  featureCount,
  hiddenSizes,
  outputCount,
  activation = 'Relu',
  dropoutRate = 0,
  dtype = 'float32',
}: PerceptronSettings): Network {
  const m = new ModelBuilder('multilayerPerceptron', { dtype });
  let hidden = m.input('features', ['N', featureCount]);
  const sizes = [...hiddenSizes, outputCount];
  sizes.forEach((size, at) => {
    const last = at === sizes.length - 1;
    // Kept models have these names, and weights are drawn by name.
    const weight = m.parameter(`weight${at + 1}`, [channelsOf(hidden, 1), size], !last && activation === 'Relu' ? 'he' : 'glorot');
    const linear = affine(m, hidden, weight, m.parameter(`bias${at + 1}`, [size], 'zeros'));
    hidden = last ? linear : dropout(m, activate(m, linear, activation), dropoutRate);
  });
  m.output(hidden, 'output');
  return m.build();
}
