import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { float } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { ones } from './scaled.ts';

/**
 * (X − μ)/√(σ² + ε) over each row's groups of channels: X [N, C, …], `groups` of C/groups channels. By LayerNormalization,
 * whose kernel and gradient serve here too.
 */
export function normalisedGroups(g: TypedOps, X: TypedValue, groups: number, epsilon: number): TypedValue {
  const batch = X.shape[0]!;
  const size = elementCount(X.shape.slice(1)) / groups;
  const normal = g.op('LayerNormalization', [g.reshape(X, [batch, groups, size]), ones(g, size, X)], { axis: -1, epsilon: float(epsilon) });
  return g.reshape(normal, X.shape);
}

/** normal · scale + bias, one number per channel each. */
export function affine(g: TypedOps, normal: TypedValue, scale: TypedValue, bias: TypedValue): TypedValue {
  const perChannel = (value: TypedValue): TypedValue => g.reshape(value, [value.shape[0]!, ...normal.shape.slice(2).map(() => 1)]);
  return g.add(g.mul(normal, perChannel(scale)), perChannel(bias));
}
