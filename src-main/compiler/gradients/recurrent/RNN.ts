import { integer, strings } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { joinWeights, recurrence, sumOfBiases } from './recurrence.ts';

/** h₊ = f(W x + R h + b) — Elman 1990, https://doi.org/10.1207/s15516709cog1402_1. */
export const rnn = defineComposite({
  opType: 'RNN',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__RNN.html',
  formula: 'h₊ = f(W x + R h + b), as a Scan over time',
  inputs: ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h'],
  outputs: ['Y', 'Y_h'],
  attributes: {},
  decompose: (inputs, _defaults, g, { attributes }) =>
    recurrence(g, inputs, attributes, { operator: 'RNN', gates: 1, activations: ['Tanh'] }, (weights) => {
      const bias = sumOfBiases(g, weights);
      const joined = joinWeights(g, weights.W, bias, weights.R);
      return (b, x, [h]) => {
        const factor = b.op('Concat', bias ? [x, weights.ones, h!] : [x, h!], { axis: 0 });
        return { states: [b.op(weights.activations[0]!, [b.matMul(joined, factor)])], keep: [] };
      };
    }),
  samples: [
    { inputs: { X: [3, 2, 3], W: [1, 2, 3], R: [1, 2, 2], B: [1, 4] }, attributes: { hidden_size: integer(2) }, domain: [-1, 1] },
    {
      inputs: { X: [4, 3, 2], W: [2, 2, 2], R: [2, 2, 2], initial_h: [2, 3, 2] },
      constants: { sequence_lens: { dtype: 'int32', shape: [3], data: Int32Array.of(4, 1, 2) } },
      attributes: {
        hidden_size: integer(2),
        direction: { kind: 'string', value: 'bidirectional' },
        // Above zero, where Relu has no corner.
        activations: strings(['Tanh', 'Relu']),
      },
      domain: [0.1, 1],
    },
    {
      inputs: { X: [1, 2, 2], W: [1, 1, 2], R: [1, 1, 1], B: [1, 2], initial_h: [1, 2, 1] },
      attributes: { hidden_size: integer(1), direction: { kind: 'string', value: 'reverse' }, activations: strings(['Sigmoid']) },
    },
    {
      inputs: { X: [2, 3, 3], W: [2, 2, 3], R: [2, 2, 2], B: [2, 4], initial_h: [2, 2, 2] },
      attributes: {
        hidden_size: integer(2),
        layout: integer(1),
        activations: strings(['Tanh', 'Tanh']),
        direction: { kind: 'string', value: 'bidirectional' },
      },
      domain: [-1, 1],
      runsOnCpu: false,
    },
  ],
  specialPoints: [],
});
