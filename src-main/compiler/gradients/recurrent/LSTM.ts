import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer, strings } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { joinWeights, recurrence, sumOfBiases, type Cell, type DirectionWeights } from './recurrence.ts';

/**
 * i, o, f = f(W x + R h + b + P ⊙ c), c̃ = g(W x + R h + b);  c₊ = f ⊙ c + i ⊙ c̃;  h₊ = o ⊙ h(c₊), where o's peephole sees c₊.
 *
 * Source: Hochreiter & Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; forget gate and peepholes: Gers et al. 2002,
 * https://www.jmlr.org/papers/v3/gers02a.html.
 */
export const lstm = defineComposite({
  opType: 'LSTM',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__LSTM.html',
  formula: 'c₊ = f ⊙ c + i ⊙ g(W x + R h + b), h₊ = o ⊙ h(c₊), as a Scan over time',
  inputs: ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h', 'initial_c', 'P'],
  outputs: ['Y', 'Y_h', 'Y_c'],
  attributes: {},
  decompose: (inputs, _defaults, g, { attributes }) => {
    const peepholes = inputs.P && peepholesOf(g, inputs.P);
    return recurrence(
      g,
      inputs,
      attributes,
      { operator: 'LSTM', gates: 4, activations: ['Sigmoid', 'Tanh', 'Tanh'] },
      (weights, direction) => cellOf(g, weights, peepholes?.[direction]),
    );
  },
  samples: [
    { inputs: { X: [3, 2, 3], W: [1, 8, 3], R: [1, 8, 2], B: [1, 16] }, attributes: { hidden_size: integer(2) }, domain: [-1, 1] },
    {
      inputs: { X: [3, 2, 3], W: [2, 8, 3], R: [2, 8, 2], B: [2, 16], initial_h: [2, 2, 2], initial_c: [2, 2, 2] },
      attributes: { hidden_size: integer(2), direction: { kind: 'string', value: 'bidirectional' } },
      domain: [-1, 1],
    },
    {
      inputs: { X: [4, 3, 2], W: [1, 8, 2], R: [1, 8, 2], B: [1, 16], initial_h: [1, 3, 2], initial_c: [1, 3, 2], P: [1, 6] },
      constants: { sequence_lens: { dtype: 'int32', shape: [3], data: Int32Array.of(4, 1, 2) } },
      attributes: { hidden_size: integer(2), direction: { kind: 'string', value: 'reverse' } },
      domain: [-1, 1],
    },
    {
      inputs: { X: [3, 3, 2], W: [2, 4, 2], R: [2, 4, 1], initial_h: [2, 3, 1] },
      constants: { sequence_lens: { dtype: 'int32', shape: [3], data: Int32Array.of(1, 3, 2) } },
      attributes: {
        hidden_size: integer(1),
        direction: { kind: 'string', value: 'bidirectional' },
        activations: strings(['Sigmoid', 'Tanh', 'Tanh', 'Tanh', 'Sigmoid', 'Sigmoid']),
      },
      domain: [-1, 1],
    },
    {
      inputs: { X: [2, 3, 3], W: [2, 8, 3], R: [2, 8, 2], B: [2, 16], initial_h: [2, 2, 2], initial_c: [2, 2, 2] },
      attributes: { hidden_size: integer(2), layout: integer(1), direction: { kind: 'string', value: 'bidirectional' } },
      domain: [-1, 1],
      runsOnCpu: false,
    },
  ],
  specialPoints: [],
});

interface Peepholes {
  readonly i: TypedValue;
  readonly o: TypedValue;
  readonly f: TypedValue;
}

/** Per direction and gate as columns [units, 1]. */
function peepholesOf(g: TypedOps, P: TypedValue): Peepholes[] {
  const [directions, all] = P.shape as readonly [number, number];
  const columns = g.node('Split', [g.reshape(P, [3 * directions, all / 3, 1])], { axis: 0, num_outputs: 3 * directions }, 3 * directions);
  const [i, o, f] = [0, 1, 2].map((gate) => columns.filter((_, at) => at % 3 === gate).map((each) => g.reshape(each, [all / 3, 1])));
  return i!.map((each, direction) => ({ i: each, o: o![direction]!, f: f![direction]! }));
}

