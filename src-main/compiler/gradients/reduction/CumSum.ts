import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** y = running sum of x along an axis;  dx = running sum of dy from the other end. `exclusive` leaves the element itself out, also backward. */
export const cumSum = defineGradient({
  opType: 'CumSum',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__CumSum.html',
  formula: 'dx = CumSum(dy) with reverse turned round',
  inputs: ['x', 'axis'],
  outputs: ['y'],
  attributes: { exclusive: 0, reverse: 0 },
  vjp: ({ axis }, { y: dy }, { exclusive, reverse }, g) => ({
    x: () => g.op('CumSum', [dy, axis], { exclusive, reverse: 1 - reverse }),
  }),
  samples: [
    { inputs: { x: [5] }, constants: { axis: [0] } },
    { inputs: { x: [2, 3, 4] }, constants: { axis: [1] }, attributes: { exclusive: integer(1) } },
    { inputs: { x: [2, 3] }, constants: { axis: [-1] }, attributes: { reverse: integer(1) } },
    { inputs: { x: [2, 3] }, constants: { axis: [0] }, attributes: { exclusive: integer(1), reverse: integer(1) } },
  ],
  specialPoints: [
    {
      inputs: { x: { shape: [3], values: [1, 2, 3] } },
      constants: { axis: [0] },
      cotangent: [1, 10, 100],
      gradients: { x: [111, 110, 100] },
    },
  ],
});
