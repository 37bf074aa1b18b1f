import { integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { rotateHeads } from './rotate.ts';

/** Pairs of features turned by their position's angles. Newer than our graphs (opset 23), which therefore hold the formula. */
export const rotaryEmbedding = defineComposite({
  opType: 'RotaryEmbedding',
  sinceVersion: 23,
  source: 'https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html',
  formula: 'x₁′ = x₁ cos − x₂ sin, x₂′ = x₁ sin + x₂ cos',
  inputs: ['X', 'cos_cache', 'sin_cache', 'position_ids'],
  outputs: ['Y'],
  attributes: { interleaved: 0, num_heads: 0, rotary_embedding_dim: 0 },
  decompose: ({ X, cos_cache, sin_cache, position_ids }, { interleaved, num_heads, rotary_embedding_dim }, g) => {
    const [cos, sin] = position_ids ? [g.gather(cos_cache, position_ids), g.gather(sin_cache, position_ids)] : [cos_cache, sin_cache];
    return [rotateHeads(g, X, num_heads, cos, sin, { interleaved: interleaved === 1, turning: rotary_embedding_dim })];
  },
  samples: [
    {
      inputs: { X: [2, 2, 3, 4], cos_cache: [5, 2], sin_cache: [5, 2] },
      constants: { position_ids: { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(0n, 1n, 2n, 4n, 0n, 3n) } },
    },
    {
      inputs: { X: [2, 3, 8], cos_cache: [2, 3, 2], sin_cache: [2, 3, 2] },
      attributes: { num_heads: integer(2), interleaved: integer(1) },
    },
    {
      inputs: { X: [1, 2, 12], cos_cache: [1, 2, 2], sin_cache: [1, 2, 2] },
      attributes: { num_heads: integer(2), rotary_embedding_dim: integer(4) },
    },
  ],
  specialPoints: [],
});
