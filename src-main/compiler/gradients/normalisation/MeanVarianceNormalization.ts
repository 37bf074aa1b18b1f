import { ints } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/**
 * Y = (X − μ)/(σ + 10⁻⁹) over `axes`. Where X is constant along them Y is 0 and passes nothing back (ONNX Runtime's own
 * kernel gives NaN there).
 */
export const meanVarianceNormalization = defineComposite({
  opType: 'MeanVarianceNormalization',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html',
  formula: 'Y = (X − μ)/(σ + 1e-9)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { axes: [0, 2, 3] },
  decompose: ({ X }, { axes }, g) => {
    const mean = (value: typeof X): typeof X => g.op('ReduceMean', [value, g.graph.int64(axes)], { keepdims: 1 });
    const centred = g.sub(X, mean(X));
    const variance = mean(g.mul(centred, centred));
    const positive = g.op('Greater', [variance, g.scalar(0, X)]);
    const deviation = g.add(g.sqrt(g.op('Where', [positive, variance, g.scalar(1, X)])), g.scalar(1e-9, X));
    return [g.mul(centred, g.op('Where', [positive, g.op('Reciprocal', [deviation]), g.scalar(0, X)]))];
  },
  samples: [
    { inputs: { X: [2, 3, 2, 2] } },
    { inputs: { X: [3, 2, 2] }, attributes: { axes: ints([0, 2]) } },
    { inputs: { X: [3, 4] }, attributes: { axes: ints([1]) } },
  ],
  specialPoints: [{ inputs: { X: { shape: [2, 1, 1, 1], values: [1, 1] } }, gradients: { X: [0, 0] } }],
});
