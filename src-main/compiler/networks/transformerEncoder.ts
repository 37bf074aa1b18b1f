import {
  dropout,
  embedding,
  layerNorm,
  linear,
  ModelBuilder,
  normal,
  positionEmbedding,
  transformerEncoderLayer,
  type Network,
} from '../layers/index.ts';

export interface TransformerEncoderSettings {
  readonly vocabulary: number;
  /** Tokens in a row. */
  readonly length: number;
  readonly width: number;
  /** Divides `width`. */
  readonly heads: number;
  readonly layers: number;
  readonly feedForward: number;
  /** 'mean': one answer for a text, from the mean over its tokens; 'tokens': one for each token. Default 'mean'. */
  readonly head?: 'mean' | 'tokens';
  readonly outputCount: number;
  /** Tokens see only those before: a language model. Default false. */
  readonly causal?: boolean;
  /** Default true; false is the original order, as in BERT, with a layerNorm after the embeddings. */
  readonly normFirst?: boolean;
  /** Takes `mask [N, length]`: 1 for a token, 0 for padding. Default false. */
  readonly masked?: boolean;
  readonly dropoutRate?: number;
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Token and position embeddings, encoder layers, a linear head — Vaswani et al. 2017, https://arxiv.org/abs/1706.03762;
 * positions are learned and weights start at N(0, 0.02²) as in BERT, Devlin et al. 2018, https://arxiv.org/abs/1810.04805.
 * Input `tokens [N, length]` int64, output `output [N, outputCount]` or `[N, length, outputCount]`; scopes
 * `tokenEmbedding`, `positionEmbedding`, `layer1` …, `head`.
 */
export function transformerEncoder(settings: TransformerEncoderSettings): Network {
  const { vocabulary, length, width, heads, layers, feedForward, head = 'mean', outputCount } = settings;
  const { causal = false, normFirst = true, masked = false, dropoutRate = 0, dtype = 'float32' } = settings;
  const m = new ModelBuilder('transformerEncoder', { dtype });
  const scheme = normal(0.02);
  const tokens = m.input('tokens', ['N', length], 'int64');
  const mask = masked ? m.input('mask', ['N', length]) : undefined;
  let x = positionEmbedding(m, embedding(m, tokens, { name: 'tokenEmbedding', vocabulary, width, scheme }), {
    name: 'positionEmbedding',
    scheme,
  });
  if (!normFirst) x = layerNorm(m, x, { name: 'embeddingNorm' });
  x = dropout(m, x, dropoutRate);
  for (let layer = 1; layer <= layers; layer++) {
    const name = `layer${layer}`;
    x = transformerEncoderLayer(m, x, { name, heads, feedForward, causal, normFirst, dropoutRate, scheme, ...(mask && { mask }) });
  }
  if (head === 'mean') {
    const { g } = m;
    // With padding: the sum over real tokens by their number.
    x = mask
      ? g.div(g.reduceSum(g.mul(x, g.reshape(mask, [...mask.shape, 1])), [1], false), g.reduceSum(mask, [1]))
      : g.op('ReduceMean', [x, g.graph.int64([1])], { keepdims: 0 });
  }
  m.output(linear(m, x, { name: 'head', units: outputCount, scheme }), 'output');
  return m.build();
}
