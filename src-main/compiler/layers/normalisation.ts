import type { TypedValue } from '../2-shapes/typedOps.ts';
import { float } from '../onnx/attributes.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { channelsOf } from './sizes.ts';

export interface NormalisationSettings {
  readonly name: string;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * (x − mean)/√(variance + ε)·γ + β with the statistics of the minibatch per channel in training and running ones in use:
 * [N, C, …] to the same — Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167 algorithm 1.
 * Parameters `name.weight [C]`, `name.bias [C]`; state `name.runningMean [C]`, `name.runningVariance [C]`. ONNX averages the
 * biased variance, PyTorch the unbiased one.
 */
export function batchNorm(
  m: ModelBuilder,
  x: TypedValue,
  {
    name,
    epsilon = 1e-5,
    momentum = 0.9,
  }: NormalisationSettings & { /** Share of the old statistics that a step keeps. Default 0.9. */ readonly momentum?: number },
): TypedValue {
  const inner = m.within(name);
  const shape = [channelsOf(x, 1)];
  const [weight, bias] = [inner.parameter('weight', shape, 'ones'), inner.parameter('bias', shape, 'zeros')];
  const [mean, variance] = [inner.state('runningMean', shape, 'zeros'), inner.state('runningVariance', shape, 'ones')];
  const attributes = { epsilon: float(epsilon), momentum: float(momentum), training_mode: 1 };
  const [y, nextMean, nextVariance] = m.g.node('BatchNormalization', [x, weight, bias, mean, variance], attributes, 3);
  m.update(mean, nextMean!);
  m.update(variance, nextVariance!);
  return y!;
}

/** Over the last axis: […, C] to the same — Ba et al. 2016, https://arxiv.org/abs/1607.06450. Parameters `name.weight [C]`, `name.bias [C]`. */
export function layerNorm(m: ModelBuilder, x: TypedValue, { name, epsilon = 1e-5 }: NormalisationSettings): TypedValue {
  const [weight, bias] = scaleAndShift(m.within(name), channelsOf(x, -1));
  return m.g.op('LayerNormalization', [x, weight, bias], { axis: -1, epsilon: float(epsilon) });
}

/** Per row and group of channels: [N, C, …] to the same — Wu & He 2018, https://arxiv.org/abs/1803.08494. */
export function groupNorm(
  m: ModelBuilder,
  x: TypedValue,
  { name, groups, epsilon = 1e-5 }: NormalisationSettings & { readonly groups: number },
): TypedValue {
  const [weight, bias] = scaleAndShift(m.within(name), channelsOf(x, 1));
  return m.g.op('GroupNormalization', [x, weight, bias], { num_groups: groups, epsilon: float(epsilon) });
}

/** Per row and channel: [N, C, …] to the same — Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022. */
export function instanceNorm(m: ModelBuilder, x: TypedValue, { name, epsilon = 1e-5 }: NormalisationSettings): TypedValue {
  const [weight, bias] = scaleAndShift(m.within(name), channelsOf(x, 1));
  return m.g.op('InstanceNormalization', [x, weight, bias], { epsilon: float(epsilon) });
}

/** x/√(mean x² + ε)·γ over the last axis — Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467 eq. 4. Parameter `name.weight [C]`. */
export function rmsNorm(m: ModelBuilder, x: TypedValue, { name, epsilon = 1e-5 }: NormalisationSettings): TypedValue {
  const { g } = m;
  const weight = m.within(name).parameter('weight', [channelsOf(x, -1)], 'ones');
  const meanSquare = g.op('ReduceMean', [g.mul(x, x), g.graph.int64([-1])], { keepdims: 1 });
  return g.mul(g.div(x, g.sqrt(g.add(meanSquare, g.scalar(epsilon, x)))), weight);
}

function scaleAndShift(m: ModelBuilder, channels: number): [weight: TypedValue, bias: TypedValue] {
  return [m.parameter('weight', [channels], 'ones'), m.parameter('bias', [channels], 'zeros')];
}