function cellOf(g: TypedOps, weights: DirectionWeights, peepholes: Peepholes | undefined): Cell {
  const { units, ones } = weights;
  const [gateActivation, candidateActivation, hiddenActivation] = weights.activations as [Activation, Activation, Activation];
  const bias = sumOfBiases(g, weights);
  const joined = joinWeights(g, weights.W, bias, weights.R);
  const usual = !peepholes && gateActivation === 'Sigmoid' && candidateActivation === 'Tanh';
  const product = usual ? g.mul(joined, twiceTheCandidate(g, units, joined)) : joined;
  return (b, x, [h, c]) => {
    const sums = b.matMul(product, b.op('Concat', bias ? [x, ones, h!] : [x, h!], { axis: 0 }));
    const { i, o, f, candidate, keep } = usual
      ? gatesAsSigmoids(b, sums)
      : gatesApart(b, sums, units, [gateActivation, candidateActivation], peepholes, c!);
    const next = b.add(b.mul(f, c!), b.mul(i, candidate));
    const seen = b.op(hiddenActivation, [next]);
    const open = o(next);
    return { states: [b.mul(open, seen), next], keep: [...keep, ...(peepholes ? [open] : []), candidate, seen] };
  };
}

type Activation = DirectionWeights['activations'][number];

interface Gates {
  readonly i: TypedValue;
  readonly f: TypedValue;
  readonly candidate: TypedValue;
  /** The output gate may look at the next cell state. */
  readonly o: (next: TypedValue) => TypedValue;
  readonly keep: readonly TypedValue[];
}

/** tanh x = 2σ(2x) − 1: with the candidate's weights doubled, one sigmoid makes everything, and one product its gradient. */
function gatesAsSigmoids(b: TypedOps, sums: TypedValue): Gates {
  const all = b.op('Sigmoid', [sums]);
  const [i, o, f, half] = b.node('Split', [all], { axis: 0, num_outputs: 4 }, 4) as [TypedValue, TypedValue, TypedValue, TypedValue];
  return { i, f, o: () => o, candidate: b.sub(b.add(half, half), b.scalar(1, half)), keep: [all] };
}

/** [4·units, 1]: 1 for the three gates, 2 for the candidate. */
function twiceTheCandidate(g: TypedOps, units: number, like: TypedValue): TypedValue {
  return g.tensor(
    [4 * units, 1],
    Array.from({ length: 4 * units }, (_, row) => (row < 3 * units ? 1 : 2)),
    like,
  );
}

function gatesApart(
  b: TypedOps,
  sums: TypedValue,
  units: number,
  [gateActivation, candidateActivation]: readonly [Activation, Activation],
  peepholes: Peepholes | undefined,
  c: TypedValue,
): Gates {
  const [gates, candidateSum] = b.node('Split', [sums, b.graph.int64([3 * units, units])], { axis: 0 }, 2);
  const candidate = b.op(candidateActivation, [candidateSum!]);
  const parts = (value: TypedValue): [TypedValue, TypedValue, TypedValue] =>
    b.node('Split', [value], { axis: 0, num_outputs: 3 }, 3) as [TypedValue, TypedValue, TypedValue];
  if (!peepholes) {
    const all = b.op(gateActivation, [gates!]);
    const [i, o, f] = parts(all);
    return { i, f, o: () => o, candidate, keep: [all] };
  }
  const gate = (sum: TypedValue, peephole: TypedValue, cell: TypedValue): TypedValue =>
    b.op(gateActivation, [b.add(sum, b.mul(peephole, cell))]);
  const [iSum, oSum, fSum] = parts(gates!);
  const [i, f] = [gate(iSum, peepholes.i, c), gate(fSum, peepholes.f, c)];
  return { i, f, o: (next) => gate(oSum, peepholes.o, next), candidate, keep: [i, f] };
}
