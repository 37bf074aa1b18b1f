import { expect, it } from 'vitest';
import { explainTraining, resNet } from '../../index.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../../tests/referenceInterpreter.ts';
import { testRandom } from '../../tests/runtimes.ts';

// Convolutions, a pool of overlapping windows, BatchNormalization in training mode and skips, in one step of the compiler.
const network = resNet({ imageShape: [2, 8, 8], widths: [2, 3], blocks: [1, 1], outputCount: 3, dtype: 'float64' });
const batchSize = 3;
const phases = explainTraining({
  forward: network.graph,
  parameters: network.parameters,
  state: network.state,
  loss: { kind: 'softmaxCrossEntropy' },
  optimizer: { kind: 'sgd' },
  batchSize,
});
const step = phases.find(({ phase }) => phase === '4-fuse')!.graph;
const random = testRandom(11);
const point = Object.fromEntries(
  step.inputs.map(({ name, shape }) => {
    const dims = shape as number[];
    const uniform = (): number => random() * 2 - 1;
    if (name === 'train.rowShares') return [name, tensor(dims, [0.5, 0.3, 0.2])];
    if (name === 'train.targets') return [name, tensor(dims, [2, 0, 1])];
    return [name, tensor(dims, Array.from({ length: size(dims) }, name.includes('Variance') ? () => 0.5 + random() : uniform))];
  }),
);

it('gives the gradient of every weight of a residual network with batch statistics', () => {
  const results = interpret(step, point);
  for (const name of network.parameters) {
    const direction = Float64Array.from(point[name]!.data, () => random() * 2 - 1);
    const lossAt = (by: number): number =>
      interpret(step, { ...point, [name]: moved(point[name]!, direction, by) })['train.loss']!.data[0]!;
    const measured = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
    const claimed = results[`gradient.${name}`]!.data.reduce((sum, each, at) => sum + each * direction[at]!, 0);
    expect(Math.abs(claimed - measured), `${name}: claimed ${claimed}, measured ${measured}`).toBeLessThan(
      1e-6 * Math.max(1, Math.abs(measured)),
    );
  }
});

it('carries the running statistics that the operator is defined by', () => {
  const results = interpret(step, point);
  const forward = phases.find(({ phase }) => phase === '1-parse')!.graph;
  const direct = interpret(forward, point);
  for (const [input, output] of Object.entries(network.state))
    expect(distance(results[`state.${input}`]!, direct[output]!), input).toBeLessThan(1e-12);
});

it('computes each centred batch once, for the forward and the backward pass', () => {
  const normalisations = network.graph.nodes.filter((node) => node.opType === 'BatchNormalization').length;
  expect(step.nodes.filter((node) => node.opType === 'ReduceSumSquare')).toHaveLength(normalisations);
  expect(step.nodes.some((node) => node.attributes['training_mode'])).toBe(false);
});

function moved({ shape, data }: ReferenceTensor, direction: Float64Array, by: number): ReferenceTensor {
  return tensor(
    shape,
    data.map((each, at) => each + by * direction[at]!),
  );
}

function distance(a: ReferenceTensor, b: ReferenceTensor): number {
  return a.data.reduce((most, each, at) => Math.max(most, Math.abs(each - b.data[at]!)), 0);
}
