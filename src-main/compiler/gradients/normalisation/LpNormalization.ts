import { integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** output = input / ‖input‖ₚ along one axis, p = 1 or 2; zeros stay zeros, and pass nothing back. */
export const lpNormalization = defineComposite({
  opType: 'LpNormalization',
  sinceVersion: 1,
  source: 'https://onnx.ai/onnx/operators/onnx__LpNormalization.html',
  formula: 'output = input / ‖input‖ₚ',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: -1, p: 2 },
  decompose: ({ input }, { axis, p }, g) => {
    const norm = g.op(p === 1 ? 'ReduceL1' : 'ReduceL2', [input, g.graph.int64([axis])], { keepdims: 1 });
    const positive = g.op('Greater', [norm, g.scalar(0, norm)]);
    const inverse = g.op('Reciprocal', [g.op('Where', [positive, norm, g.scalar(1, norm)])]);
    return [g.mul(input, g.op('Where', [positive, inverse, g.scalar(0, norm)]))];
  },
  samples: [
    { inputs: { input: [3, 4] }, awayFromZero: 0.2 },
    { inputs: { input: [2, 3, 2] }, attributes: { axis: integer(1), p: integer(1) }, awayFromZero: 0.2 },
    { inputs: { input: [2, 3, 2] }, attributes: { axis: integer(0), p: integer(2) }, awayFromZero: 0.2 },
  ],
  specialPoints: [{ inputs: { input: { shape: [1, 2], values: [0, 0] } }, gradients: { input: [0, 0] } }],
});
