import { readInteger, readNumber } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { broadcast } from './broadcast.ts';
import { byLength, inFull, rowsFirst, squaredLengths, type RowGradients, type RowRule, type RowUse } from './rowRule.ts';

/**
 * Y = X·W for one matrix W: row i has g_i = X_iᵀ·D_i, X_i [places, K] what it feeds in, D_i [places, M] the gradient of what comes
 * out. The length needs no g_i: for one place ‖g_i‖² = ‖x_i‖²·‖d_i‖², for more ‖g_i‖² = ⟨X_i X_iᵀ, D_i D_iᵀ⟩.
 *
 * Sources: Goodfellow, Efficient per-example gradient computations (2015), https://arxiv.org/abs/1510.01799; Li et al., Large
 * language models can be strong differentially private learners (2022), https://arxiv.org/abs/2110.05679 §4 ("ghost clipping").
 */
export const matMul: RowRule = (use) => {
  const { g, entry, at, gradient, axisOf } = use;
  const [output] = entry.outputs;
  const [weight, data] = [entry.inputs[at]!, entry.inputs[1 - at]!];
  const axis = axisOf(data);
  if (weight.shape.length !== 2 || data.shape.length < 2 || axis === undefined) return undefined;
  if (at === 1) return axis === data.shape.length - 1 ? undefined : ofFactors(use, data, axis, gradient, axisOf(output)!, false);
  // W·X: the same with both turned round.
  if (axis === data.shape.length - 2) return undefined;
  const turned = (value: TypedValue, of: number): [TypedValue, number] => {
    const last = value.shape.length - 1;
    return [g.swapLast(value), of === last ? last - 1 : of];
  };
  return ofFactors(use, ...turned(data, axis), ...turned(gradient, axisOf(output)!), true);
};

/** Y = α A·B' + β C: rows in A, which is not transposed. */
export const gemm: RowRule = (use) => {
  const { g, entry, at, gradient, axisOf } = use;
  const [A] = entry.inputs;
  if (at === 2) return broadcast(use);
  if (at !== 1 || axisOf(A) !== 0 || readInteger(entry.attributes, 'transA', 0) === 1) return undefined;
  const alpha = readNumber(entry.attributes, 'alpha', 1);
  const scaled = alpha === 1 ? gradient : g.mul(gradient, g.scalar(alpha, gradient));
  return ofFactors(use, A!, 0, scaled, 0, readInteger(entry.attributes, 'transB', 0) === 1);
};

/** `turned`: the weight is [M, K]. */
function ofFactors(
  use: RowUse,
  data: TypedValue,
  dataAxis: number,
  gradient: TypedValue,
  gradientAxis: number,
  turned: boolean,
): RowGradients {
  const { g, batch } = use;
  const X = rowsFirst(use, data, dataAxis, 1);
  const D = rowsFirst(use, gradient, gradientAxis, 1);
  const [places, K, M] = [Number(X.shape[1]), Number(X.shape[2]), Number(D.shape[2])];
  const each = (): TypedValue => (turned ? g.matMul(g.swapLast(D), X) : g.matMul(g.swapLast(X), D));
  if (places === 1) return byLength(use, () => g.mul(squaredLengths(g, X), squaredLengths(g, D)), each);
  if (!lengthIsCheaper(places, K, M)) return inFull(use, each);
  const pairs = (value: TypedValue): TypedValue => g.matMul(value, g.swapLast(value));
  const lengths = (): TypedValue => g.reduceSum(g.reshape(g.mul(pairs(X), pairs(D)), [batch, places * places]), [1], false);
  return byLength(use, lengths, each);
}

/**
 * Pairs of places cost places²·(K + M) and the sum once more places·K·M, a gradient in full places·K·M and, to be written, read for
 * its length and read for the sum, as much as about `memoryCost` multiplications an element.
 */
function lengthIsCheaper(places: number, K: number, M: number): boolean {
  return places * places * (K + M) < memoryCost * K * M;
}

const memoryCost = 16;
