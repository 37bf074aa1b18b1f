import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/graph.ts';
import { fixed, like, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

export const attention = {
  Attention: ({ inputs, attributes }) => {
    const [Q, K, V, , pastKey, pastValue] = inputs;
    const byHead = (value: TensorType, name: string): readonly Dim[] => {
      const heads = readInteger(attributes, name, 0);
      if (value.shape.length === 4) return value.shape;
      if (value.shape.length !== 3 || heads < 1)
        throw new Error(`Attention: [${value.shape.join()}] needs three axes and "${name}", or four axes.`);
      const width = fixed(value.shape[2], 'Attention: a width');
      if (width % heads !== 0) throw new Error(`Attention: ${heads} heads do not divide a width of ${width}.`);
      return [value.shape[0]!, heads, value.shape[1]!, width / heads];
    };
    const [query, key, value] = [byHead(Q!, 'q_num_heads'), byHead(K!, 'kv_num_heads'), byHead(V!, 'kv_num_heads')];
    const [heads, kvHeads] = [fixed(query[1], 'Attention: heads'), fixed(key[1], 'Attention: heads')];
    if (heads % kvHeads !== 0 || query[3] !== key[3] || key[2] !== value[2] || kvHeads !== value[1])
      throw new Error(`Attention: Q [${Q!.shape.join()}], K [${K!.shape.join()}] and V [${V!.shape.join()}] do not fit each other.`);
    const past = pastKey ? fixed(pastKey.shape[2], 'Attention: the length of past_key') : 0;
    const total = pastKey ? past + fixed(key[2], 'Attention: a length') : key[2]!;
    const { dtype } = Q!;
    return [
      {
        dtype,
        shape: Q!.shape.length === 3 ? [query[0]!, query[2]!, heads * fixed(value[3], 'A size')] : [...query.slice(0, 3), value[3]!],
      },
      { dtype: (pastKey ?? K!).dtype, shape: [key[0]!, key[1]!, total, key[3]!] },
      { dtype: (pastValue ?? V!).dtype, shape: [value[0]!, value[1]!, total, value[3]!] },
      { dtype, shape: [query[0]!, heads, query[2]!, total] },
    ];
  },
  RotaryEmbedding: (context) => rotated(context, context.inputs[1]!),
  'com.microsoft.RotaryEmbedding': (context) => rotated(context, context.inputs[2]!),
  'com.microsoft.MultiHeadAttention': ({ inputs: [query, , value] }) => ({
    dtype: query!.dtype,
    shape: value?.shape.length === 3 ? [...query!.shape.slice(0, 2), value.shape[2]!] : query!.shape,
  }),
  'com.microsoft.Attention': ({ inputs: [input, weights], attributes }) => {
    const width = readIntegers(attributes, 'qkv_hidden_sizes')?.[2] ?? fixed(weights!.shape[1], 'Attention: a width') / 3;
    return { dtype: input!.dtype, shape: [...input!.shape.slice(0, 2), width] };
  },
} satisfies Record<string, ShapeRule>;

function rotated(context: ShapeContext, cache: TensorType): TensorType {
  const [x] = context.inputs;
  const turning = readInteger(context.attributes, 'rotary_embedding_dim', 0);
  const heads = readInteger(context.attributes, 'num_heads', 0);
  const size = x!.shape.length === 4 ? x!.shape[3]! : heads > 0 ? fixed(x!.shape[2], 'RotaryEmbedding: a width') / heads : undefined;
  const width = turning || size;
  if (width !== undefined && 2 * fixed(cache.shape.at(-1), 'RotaryEmbedding: the width of a cache') !== width)
    throw new Error(`RotaryEmbedding: caches [${cache.shape.join()}] do not fit ${width} turning features.`);
  return like(context);
}
