import type { TypedValue } from '../2-shapes/typedOps.ts';
import { strings } from '../onnx/attributes.ts';
import { fanInUniform } from './initialisation.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { channelsOf } from './sizes.ts';

export interface RecurrentSettings {
  readonly name: string;
  /** Units of one direction. */
  readonly units: number;
  /** Reads the sequence both ways and puts both results side by side. Default false. */
  readonly bidirectional?: boolean;
}

/**
 * Long short-term memory: [N, T, inputs] to [N, T, directions·units] — Hochreiter & Schmidhuber 1997,
 * https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of Gers et al. 2000. Starts as PyTorch's, U(−1/√units, 1/√units).
 * Parameters `name.input [directions, 4·units, inputs]`, `name.recurrent [directions, 4·units, units]`,
 * `name.bias [directions, 8·units]`, gates in ONNX's order: input, output, forget, cell.
 */
export function lstm(m: ModelBuilder, x: TypedValue, settings: RecurrentSettings): TypedValue {
  return recurrent(m, x, 'LSTM', 4, settings);
}

/**
 * Gated recurrent unit, reset after the product, as in PyTorch and cuDNN: [N, T, inputs] to [N, T, directions·units] —
 * Cho et al. 2014, https://arxiv.org/abs/1406.1078. Parameters as for `lstm` with 3 gates: update, reset, hidden.
 */
export function gru(m: ModelBuilder, x: TypedValue, settings: RecurrentSettings): TypedValue {
  return recurrent(m, x, 'GRU', 3, settings);
}

/** h ← tanh(x·W + h·R + b): [N, T, inputs] to [N, T, directions·units] — Elman 1990. Parameters as for `lstm` with 1 gate. */
export function rnn(m: ModelBuilder, x: TypedValue, settings: RecurrentSettings): TypedValue {
  return recurrent(m, x, 'RNN', 1, settings);
}

function recurrent(
  m: ModelBuilder,
  x: TypedValue,
  operator: 'LSTM' | 'GRU' | 'RNN',
  gates: number,
  { name, units, bidirectional = false }: RecurrentSettings,
): TypedValue {
  const { g } = m;
  const inner = m.within(name);
  const [directions, inputs, scheme] = [bidirectional ? 2 : 1, channelsOf(x, -1), fanInUniform(units)];
  const inputWeight = inner.parameter('input', [directions, gates * units, inputs], scheme);
  const recurrentWeight = inner.parameter('recurrent', [directions, gates * units, units], scheme);
  const bias = inner.parameter('bias', [directions, 2 * gates * units], scheme);
  const attributes = {
    hidden_size: units,
    ...(bidirectional && { direction: 'bidirectional' }),
    ...(operator === 'GRU' && { linear_before_reset: 1 }),
    ...(operator === 'RNN' && { activations: strings(Array.from({ length: directions }, () => 'Tanh')) }),
  };
  // ONNX Runtime's kernels read [T, N, inputs] and write [T, directions, N, units].
  const sequence = g.transpose(x, [1, 0, 2]);
  const all = g.op(operator, [sequence, inputWeight, recurrentWeight, bias], attributes);
  const perToken = g.transpose(all, [2, 0, 1, 3]);
  return g.op('Reshape', [perToken, g.graph.int64([0, 0, directions * units])]);
}
