import { matMul } from './product.ts';
import {
  elementAt,
  fill,
  integersAttribute,
  numberAttribute,
  tensor,
  type Operator,
  type OperatorContext,
  type ReferenceTensor,
} from './tensors.ts';

export const attention: Readonly<Record<string, Operator>> = {
  Attention: ([Q, K, V, mask, pastKey, pastValue], context) => {
    const number = (name: string): number => numberAttribute(context.attributes, name, 0);
    const [query, newKey, newValue] = [
      splitHeads(Q!, number('q_num_heads')),
      splitHeads(K!, number('kv_num_heads')),
      splitHeads(V!, number('kv_num_heads')),
    ];
    const [key, value] = [append(pastKey, newKey), append(pastValue, newValue)];
    const offset = pastKey ? pastKey.shape[2]! : 0;
    const isFloatMask = mask && isFloat(mask);
    const { output, scores } = attend(query, key, value, number('scale'), number('softcap'), (index) => {
      const [, , s, t] = index as [number, number, number, number];
      const later = number('is_causal') && t > s + offset;
      const masked = mask && !isFloatMask && elementAt(mask, index) === 0;
      return (later || masked ? -Infinity : 0) + (mask && isFloatMask ? elementAt(mask, index) : 0);
    });
    return [Q!.shape.length === 3 ? joinHeads(output) : output, key, value, scores[number('qk_matmul_output_mode')]!];
  },
  RotaryEmbedding: ([x, cos, sin, positions], context) => rotate(x!, cos!, sin!, positions, context),
  'com.microsoft.RotaryEmbedding': ([x, positions, cos, sin], context) => {
    const length = x!.shape.at(-2)!;
    const first = positions!.data[0]!;
    const each =
      positions!.shape.length === 1
        ? tensor(
            [x!.shape[0]!, length],
            Array.from({ length: x!.shape[0]! * length }, (_, at) => first + (at % length)),
          )
        : positions;
    return rotate(x!, cos!, sin!, each, context);
  },
  'com.microsoft.MultiHeadAttention': ([query, key, value, bias, mask, attentionBias], context) => {
    const widths = [query!, key!, value!].map((each) => each.shape[2]!);
    const withBias = (x: ReferenceTensor, start: number): ReferenceTensor =>
      fill(x.shape, (index) => elementAt(x, index) + (bias ? bias.data[start + index[2]!]! : 0));
    return ofMicrosoft(
      [withBias(query!, 0), withBias(key!, widths[0]!), withBias(value!, widths[0]! + widths[1]!)],
      mask,
      attentionBias,
      context,
    );
  },
  'com.microsoft.Attention': ([input, weights, bias, mask, , attentionBias], context) => {
    const projected = matMul(input!, weights!);
    const third = weights!.shape[1]! / 3;
    const widths = integersAttribute(context.attributes, 'qkv_hidden_sizes') ?? [third, third, third];
    const part = (at: number): ReferenceTensor => {
      const start = widths.slice(0, at).reduce((sum, each) => sum + each, 0);
      return fill([...input!.shape.slice(0, 2), widths[at]!], ([row, step, column]) => {
        const from = start + column!;
        return elementAt(projected, [row!, step!, from]) + (bias ? bias.data[from]! : 0);
      });
    };
    return ofMicrosoft([part(0), part(1), part(2)], mask, attentionBias, context);
  },
};

/** softmax over the keys of each query; each run of neighbouring query heads shares a head of keys. */
function attend(
  query: ReferenceTensor,
  key: ReferenceTensor,
  value: ReferenceTensor,
  scale: number,
  softcap: number,
  bias: (index: readonly number[]) => number,
): { output: ReferenceTensor; scores: ReferenceTensor[] } {
  const [rows, heads, length, size] = query.shape as [number, number, number, number];
  const [, kvHeads, kvLength] = key.shape as [number, number, number];
  const headOf = (head: number): number => Math.floor(head / (heads / kvHeads));
  const products = fill([rows, heads, length, kvLength], ([row, head, s, t]) => {
    let sum = 0;
    for (let at = 0; at < size; at++) sum += elementAt(query, [row!, head!, s!, at]) * elementAt(key, [row!, headOf(head!), t!, at]);
    return sum * (scale || 1 / Math.sqrt(size));
  });
  const capped = fill(products.shape, (index) =>
    softcap ? softcap * Math.tanh(elementAt(products, index) / softcap) : elementAt(products, index),
  );
  const biased = fill(capped.shape, (index) => elementAt(capped, index) + bias(index));
  const weights = fill(biased.shape, ([row, head, s, t]) => {
    const line = Array.from({ length: kvLength }, (_, at) => elementAt(biased, [row!, head!, s!, at]));
    const max = Math.max(...line);
    return Math.exp(line[t!]! - max) / line.reduce((sum, each) => sum + Math.exp(each - max), 0);
  });
  const output = fill([rows, heads, length, value.shape[3]!], ([row, head, s, column]) => {
    let sum = 0;
    for (let t = 0; t < kvLength; t++)
      sum += elementAt(weights, [row!, head!, s!, t]) * elementAt(value, [row!, headOf(head!), t, column!]);
    return sum;
  });
  return { output, scores: [products, capped, biased, weights] };
}

