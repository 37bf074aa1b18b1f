import { integer } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * output = values[1] at the index along a new axis, values[0] elsewhere (and everywhere for an index outside −depth … depth − 1);
 * d values = the sums of d output over both kinds of places. Indices carry no gradient.
 */
export const oneHot = defineGradient({
  opType: 'OneHot',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__OneHot.html',
  formula: 'd values = [Σ_off d output, Σ_on d output]',
  inputs: ['indices', 'depth', 'values'],
  outputs: ['output'],
  attributes: { axis: -1 },
  vjp: ({ indices, depth, values }, { output: dy }, { axis }, g) => ({
    values: () => {
      const sumWhere = (off: number, on: number) => {
        const mask = g.op('OneHot', [indices, depth, g.tensor([2], [off, on], values)], { axis });
        return g.reshape(g.reduceSum(g.mul(dy, mask), [...dy.shape.keys()], false), [1]);
      };
      return g.op('Concat', [sumWhere(1, 0), sumWhere(0, 1)], { axis: 0 });
    },
  }),
  samples: [
    { inputs: { values: [2] }, constants: { indices: [0, 2, -1, 7], depth: [3] } },
    {
      inputs: { values: [2] },
      constants: { indices: tensorOf('int64', [2, 2], [0, 1, -2, 1]), depth: [2] },
      attributes: { axis: integer(1) },
    },
  ],
  specialPoints: [],
});
