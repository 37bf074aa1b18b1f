import { expect, it } from 'vitest';
import { compileGradients, initialWeights, sequenceTagger, type Graph } from '../index.ts';
import { interpret, tensor, type ReferenceTensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';

const [batchSize, length, vocabulary, tagCount] = [6, 5, 9, 3];
const network = sequenceTagger({ vocabulary, length, width: 4, units: 3, tagCount });

function gradients(microBatch: number): { graph: Graph; values: Record<string, ReferenceTensor> } {
  const { graph } = compileGradients({
    ...network,
    forward: network.graph,
    loss: { kind: 'softmaxCrossEntropy' },
    batchSize,
    microBatch,
  });
  const random = testRandom(5);
  const weights = initialWeights(network.parameterShapes, 3, network.schemes);
  const whole = (count: number, below: number): number[] => Array.from({ length: count }, () => Math.floor(random() * below));
  const tokens = whole(batchSize * length, vocabulary);
  const tags = whole(batchSize * length, tagCount);
  const given: Readonly<Record<string, readonly number[]>> = {
    tokens,
    'train.targets': tags,
    'train.rowShares': Array.from({ length: batchSize }, () => 1 / batchSize),
  };
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, tensor(shape as number[], given[name] ?? Array.from(weights[name]!))]),
  );
  return { graph, values: interpret(graph, feeds) };
}

it('keeps the Scan of a recurrent layer in micro-batches, and their sums are the gradients of the batch', () => {
  const [whole, parts] = [gradients(batchSize), gradients(2)];
  const scans = (graph: Graph): number =>
    graph.nodes.reduce(
      (sum, node) =>
        sum +
        Number(node.opType === 'Scan') +
        Object.values(node.attributes).reduce((inner, each) => inner + (each.kind === 'graph' ? scans(each.value) : 0), 0),
      0,
    );
  expect([scans(whole.graph), scans(parts.graph)]).toEqual([2, 2]);
  expect(Object.keys(whole.values).length).toBeGreaterThan(5);
  for (const [name, { data }] of Object.entries(whole.values))
    data.forEach((each, at) => expect(Math.abs(parts.values[name]!.data[at]! - each), name).toBeLessThan(1e-7));
});