function ofMicrosoft(
  projected: readonly [ReferenceTensor, ReferenceTensor, ReferenceTensor],
  mask: ReferenceTensor | undefined,
  attentionBias: ReferenceTensor | undefined,
  { attributes }: OperatorContext,
): ReferenceTensor {
  const low = numberAttribute(attributes, 'mask_filter_value', -10000);
  const [query, key, value] = projected.map((each) => splitHeads(each, numberAttribute(attributes, 'num_heads', 1)));
  const { output } = attend(query!, key!, value!, numberAttribute(attributes, 'scale', 0), 0, (index) => {
    const [row, , s, t] = index as [number, number, number, number];
    const masked = mask && elementAt(mask, mask.shape.length === 2 ? [row, t] : [row, s, t]) === 0;
    const later = numberAttribute(attributes, 'unidirectional', 0) && t > s;
    return (masked ? low : 0) + (later ? low : 0) + (attentionBias ? elementAt(attentionBias, index) : 0);
  });
  return joinHeads(output);
}

/** Pairs of one head's features, turned by the angles of the position. */
function rotate(
  x: ReferenceTensor,
  cos: ReferenceTensor,
  sin: ReferenceTensor,
  positions: ReferenceTensor | undefined,
  { attributes }: OperatorContext,
): ReferenceTensor {
  const turning = numberAttribute(attributes, 'rotary_embedding_dim', 0);
  const size =
    x.shape.length === 4
      ? x.shape[3]!
      : x.shape[2]! / (numberAttribute(attributes, 'num_heads', 0) || x.shape[2]! / (2 * cos.shape.at(-1)!));
  const pairs = (turning || size) / 2;
  const interleaved = numberAttribute(attributes, 'interleaved', 0) === 1;
  return fill(x.shape, (index) => {
    const [row, step] = x.shape.length === 4 ? [index[0]!, index[2]!] : [index[0]!, index[1]!];
    const feature = index.at(-1)! % size;
    if (feature >= 2 * pairs) return elementAt(x, index);
    const pair = interleaved ? Math.floor(feature / 2) : feature % pairs;
    const isFirst = interleaved ? feature % 2 === 0 : feature < pairs;
    const other = interleaved ? (isFirst ? 1 : -1) : isFirst ? pairs : -pairs;
    const angle = (cache: ReferenceTensor): number =>
      positions ? elementAt(cache, [elementAt(positions, [row, step]), pair]) : elementAt(cache, [row, step, pair]);
    const partner = elementAt(x, index.with(index.length - 1, index.at(-1)! + other));
    return elementAt(x, index) * angle(cos) + (isFirst ? -1 : 1) * partner * angle(sin);
  });
}

/** Booleans are 0 and 1 here: a mask of nothing else is one of truth values. */
function isFloat(mask: ReferenceTensor): boolean {
  return mask.data.some((each) => each !== 0 && each !== 1);
}

function splitHeads(x: ReferenceTensor, heads: number): ReferenceTensor {
  if (x.shape.length === 4) return x;
  const [rows, length, width] = x.shape as [number, number, number];
  const size = width / heads;
  return fill([rows, heads, length, size], ([row, head, step, at]) => elementAt(x, [row!, step!, head! * size + at!]));
}

function joinHeads(x: ReferenceTensor): ReferenceTensor {
  const [rows, heads, length, size] = x.shape as [number, number, number, number];
  return fill([rows, length, heads * size], ([row, step, column]) =>
    elementAt(x, [row!, Math.floor(column! / size), step!, column! % size]),
  );
}

function append(past: ReferenceTensor | undefined, now: ReferenceTensor): ReferenceTensor {
  if (!past) return now;
  const before = past.shape[2]!;
  return fill(now.shape.with(2, before + now.shape[2]!), (index) =>
    index[2]! < before ? elementAt(past, index) : elementAt(now, index.with(2, index[2]! - before)),
  );
}
