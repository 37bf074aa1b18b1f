import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { windowsOver } from '../../2-shapes/window.ts';
import { integer, ints } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { alongAxes } from './alongAxes.ts';
import { spreadMaps } from './averaging.ts';

/** Y = (Σ |x|ᵖ)^(1/p) of each window;  dx = sign(x)|x|^(p−1) · Σ_windows dY·Y^(1−p). A window of zeros passes nothing back. */
export const lpPool = defineGradient({
  opType: 'LpPool',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__LpPool.html',
  formula: 'dX = sign(X)|X|^(p−1) ⊙ Σ_windows dY ⊙ Y^(1−p)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { kernel_shape: [], p: 2 },
  vjp: ({ X, Y }, { Y: dY }, { kernel_shape, p }, g, { attributes }) => ({
    X: () => {
      const windows = windowsOver('LpPool', attributes, X.shape.slice(2), kernel_shape);
      const weighted = alongAxes(g, overPower(g, dY, Y, p - 1), spreadMaps(windows, 'sum'));
      return g.mul(signedPower(g, X, p - 1), weighted);
    },
  }),
  samples: [
    { inputs: { X: [2, 2, 4, 5] }, attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 1]) } },
    { inputs: { X: [1, 2, 5, 5] }, attributes: { kernel_shape: ints([3, 2]), pads: ints([1, 0, 1, 1]), p: integer(3) }, awayFromZero: 0.1 },
    { inputs: { X: [1, 2, 6] }, attributes: { kernel_shape: ints([2]), dilations: ints([2]), p: integer(1) }, awayFromZero: 0.1 },
    { inputs: { X: [1, 2, 5] }, attributes: { kernel_shape: ints([2]), strides: ints([2]), ceil_mode: integer(1), p: integer(4) } },
    { inputs: { X: [1, 2, 2, 3, 2] }, attributes: { kernel_shape: ints([2, 2, 2]), auto_pad: { kind: 'string', value: 'SAME_UPPER' } } },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [1, 1, 4], values: [0, 0, 3, 4] } },
      attributes: { kernel_shape: ints([2]), strides: ints([2]) },
      gradients: { X: [0, 0, 0.6, 0.8] },
    },
  ],
});

/** dy · y^(−power), 0 where y is 0. */
function overPower(g: TypedOps, dy: TypedValue, y: TypedValue, power: number): TypedValue {
  if (power === 0) return dy;
  const positive = g.op('Greater', [y, g.scalar(0, y)]);
  const divisor = g.op('Where', [positive, y, g.scalar(1, y)]);
  const raised = power === 1 ? divisor : g.op('Pow', [divisor, g.scalar(power, y)]);
  return g.mul(g.div(dy, raised), g.cast(positive, y.dtype));
}

/** sign(x) |x|^power. */
function signedPower(g: TypedOps, x: TypedValue, power: number): TypedValue {
  if (power === 1) return x;
  const sign = g.op('Sign', [x]);
  return power === 0 ? sign : g.mul(sign, g.op('Pow', [g.op('Abs', [x]), g.scalar(power, x)]));
}
