import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { once } from '../activation/once.ts';
import { defineGradient } from '../defineGradient.ts';
import { scaled } from './scaled.ts';

/**
 * Y = x̂·Scale + B, x̂ = (X − Mean)·r over the last axes, r = InvStdDev = 1/√(σ² + ε). With d = dY·Scale and means over
 * those axes: dX = r·(d − mean(d) − x̂·mean(d·x̂)), dScale = dY·x̂, dB = dY. What arrives for the other two outputs adds
 * dMean/n and −dr·r²·x̂/n. The kernel gives Mean and InvStdDev; nothing is computed twice.
 */
export const layerNormalization = defineGradient({
  opType: 'LayerNormalization',
  sinceVersion: 17,
  source: 'https://onnx.ai/onnx/operators/onnx__LayerNormalization.html; Ba, Kiros & Hinton (2016), Layer Normalization',
  formula: 'dX = r·(d − mean(d) − x̂·mean(d·x̂)), d = dY·Scale;  dScale = dY·x̂, dB = dY',
  inputs: ['X', 'Scale', 'B'],
  outputs: ['Y', 'Mean', 'InvStdDev'],
  attributes: { axis: -1 },
  vjp: ({ X, Scale, Y }, { Y: dY }, { axis }, g, { gradients }) => {
    const first = fromEnd(axis, X.shape.length);
    const axes = X.shape.map((_, at) => at).slice(first);
    const mean = (value: TypedValue): TypedValue => g.op('ReduceMean', [value, g.graph.int64(axes)], { keepdims: 1 });
    const r = once(() => g.furtherOutput(Y, 2));
    const normal = once(() => g.mul(g.sub(X, g.furtherOutput(Y, 1)), r()));
    return {
      X: () => {
        const d = scaled(g, dY, Scale);
        const share = g.scalar(1 / elementCount(X.shape.slice(first)), X);
        const [, ofMean, ofR] = gradients;
        const along = mean(g.mul(d, normal()));
        const slope = ofR ? g.add(along, g.mul(g.mul(ofR, r()), share)) : along;
        const centred = g.mul(r(), g.sub(g.sub(d, mean(d)), g.mul(normal(), slope)));
        return ofMean ? g.add(centred, g.mul(ofMean, share)) : centred;
      },
      Scale: () => g.mul(dY, normal()),
      B: () => dY,
    };
  },
  samples: [
    { inputs: { X: [3, 5], Scale: [5], B: [5] }, outputCount: 1 },
    { inputs: { X: [2, 3, 4], Scale: [4] }, attributes: { epsilon: float(0.1) }, outputCount: 1 },
    { inputs: { X: [2, 3, 2, 2], Scale: [3, 2, 2], B: [3, 2, 2] }, attributes: { axis: integer(1) }, outputCount: 1 },
    { inputs: { X: [2, 3, 4], Scale: [3, 4], B: [3, 4] }, attributes: { axis: integer(-2) } },
    { inputs: { X: [4, 3], Scale: [3], B: [3] }, attributes: { epsilon: float(0.01) }, outputCount: 2 },
  ],
  specialPoints: [
    // A constant row: ε keeps the slope finite.
    {
      inputs: { X: { shape: [1, 2], values: [7, 7] }, Scale: { shape: [2], values: [1, 1] } },
      attributes: { epsilon: float(0.25) },
      cotangent: [1, 0],
      // ½ each from the cotangent of Mean.
      gradients: { X: [1 + 0.5, -1 + 0.5], Scale: [0, 0] },
    },
  ],
});
