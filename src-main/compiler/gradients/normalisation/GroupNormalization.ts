import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { affine, normalisedGroups } from './groups.ts';

/**
 * Y = (X − μ)/√(σ² + ε) · scale + bias, μ and σ² of each row's group of channels. One scale per channel; the version of
 * opset 18 has one per group, which its length tells.
 */
export const groupNormalization = defineComposite({
  opType: 'GroupNormalization',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__GroupNormalization.html; Wu & He (2018), Group Normalization',
  formula: 'Y = LayerNormalization over a group · scale + bias',
  inputs: ['X', 'scale', 'bias'],
  outputs: ['Y'],
  attributes: { epsilon: 1e-5, num_groups: 1 },
  decompose: ({ X, scale, bias }, { epsilon, num_groups: groups }, g) => {
    const each = (value: TypedValue): TypedValue => forEachChannel(g, value, Number(X.shape[1]));
    return [affine(g, normalisedGroups(g, X, groups, epsilon), each(scale), each(bias))];
  },
  samples: [
    { inputs: { X: [2, 4, 2, 3], scale: [4], bias: [4] }, attributes: { num_groups: integer(2) } },
    { inputs: { X: [2, 6, 2], scale: [6], bias: [6] }, attributes: { num_groups: integer(3), epsilon: float(0.1) } },
    { inputs: { X: [2, 3, 2], scale: [3], bias: [3] }, attributes: { num_groups: integer(1) } },
  ],
  specialPoints: [],
});

function forEachChannel(g: TypedOps, value: TypedValue, channels: number): TypedValue {
  const groups = Number(value.shape[0]);
  if (groups === channels) return value;
  return g.reshape(g.expand(g.reshape(value, [groups, 1]), [groups, channels / groups]), [channels]);
}
