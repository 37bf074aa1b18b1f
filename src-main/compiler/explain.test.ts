import { expect, it } from 'vitest';
import { explainTraining, phaseNames, viewGraph, type Graph } from './index.ts';
import { parseGraphText } from './tests/parseGraphText.ts';

const common = { parameters: ['weight'], loss: { kind: 'meanSquaredError' }, optimizer: { kind: 'sgd' }, batchSize: 4 } as const;

function typesIn(forward: Graph): Record<string, string> {
  const phases = explainTraining({ ...common, forward });
  expect(phases.map(({ phase }) => phase)).toEqual(phaseNames);
  const { graph, types } = phases[1]!;
  return Object.fromEntries(viewGraph(graph, types).nodes.flatMap(({ outputs }) => outputs.map(({ name, type }) => [name, type])));
}

it('phase 2 has the type of every value, with the batch by name', () => {
  const forward = parseGraphText(`forward (float32[N,3] features, float32[3,2] weight) => (float32[N,2] output) {
  product = MatMul(features, weight)
  output = Relu(product)
}`);
  expect(typesIn(forward)).toEqual({ product: 'float32[N,2]', output: 'float32[N,2]' });
});

it('a model that takes one size only is shown with that', () => {
  const forward = parseGraphText(`forward (float32[N,3] features, float32[3,2] weight) => (float32[N,2] output) {
  fixed = int64[2] {4, 3}
  shaped = Reshape(features, fixed)
  output = MatMul(shaped, weight)
}`);
  expect(typesIn(forward)).toEqual({ shaped: 'float32[4,3]', output: 'float32[4,2]' });
});
