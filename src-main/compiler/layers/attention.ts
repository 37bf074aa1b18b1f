import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { WeightScheme } from '../run/initialWeights.ts';
import { activate, type ActivationName } from './activation.ts';
import { dropout } from './dropout.ts';
import { glorotUniform } from './initialisation.ts';
import { linear } from './linear.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { layerNorm } from './normalisation.ts';
import { channelsOf } from './sizes.ts';

/** What is added to a score so that a position gets no weight; −∞ would give NaN in a row with nothing to look at. */
const hidden = -1e9;

export interface AttentionSettings {
  readonly name: string;
  /** Divides the width. */
  readonly heads: number;
  /** Positions see only themselves and those before. Default false. */
  readonly causal?: boolean;
  /** `[N, T]` in the model's type: 1 for a token, 0 for padding, which nothing looks at. */
  readonly mask?: TypedValue;
  /** Of the attention weights. Default 0. */
  readonly dropoutRate?: number;
  /** Default: uniform by Glorot. */
  readonly scheme?: WeightScheme;
}

/**
 * Self-attention softmax(Q·Kᵀ/√d)·V in several heads: [N, T, width] to the same — Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762 §3.2. Q, K and V come from one product.
 * Parameters `name.input.weight [width, 3·width]`, `name.input.bias`, `name.output.weight [width, width]`, `name.output.bias`.
 */
export function multiHeadAttention(m: ModelBuilder, x: TypedValue, settings: AttentionSettings): TypedValue {
  const { g } = m;
  const { name, heads, causal = false, mask, dropoutRate = 0, scheme } = settings;
  const [rows, length, width] = [x.shape[0]!, x.shape[1]!, channelsOf(x, -1)];
  if (width % heads !== 0) throw new Error(`${name}: ${heads} heads do not divide a width of ${width}.`);
  const size = width / heads;
  const inner = m.within(name);
  const projected = linear(inner, x, { name: 'input', units: 3 * width, scheme: scheme ?? glorotUniform(width, width) });
  const byHead = g.transpose(copyReshape(m, projected, [0, 0, 3, heads, size]), [2, 0, 3, 1, 4]);
  // Split on the first axis is a copy of memory, and so is its gradient.
  const [query, key, value] = g
    .node('Split', [byHead], { axis: 0, num_outputs: 3 }, 3)
    .map((part) => g.op('Squeeze', [part, g.graph.int64([0])])) as [TypedValue, TypedValue, TypedValue];

  let scores = g.mul(g.matMul(query, g.swapLast(key)), g.scalar(1 / Math.sqrt(size), query));
  if (causal) scores = g.add(scores, causalMask(m, channelsOf(x, 1), scores));
  if (mask) {
    const blocked = g.mul(g.sub(mask, g.scalar(1, mask)), g.scalar(-hidden, mask));
    scores = g.add(scores, g.reshape(blocked, [rows, 1, 1, length]));
  }
  const weights = dropout(m, g.op('Softmax', [scores], { axis: -1 }), dropoutRate);
  const mixed = copyReshape(m, g.transpose(g.matMul(weights, value), [0, 2, 1, 3]), [0, 0, width]);
  return linear(inner, mixed, { name: 'output', units: width, scheme: scheme ?? glorotUniform(width, width) });
}

export interface EncoderLayerSettings extends AttentionSettings {
  /** Width of the feed-forward part. */
  readonly feedForward: number;
  /** Default 'Gelu'. */
  readonly activation?: ActivationName;
  /** Normalise before each part, which trains more stably (Xiong et al. 2020, https://arxiv.org/abs/2002.04745), or after it. Default true. */
  readonly normFirst?: boolean;
  /** Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Attention and a feed-forward part, each with a residual sum and a layerNorm: [N, T, width] to the same (Vaswani et al.
 * 2017 §3.1). Scopes: `name.norm1`, `name.attention`, `name.norm2`, `name.linear1`, `name.linear2`.
 */
export function transformerEncoderLayer(m: ModelBuilder, x: TypedValue, settings: EncoderLayerSettings): TypedValue {
  const { name, feedForward, activation = 'Gelu', normFirst = true, dropoutRate = 0, epsilon = 1e-5, scheme, ...rest } = settings;
  const inner = m.within(name);
  const width = channelsOf(x, -1);
  const withScheme = scheme === undefined ? {} : { scheme };
  const norm = (value: TypedValue, which: string): TypedValue => layerNorm(inner, value, { name: which, epsilon });
  const attend = (value: TypedValue): TypedValue =>
    dropout(m, multiHeadAttention(inner, value, { ...rest, ...withScheme, name: 'attention', dropoutRate }), dropoutRate);
  const feed = (value: TypedValue): TypedValue => {
    const wide = activate(m, linear(inner, value, { name: 'linear1', units: feedForward, ...withScheme }), activation);
    return dropout(m, linear(inner, dropout(m, wide, dropoutRate), { name: 'linear2', units: width, ...withScheme }), dropoutRate);
  };
  const { g } = m;
  if (normFirst) {
    const attended = g.add(x, attend(norm(x, 'norm1')));
    return g.add(attended, feed(norm(attended, 'norm2')));
  }
  const attended = norm(g.add(x, attend(x)), 'norm1');
  return norm(g.add(attended, feed(attended)), 'norm2');
}

/** Reshape in which 0 copies the size, so that batch and length may be names. */
function copyReshape(m: ModelBuilder, x: TypedValue, shape: readonly number[]): TypedValue {
  return m.g.op('Reshape', [x, m.g.graph.int64(shape)]);
}

function causalMask(m: ModelBuilder, length: number, like: TypedValue): TypedValue {
  const values = Array.from({ length: length * length }, (_, at) => (at % length > Math.floor(at / length) ? hidden : 0));
  return m.g.tensor([length, length], values, like);
}
