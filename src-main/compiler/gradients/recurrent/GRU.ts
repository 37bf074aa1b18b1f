import type { TypedOps } from '../../2-shapes/typedOps.ts';
import { integer, readInteger } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { joinWeights, recurrence, sumOfBiases, type Cell, type DirectionWeights } from './recurrence.ts';

/**
 * z, r = f(W x + R h + b);  n = g(W x + b_W + r ⊙ (R h + b_R)) with `linear_before_reset`, else g(W x + R (r ⊙ h) + b);
 * h₊ = (1 − z) ⊙ n + z ⊙ h.
 *
 * Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078.
 */
export const gru = defineComposite({
  opType: 'GRU',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__GRU.html',
  formula: 'h₊ = n + z ⊙ (h − n), as a Scan over time',
  inputs: ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h'],
  outputs: ['Y', 'Y_h'],
  attributes: {},
  decompose: (inputs, _defaults, g, { attributes }) => {
    const cell = readInteger(attributes, 'linear_before_reset', 0) === 0 ? cellResetBefore : cellResetAfter;
    return recurrence(g, inputs, attributes, { operator: 'GRU', gates: 3, activations: ['Sigmoid', 'Tanh'] }, (weights) =>
      cell(g, weights),
    );
  },
  samples: [
    { inputs: { X: [3, 2, 3], W: [1, 6, 3], R: [1, 6, 2], B: [1, 12] }, attributes: { hidden_size: integer(2) }, domain: [-1, 1] },
    {
      inputs: { X: [3, 2, 3], W: [2, 6, 3], R: [2, 6, 2], B: [2, 12], initial_h: [2, 2, 2] },
      attributes: { hidden_size: integer(2), linear_before_reset: integer(1), direction: { kind: 'string', value: 'bidirectional' } },
      domain: [-1, 1],
    },
    {
      inputs: { X: [4, 3, 2], W: [1, 6, 2], R: [1, 6, 2], initial_h: [1, 3, 2] },
      constants: { sequence_lens: { dtype: 'int32', shape: [3], data: Int32Array.of(4, 1, 2) } },
      attributes: { hidden_size: integer(2), linear_before_reset: integer(1), direction: { kind: 'string', value: 'reverse' } },
      domain: [-1, 1],
    },
    {
      inputs: { X: [3, 2, 2], W: [2, 3, 2], R: [2, 3, 1] },
      constants: { sequence_lens: { dtype: 'int32', shape: [2], data: Int32Array.of(2, 3) } },
      attributes: { hidden_size: integer(1), direction: { kind: 'string', value: 'bidirectional' } },
      domain: [-1, 1],
    },
    {
      inputs: { X: [2, 3, 3], W: [2, 6, 3], R: [2, 6, 2], B: [2, 12], initial_h: [2, 2, 2] },
      attributes: { hidden_size: integer(2), layout: integer(1), direction: { kind: 'string', value: 'bidirectional' } },
      domain: [-1, 1],
      runsOnCpu: false,
    },
  ],
  specialPoints: [],
});

function cellResetBefore(g: TypedOps, weights: DirectionWeights): Cell {
  const { units, ones, activations } = weights;
  const bias = sumOfBiases(g, weights);
  const joined = joinWeights(g, weights.W, bias, weights.R);
  const [gateWeight, candidateWeight] = g.node('Split', [joined, g.graph.int64([2 * units, units])], { axis: 0 }, 2);
  return (b, x, [h]) => {
    const with1 = bias ? [x, ones] : [x];
    const factor = b.op('Concat', [...with1, h!], { axis: 0 });
    const gates = b.op(activations[0]!, [b.matMul(gateWeight!, factor)]);
    const [z, r] = b.node('Split', [gates], { axis: 0, num_outputs: 2 }, 2);
    const resetFactor = b.op('Concat', [...with1, b.mul(r!, h!)], { axis: 0 });
    const candidate = b.op(activations[1]!, [b.matMul(candidateWeight!, resetFactor)]);
    return { states: [b.add(candidate, b.mul(z!, b.sub(h!, candidate)))], keep: [gates, candidate, resetFactor] };
  };
}

function cellResetAfter(g: TypedOps, { W, R, inputBias, recurrentBias, ones, units, activations }: DirectionWeights): Cell {
  const [inputWeight, recurrentWeight] =
    inputBias && recurrentBias ? [g.op('Concat', [W, inputBias], { axis: 1 }), g.op('Concat', [R, recurrentBias], { axis: 1 })] : [W, R];
  return (b, x, [h]) => {
    const with1 = (value: typeof x): typeof x => (inputBias ? b.op('Concat', [value, ones], { axis: 0 }) : value);
    const [inputFactor, recurrentFactor] = [with1(x), with1(h!)];
    const sizes = b.graph.int64([2 * units, units]);
    const [inputGates, inputCandidate] = b.node('Split', [b.matMul(inputWeight, inputFactor), sizes], { axis: 0 }, 2);
    const [recurrentGates, recurrentCandidate] = b.node('Split', [b.matMul(recurrentWeight, recurrentFactor), sizes], { axis: 0 }, 2);
    const gates = b.op(activations[0]!, [b.add(inputGates!, recurrentGates!)]);
    const [z, r] = b.node('Split', [gates], { axis: 0, num_outputs: 2 }, 2);
    const candidate = b.op(activations[1]!, [b.add(inputCandidate!, b.mul(r!, recurrentCandidate!))]);
    return {
      states: [b.add(candidate, b.mul(z!, b.sub(h!, candidate)))],
      keep: [gates, candidate, recurrentCandidate!],
    };
  };
}
