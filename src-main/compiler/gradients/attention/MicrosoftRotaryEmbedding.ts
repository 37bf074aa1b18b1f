import { integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { rotateHeads } from './rotate.ts';

/** As ONNX's own, with the positions always given: one per token, or the first one's alone. */
export const microsoftRotaryEmbedding = defineComposite({
  opType: 'RotaryEmbedding',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.RotaryEmbedding',
  formula: 'x₁′ = x₁ cos − x₂ sin, x₂′ = x₁ sin + x₂ cos',
  inputs: ['input', 'position_ids', 'cos_cache', 'sin_cache'],
  outputs: ['output'],
  attributes: { interleaved: 0, num_heads: 0, rotary_embedding_dim: 0 },
  decompose: ({ input, position_ids, cos_cache, sin_cache }, { interleaved, num_heads, rotary_embedding_dim }, g) => {
    const length = Number(input.shape[input.shape.length - 2]);
    const steps = g.constant({ dtype: 'int64', shape: [1, length], data: BigInt64Array.from({ length }, (_, at) => BigInt(at)) });
    const positions = position_ids.shape.length === 1 ? g.add(g.reshape(position_ids, [1, 1]), steps) : position_ids;
    const heads = num_heads || Number(input.shape[2]) / (2 * Number(cos_cache.shape[1]));
    const settings = { interleaved: interleaved === 1, turning: rotary_embedding_dim };
    return [rotateHeads(g, input, heads, g.gather(cos_cache, positions), g.gather(sin_cache, positions), settings)];
  },
  samples: [
    {
      inputs: { input: [2, 3, 8], cos_cache: [5, 2], sin_cache: [5, 2] },
      constants: { position_ids: { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(0n, 1n, 2n, 4n, 0n, 3n) } },
    },
    {
      inputs: { input: [2, 2, 3, 4], cos_cache: [5, 2], sin_cache: [5, 2] },
      constants: { position_ids: { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n) } },
      attributes: { interleaved: integer(1) },
    },
  ],
  specialPoints: [],
});
