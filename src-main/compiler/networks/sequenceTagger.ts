import { dropout, embedding, linear, lstm, ModelBuilder, type Network } from '../layers/index.ts';

export interface SequenceTaggerSettings {
  readonly vocabulary: number;
  /** Tokens in a row. */
  readonly length: number;
  /** Width of the embedding. */
  readonly width: number;
  /** Units of each direction. */
  readonly units: number;
  readonly tagCount: number;
  /** Adds the scores of a conditional random field, for the loss of that name and Viterbi: `crf.transitions`, `crf.start`, `crf.end`. Default false. */
  readonly conditionalRandomField?: boolean;
  readonly dropoutRate?: number;
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Bidirectional LSTM that scores tags per token, with a conditional random field or without — Huang et al. 2015,
 * https://arxiv.org/abs/1508.01991; Lample et al. 2016, https://arxiv.org/abs/1603.01360.
 * Input `tokens [N, length]` int64, output `output [N, length, tagCount]`; scopes `embedding`, `lstm`, `linear`.
 */
export function sequenceTagger(settings: SequenceTaggerSettings): Network {
  const { vocabulary, length, width, units, tagCount, conditionalRandomField = false, dropoutRate = 0, dtype = 'float32' } = settings;
  const m = new ModelBuilder('sequenceTagger', { dtype });
  const tokens = m.input('tokens', ['N', length], 'int64');
  const words = dropout(m, embedding(m, tokens, { name: 'embedding', vocabulary, width }), dropoutRate);
  const read = dropout(m, lstm(m, words, { name: 'lstm', units, bidirectional: true }), dropoutRate);
  if (conditionalRandomField) {
    const crf = m.within('crf');
    crf.parameter('transitions', [tagCount, tagCount], 'zeros');
    crf.parameter('start', [tagCount], 'zeros');
    crf.parameter('end', [tagCount], 'zeros');
  }
  m.output(linear(m, read, { name: 'linear', units: tagCount }), 'output');
  return m.build();
}
