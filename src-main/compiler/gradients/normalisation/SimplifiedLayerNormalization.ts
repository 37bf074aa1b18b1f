import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import { float } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { once } from '../activation/once.ts';
import { defineGradient } from '../defineGradient.ts';
import { scaled } from './scaled.ts';

/**
 * Y = x̂·scale, x̂ = X·r over the last axes, r = InvStdDev = 1/√(mean X² + ε): the ONNX Runtime kernel of RMSNormalization.
 * dX = r·(d − x̂·mean(d·x̂)), d = dY·scale; what arrives for r adds −dr·r²·x̂/n.
 */
export const simplifiedLayerNormalization = defineGradient({
  opType: 'SimplifiedLayerNormalization',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/graph/contrib_ops/contrib_defs.cc',
  formula: 'dX = r·(d − x̂·mean(d·x̂)), d = dY·scale;  dscale = dY·x̂',
  inputs: ['X', 'scale'],
  outputs: ['Y', 'inv_std_var'],
  attributes: { axis: -1 },
  vjp: ({ X, scale, Y }, { Y: dY }, { axis }, g, { gradients }) => {
    const first = fromEnd(axis, X.shape.length);
    const axes = X.shape.map((_, at) => at).slice(first);
    const r = once(() => g.furtherOutput(Y, 1));
    const normal = once(() => g.mul(X, r()));
    return {
      X: () => {
        const d = scaled(g, dY, scale);
        const along = g.op('ReduceMean', [g.mul(d, normal()), g.graph.int64(axes)], { keepdims: 1 });
        const [, ofR] = gradients;
        const share = g.scalar(1 / elementCount(X.shape.slice(first)), X);
        const slope = ofR ? g.add(along, g.mul(g.mul(ofR, r()), share)) : along;
        return g.mul(r(), g.sub(d, g.mul(normal(), slope)));
      },
      scale: () => g.mul(dY, normal()),
    };
  },
  samples: [
    { inputs: { X: [3, 5], scale: [5] }, outputCount: 1 },
    { inputs: { X: [2, 3, 4], scale: [4] }, attributes: { epsilon: float(0.1) } },
  ],
  specialPoints: [],
});
