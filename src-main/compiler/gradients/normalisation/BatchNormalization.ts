import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { once } from '../activation/once.ts';
import { channelSums } from '../convolution/kernelGradient.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * Y = (X − μ)·r·scale + B, r = 1/√(σ² + ε), per channel; μ, σ² are given, or in training mode those of the batch (σ² over
 * n elements, not n − 1). With s = Σ dY and p = Σ dY·(X − μ) over batch and space:
 *
 * dB = s, dscale = r·p, dμ = −r·scale·s, dσ² = −½·scale·r³·p; and by the batch
 * dX = r·scale·dY + dμ/n + (X − μ)·2dσ²/n. The part of dμ that comes through σ² is Σ(X − μ) = 0.
 *
 * Training mode is computed by other nodes: ONNX Runtime's CPU kernel for it writes the running statistics over its
 * *inputs*, even over the buffers that a run was given, and other providers have none.
 */
export const batchNormalization = defineGradient({
  opType: 'BatchNormalization',
  sinceVersion: 15,
  source: 'https://onnx.ai/onnx/operators/onnx__BatchNormalization.html; Ioffe & Szegedy (2015), Batch Normalization, §3',
  formula: 'dX = r·scale·(dY − [Σ dY + (X − μ)·r²·Σ dY·(X − μ)]/n), the bracket in training mode only',
  inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'],
  outputs: ['Y', 'running_mean', 'running_var'],
  attributes: { epsilon: 1e-5, momentum: 0.9, training_mode: 0 },
  rewrite: ({ X, scale, B, input_mean, input_var }, { epsilon, momentum, training_mode }, g, { inputs, attributes }) => {
    if (!training_mode) return undefined;
    // A variance of one number is 0: nothing would be learned, and the served model would differ.
    if (elementCount(X.shape) / Number(X.shape[1]) < 2)
      throw new ModelkeepError('MK_COMPILER_BATCH_STATISTICS_IMPOSSIBLE', { tensor: X.name, shape: `[${X.shape.join(', ')}]` });
    return g.recordedAs('BatchNormalization', inputs, attributes, () => {
      const { mean, variance } = batchMoments(g, X);
      const Y = g.op('BatchNormalization', [X, scale, B, mean(), variance()], { epsilon: float(epsilon) });
      const running = (old: TypedValue, now: TypedValue): TypedValue =>
        g.add(g.mul(old, g.scalar(momentum, old)), g.mul(now, g.scalar(1 - momentum, now)));
      return [Y, running(input_mean, mean()), running(input_var, variance())];
    });
  },
  vjp: ({ X, scale, input_mean, input_var }, { Y: dY }, { epsilon, momentum, training_mode }, g, { gradients }) => {
    const given = { mean: () => input_mean, variance: () => input_var, centred: once(() => g.sub(X, perChannel(g, input_mean, X))) };
    const { mean, variance, centred } = training_mode ? batchMoments(g, X) : given;
    const r = once(() => g.op('Reciprocal', [g.sqrt(g.add(variance(), g.scalar(epsilon, X)))]));
    const slope = once(() => g.mul(r(), scale));
    const sums = once(() => channelSums(g, dY));
    const products = once(() => channelSums(g, g.mul(dY, centred())));
    const dMean = once(() => g.neg(g.mul(slope(), sums())));
    const dVariance = once(() => g.mul(g.mul(g.mul(slope(), g.mul(r(), r())), products()), g.scalar(-0.5, X)));
    const straight = (): TypedValue => g.mul(dY, perChannel(g, slope(), X));
    const parameters = { scale: () => g.mul(r(), products()), B: sums };
    if (!training_mode) return { X: straight, ...parameters, input_mean: dMean, input_var: dVariance };

    const [, ofMean, ofVariance] = gradients;
    const kept = (gradient: TypedValue | undefined, old: TypedValue) => () =>
      gradient ? g.mul(gradient, g.scalar(momentum, X)) : g.filledLike(old);
    const through = (own: TypedValue, running: TypedValue | undefined, factor: number): TypedValue =>
      perChannel(g, g.mul(running ? g.add(own, g.mul(running, g.scalar(1 - momentum, X))) : own, g.scalar(factor, X)), X);
    return {
      X: () => {
        const n = elementCount(X.shape) / elementCount(mean().shape);
        const byVariance = g.mul(centred(), through(dVariance(), ofVariance, 2 / n));
        return g.add(g.add(straight(), byVariance), through(dMean(), ofMean, 1 / n));
      },
      ...parameters,
      input_mean: kept(ofMean, input_mean),
      input_var: kept(ofVariance, input_var),
    };
  },
  samples: [
    { inputs: { X: [2, 3, 2, 2], scale: [3], B: [3], input_mean: [3], input_var: [3] }, domain: [0.5, 2], outputCount: 1 },
    {
      inputs: { X: [4, 2], scale: [2], B: [2], input_mean: [2], input_var: [2] },
      attributes: { epsilon: float(0.1) },
      domain: [0.5, 2],
      outputCount: 1,
    },
    {
      inputs: { X: [3, 2, 2, 2], scale: [2], B: [2], input_mean: [2], input_var: [2] },
      attributes: { training_mode: integer(1), epsilon: float(0.01) },
    },
    {
      inputs: { X: [2, 2, 3], scale: [2], B: [2], input_mean: [2], input_var: [2] },
      attributes: { training_mode: integer(1), momentum: float(0.5), epsilon: float(0.01) },
    },
    {
      inputs: { X: [5, 2], scale: [2], B: [2], input_mean: [2], input_var: [2] },
      attributes: { training_mode: integer(1), momentum: float(0), epsilon: float(0.01) },
    },
    {
      inputs: { X: [2, 2, 1, 2, 2], scale: [2], B: [2], input_mean: [2], input_var: [2] },
      attributes: { training_mode: integer(1), epsilon: float(0.01) },
    },
  ],
  specialPoints: [
    // A channel that is constant over the batch: ε keeps the slope finite.
    {
      inputs: {
        X: { shape: [2, 1], values: [3, 3] },
        scale: { shape: [1], values: [2] },
        B: { shape: [1], values: [0] },
        input_mean: { shape: [1], values: [0] },
        input_var: { shape: [1], values: [1] },
      },
      attributes: { training_mode: integer(1), epsilon: float(0.25), momentum: float(0.5) },
      cotangent: [1, 0],
      // The cotangent of the running mean is 1: ½ of it for each element's half of the mean; the variance's slope is 0.
      gradients: { X: [2 + 0.25, -2 + 0.25], scale: [0], B: [1], input_mean: [0.5], input_var: [0.5] },
    },
  ],
});

/** Mean and variance of each channel over batch and space, [C], and X − mean. Forward and backward pass add equal nodes. */
function batchMoments(g: TypedOps, X: TypedValue): Readonly<Record<'mean' | 'variance' | 'centred', () => TypedValue>> {
  const axes = g.graph.int64([...X.shape.keys()].filter((axis) => axis !== 1));
  const mean = once(() => g.op('ReduceMean', [X, axes], { keepdims: 0 }));
  const centred = once(() => g.sub(X, perChannel(g, mean(), X)));
  const variance = once(() => {
    const n = elementCount(X.shape) / elementCount(mean().shape);
    return g.mul(g.op('ReduceSumSquare', [centred(), axes], { keepdims: 0 }), g.scalar(1 / n, X));
  });
  return { mean, variance, centred };
}

/** [C] as [C, 1, …], which broadcasts against X [N, C, …]. */
function perChannel(g: TypedOps, value: TypedValue, X: TypedValue): TypedValue {
  return g.reshape(value, [value.shape[0]!, ...X.shape.slice(2).map(() => 1)]);
}
