import { float, integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import { defineComposite } from '../defineGradient.ts';

/** Y = X/√(mean X² + ε) · scale over the last axes, by ONNX Runtime's kernel, which knows one axis: several are joined. */
export const rmsNormalization = defineComposite({
  opType: 'RMSNormalization',
  sinceVersion: 23,
  source:
    'https://onnx.ai/onnx/operators/onnx__RMSNormalization.html; Zhang & Sennrich (2019), Root Mean Square Layer Normalization, eq. 4',
  formula: 'Y = SimplifiedLayerNormalization(X, scale)',
  inputs: ['X', 'scale'],
  outputs: ['Y'],
  attributes: { axis: -1, epsilon: 1e-5 },
  runsOnCpu: false,
  decompose: ({ X, scale }, { axis, epsilon }, g) => {
    const first = fromEnd(axis, X.shape.length);
    const [leading, size] = [X.shape.slice(0, first), elementCount(X.shape.slice(first))];
    const flatScale = g.reshape(g.expand(scale, X.shape.slice(first)), [size]);
    const y = g.op('SimplifiedLayerNormalization', [g.reshape(X, [...leading, size]), flatScale], { axis: -1, epsilon: float(epsilon) });
    return [g.reshape(y, X.shape)];
  },
  samples: [
    { inputs: { X: [3, 5], scale: [5] } },
    { inputs: { X: [2, 3, 4], scale: [3, 4] }, attributes: { axis: integer(1), epsilon: float(0.1) } },
    { inputs: { X: [2, 3, 4], scale: [4] }, attributes: { axis: integer(-2) } },
  ],
  specialPoints: [],
});
