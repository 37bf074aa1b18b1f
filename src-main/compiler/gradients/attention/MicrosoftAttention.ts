import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer, readIntegers } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { paddingBias } from './MultiHeadAttention.ts';
import { causalBias, joinHeads, scaledDotProduct, splitHeads } from './scaledDotProduct.ts';

/** Self-attention with its projection: Q, K, V = input·weights + bias, then softmax(scale·Q·Kᵀ + masks)·V. */
export const microsoftAttention = defineComposite({
  opType: 'Attention',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention',
  formula: 'Q, K, V = input·weights + bias; output = softmax(scale·Q·Kᵀ + masks)·V',
  inputs: ['input', 'weights', 'bias', 'mask_index', 'past', 'attention_bias', 'past_sequence_length'],
  outputs: ['output'],
  attributes: { num_heads: 0, mask_filter_value: -10000, scale: 0, unidirectional: 0, do_rotary: 0 },
  decompose: (inputs, { num_heads, mask_filter_value, scale, unidirectional, do_rotary }, g, { attributes, outputCount }) => {
    const { input, weights, bias, mask_index, attention_bias } = inputs;
    const refuse = (reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_IMPORT_NODE_UNSUPPORTED', { node: weights.name, operator: 'Attention', reason });
    };
    if (inputs.past || inputs.past_sequence_length || outputCount > 1) refuse('it keeps keys and values, which training does not.');
    if (do_rotary) refuse('its attribute "do_rotary" is not supported.');
    const third = Number(weights.shape[1]) / 3;
    const widths = readIntegers(attributes, 'qkv_hidden_sizes') ?? [third, third, third];
    const product = g.matMul(input, weights);
    const projected = bias ? g.add(product, bias) : product;
    const [query, key, value] = g
      .node('Split', [projected, g.graph.int64(widths)], { axis: 2 }, 3)
      .map((each) => splitHeads(g, each, num_heads)) as [TypedValue, TypedValue, TypedValue];
    const length = Number(query.shape[2]);
    const masks = [
      ...(mask_index ? [paddingBias(g, mask_index, query, mask_filter_value, refuse)] : []),
      ...(unidirectional ? [causalBias(g, length, length, 0, query, mask_filter_value)] : []),
      ...(attention_bias ? [attention_bias] : []),
    ];
    const settings = { scale: scale || 1 / Math.sqrt(Number(query.shape[3])), biases: masks };
    return [joinHeads(g, scaledDotProduct(g, { query, key, value }, settings).output)];
  },
  samples: [
    { inputs: { input: [2, 3, 3], weights: [3, 12], bias: [12] }, attributes: { num_heads: integer(2) } },
    {
      inputs: { input: [2, 3, 3], weights: [3, 10], bias: [10], attention_bias: [2, 2, 3, 3] },
      constants: { mask_index: { dtype: 'int32', shape: [2, 3], data: Int32Array.of(1, 1, 1, 1, 1, 0) } },
      attributes: { num_heads: integer(2), qkv_hidden_sizes: { kind: 'ints', value: [4, 4, 2] }, scale: float(0.4) },
    },
    {
      inputs: { input: [1, 3, 2], weights: [2, 6], bias: [6] },
      attributes: { num_heads: integer(1), unidirectional: integer(1) },
    },
  ],
  specialPoints: [],
});
