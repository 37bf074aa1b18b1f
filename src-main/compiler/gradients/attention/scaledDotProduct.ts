import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';

/** By heads: query [N, heads, S, size], key [N, kvHeads, T, size], value [N, kvHeads, T, valueSize]. */
export interface Heads {
  readonly query: TypedValue;
  readonly key: TypedValue;
  readonly value: TypedValue;
}

export interface ScoreSettings {
  readonly scale: number;
  /** c·tanh(score / c), before the biases; 0 for none. */
  readonly softcap?: number;
  /** Added to the scores, in order; each broadcasts to [N, heads, S, T]. */
  readonly biases: readonly TypedValue[];
}

/** The stages that Attention can hand out, by its `qk_matmul_output_mode`. */
export interface AttentionResult {
  readonly output: TypedValue;
  readonly scores: readonly [products: TypedValue, capped: TypedValue, biased: TypedValue, weights: TypedValue];
}

/** Smallest float32: what is added to a score that must get no weight. −∞ would give NaN in a row that sees nothing. */
export const hidden = -3.4028234663852886e38;

/**
 * softmax(softcap(scale·Q·Kᵀ) + biases)·V — Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.2. With fewer heads of K and V each
 * serves a run of neighbouring heads of Q (Ainslie et al. 2023, https://arxiv.org/abs/2305.13245), whose rows are joined: no copy of K or V.
 */
export function scaledDotProduct(
  g: TypedOps,
  { query, key, value }: Heads,
  { scale, biases, softcap = 0 }: ScoreSettings,
): AttentionResult {
  const [rows, heads, length, size] = query.shape as readonly [number, number, number, number];
  const [kvHeads, kvLength] = [Number(key.shape[1]), Number(key.shape[2])];
  const joinedRows = (heads / kvHeads) * length;
  const joined = g.reshape(query, [rows, kvHeads, joinedRows, size]);
  const raw = g.mul(g.matMul(joined, g.swapLast(key)), g.scalar(scale, query));
  const products = g.reshape(raw, [rows, heads, length, kvLength]);
  const capped = softcap === 0 ? products : g.mul(g.op('Tanh', [g.div(products, g.scalar(softcap, query))]), g.scalar(softcap, query));
  const biased = biases.reduce((sum, bias) => g.add(sum, bias), capped);
  const weights = g.op('Softmax', [biased], { axis: -1 });
  const mixed = g.matMul(g.reshape(weights, [rows, kvHeads, joinedRows, kvLength]), value);
  return {
    output: g.reshape(mixed, [rows, heads, length, Number(value.shape[3])]),
    scores: [products, capped, biased, weights],
  };
}

/** [N, S, heads·size] to [N, heads, S, size]. */
export function splitHeads(g: TypedOps, value: TypedValue, heads: number): TypedValue {
  const [rows, length, width] = value.shape as readonly [number, number, number];
  return g.transpose(g.reshape(value, [rows, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, S, size] to [N, S, heads·size]. */
export function joinHeads(g: TypedOps, value: TypedValue): TypedValue {
  const [rows, heads, length, size] = value.shape as readonly [number, number, number, number];
  return g.reshape(g.transpose(value, [0, 2, 1, 3]), [rows, length, heads * size]);
}

/** [S, T]: hides from position s (counted from `offset`) what comes after it. */
export function causalBias(g: TypedOps, length: number, kvLength: number, offset: number, like: TypedValue, low = hidden): TypedValue {
  const values = Array.from({ length: length * kvLength }, (_, at) => (at % kvLength > Math.floor(at / kvLength) + offset ? low : 0));
  return g.constant(tensorOf(like.dtype as 'float32' | 'float64', [length, kvLength], values));
}

/** 0 where the mask is true, else `low`. */
export function maskBias(g: TypedOps, mask: TypedValue, like: TypedValue, low = hidden): TypedValue {
  return g.op('Where', [mask, g.scalar(0, like), g.scalar(low, like)]);
}
