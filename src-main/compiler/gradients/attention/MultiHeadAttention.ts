import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { causalBias, joinHeads, maskBias, scaledDotProduct, splitHeads } from './scaledDotProduct.ts';

/** output = softmax(scale·Q·Kᵀ + masks)·V, heads side by side; without a cache of keys and values, and not packed. */
export const multiHeadAttention = defineComposite({
  opType: 'MultiHeadAttention',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MultiHeadAttention',
  formula: 'output = softmax(scale·Q·Kᵀ + masks)·V',
  inputs: ['query', 'key', 'value', 'bias', 'key_padding_mask', 'attention_bias', 'past_key', 'past_value'],
  outputs: ['output'],
  attributes: { num_heads: 0, mask_filter_value: -10000, scale: 0, unidirectional: 0 },
  decompose: (inputs, { num_heads, mask_filter_value, scale, unidirectional }, g, { outputCount }) => {
    const { query, key, value, bias, key_padding_mask, attention_bias } = inputs;
    const refuse = (reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_IMPORT_NODE_UNSUPPORTED', { node: query.name, operator: 'MultiHeadAttention', reason });
    };
    if (inputs.past_key || inputs.past_value || outputCount > 1) refuse('it keeps keys and values, which training does not.');
    if (query.shape.length !== 3 || key?.shape.length !== 3 || value?.shape.length !== 3) refuse('its query, key and value are packed.');
    const all = [query, key, value] as const;
    const widths = all.map((each) => Number(each.shape[2]));
    const biases = bias ? g.node('Split', [bias, g.graph.int64(widths)], { axis: 0 }, 3) : [];
    const [q, k, v] = all.map((each, at) => splitHeads(g, biases[at] ? g.add(each, biases[at]) : each, num_heads)) as [
      TypedValue,
      TypedValue,
      TypedValue,
    ];
    const masks = [
      ...(key_padding_mask ? [paddingBias(g, key_padding_mask, q, mask_filter_value, refuse)] : []),
      ...(unidirectional ? [causalBias(g, Number(q.shape[2]), Number(k.shape[2]), 0, q, mask_filter_value)] : []),
      ...(attention_bias ? [attention_bias] : []),
    ];
    const settings = { scale: scale || 1 / Math.sqrt(Number(q.shape[3])), biases: masks };
    return [joinHeads(g, scaledDotProduct(g, { query: q, key: k, value: v }, settings).output)];
  },
  samples: [
    { inputs: { query: [2, 3, 4], key: [2, 2, 4], value: [2, 2, 4] }, attributes: { num_heads: integer(2) } },
    {
      inputs: { query: [2, 3, 4], key: [2, 3, 4], value: [2, 3, 2], bias: [10], attention_bias: [1, 2, 3, 3] },
      constants: { key_padding_mask: { dtype: 'int32', shape: [2, 3], data: Int32Array.of(1, 1, 1, 1, 1, 0) } },
      attributes: { num_heads: integer(2), scale: float(0.5) },
    },
    {
      inputs: { query: [1, 3, 4], key: [1, 3, 4], value: [1, 3, 4] },
      attributes: { num_heads: integer(1), unidirectional: integer(1) },
    },
  ],
  specialPoints: [],
});

/** 1 where a key counts: [N, T], or [N, S, T] with rows for each position. */
export function paddingBias(g: TypedOps, mask: TypedValue, like: TypedValue, low: number, refuse: (reason: string) => never): TypedValue {
  const [rows, ...rest] = mask.shape as readonly number[];
  if (mask.shape.length !== 2 && mask.shape.length !== 3)
    refuse(`its mask [${mask.shape.join()}] is not one of [batch, keys] or [batch, queries, keys].`);
  const counts = mask.dtype === 'bool' ? mask : g.op('Greater', [mask, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(0) })]);
  return maskBias(g, g.reshape(counts, mask.shape.length === 2 ? [rows!, 1, 1, rest[0]!] : [rows!, 1, ...rest]), like, low);
}
