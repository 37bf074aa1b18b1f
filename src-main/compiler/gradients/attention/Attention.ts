import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { causalBias, joinHeads, maskBias, scaledDotProduct, splitHeads } from './scaledDotProduct.ts';

/**
 * Y = softmax(softcap(scale·Q·Kᵀ) + mask)·V in several heads, of which K and V may have fewer. Inputs with three axes hold the
 * heads side by side. Newer than our graphs (opset 23), which therefore hold the formula. The cap comes before the mask and each
 * head of K serves neighbouring heads of Q, as in ONNX Runtime; the numbers stored with onnx 1.18 have both the other way round.
 */
export const attention = defineComposite({
  opType: 'Attention',
  sinceVersion: 23,
  source: 'https://onnx.ai/onnx/operators/onnx__Attention.html',
  formula: 'Y = softmax(softcap(scale·Q·Kᵀ) + mask)·V',
  inputs: ['Q', 'K', 'V', 'attn_mask', 'past_key', 'past_value'],
  outputs: ['Y', 'present_key', 'present_value', 'qk_matmul_output'],
  attributes: { is_causal: 0, kv_num_heads: 0, q_num_heads: 0, qk_matmul_output_mode: 0, scale: 0, softcap: 0 },
  decompose: ({ Q, K, V, attn_mask, past_key, past_value }, attributes, g) => {
    const byHead = (value: TypedValue, heads: number): TypedValue => (value.shape.length === 3 ? splitHeads(g, value, heads) : value);
    const query = byHead(Q, attributes.q_num_heads);
    const after = (past: TypedValue | undefined, now: TypedValue): TypedValue => (past ? g.op('Concat', [past, now], { axis: 2 }) : now);
    const key = after(past_key, byHead(K, attributes.kv_num_heads));
    const value = after(past_value, byHead(V, attributes.kv_num_heads));
    const [length, kvLength] = [Number(query.shape[2]), Number(key.shape[2])];
    const biases: TypedValue[] = [];
    if (attributes.is_causal) biases.push(causalBias(g, length, kvLength, past_key ? Number(past_key.shape[2]) : 0, query));
    if (attn_mask) biases.push(attn_mask.dtype === 'bool' ? maskBias(g, attn_mask, query) : attn_mask);
    const { output, scores } = scaledDotProduct(
      g,
      { query, key, value },
      { scale: attributes.scale || 1 / Math.sqrt(Number(query.shape[3])), biases, softcap: attributes.softcap },
    );
    return [Q.shape.length === 3 ? joinHeads(g, output) : output, key, value, scores[attributes.qk_matmul_output_mode]];
  },
  samples: [
    {
      inputs: { Q: [2, 3, 4], K: [2, 2, 4], V: [2, 2, 6] },
      attributes: { q_num_heads: integer(2), kv_num_heads: integer(2) },
      outputCount: 1,
    },
    { inputs: { Q: [1, 2, 3, 2], K: [1, 2, 3, 2], V: [1, 2, 3, 2] }, attributes: { is_causal: integer(1) }, outputCount: 1 },
    {
      inputs: { Q: [1, 3, 8], K: [1, 4, 4], V: [1, 4, 2], attn_mask: [3, 4] },
      attributes: { q_num_heads: integer(4), kv_num_heads: integer(2), scale: float(0.3), softcap: float(1.5) },
      outputCount: 1,
    },
    {
      inputs: { Q: [2, 2, 2, 3], K: [2, 1, 3, 3], V: [2, 1, 3, 2] },
      constants: { attn_mask: { dtype: 'bool', shape: [2, 1, 2, 3], data: Uint8Array.of(1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1) } },
      outputCount: 1,
    },
    {
      inputs: { Q: [1, 2, 2, 3], K: [1, 2, 2, 3], V: [1, 2, 2, 2], past_key: [1, 2, 1, 3], past_value: [1, 2, 1, 2] },
      attributes: { is_causal: integer(1), qk_matmul_output_mode: integer(3) },
    },
  ],
  specialPoints: [],
});
