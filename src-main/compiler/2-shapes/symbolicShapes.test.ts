import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importModel, printGraph } from '../index.ts';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { symbolicShapes } from './symbolicShapes.ts';

describe('symbolicShapes', () => {
  it('follows batch and length through products, joins and flattening', () => {
    const graph = parseGraphText(`words (float32[N,T,4] x, float32[4,6] w) => (float32[N,T,6] y) {
  flat = int64[2] {-1, 6}
  y = MatMul(x, w)
  t = Transpose <perm=[0, 2, 1]>(y)
  scores = MatMul(y, t)
  twice = Concat <axis=1>(y, y)
  rows = Reshape(twice, flat)
  whole = Flatten <axis=1>(x)
}`);
    const shapes = symbolicShapes(graph);
    const shapeOf = (name: string): unknown => shapes.get(name)!.shape;
    expect(shapeOf('scores')).toEqual(['N', 'T', 'T']);
    expect(shapeOf('twice')).toEqual(['N', '2·T', 6]);
    expect(shapeOf('rows')).toEqual(['2·N·T', 6]);
    expect(shapeOf('whole')).toEqual(['N', '4·T']);
  });

  it('writes windows that keep or shorten a length, and a question mark for a stride', () => {
    const graph = parseGraphText(`sound (float32[N,2,T] x, float32[3,2,3] w) => (float32[N,3,T] y) {
  y = Conv <pads=[1, 1]>(x, w)
  valid = Conv(x, w)
  halved = Conv <pads=[1, 1], strides=[2]>(x, w)
}`);
    const shapes = symbolicShapes(graph);
    expect(['y', 'valid', 'halved'].map((name) => shapes.get(name)!.shape[2])).toEqual(['T', 'T-2', '?']);
  });

  it('finds the sizes that exporters compute in the graph', () => {
    const bytes = readFileSync(fileURLToPath(new URL('../../../test/fixtures/onnx/encoder-opset17.onnx', import.meta.url)));
    const { graph } = importModel(bytes, { bindings: { tokens: 6 } });
    const shapes = symbolicShapes(graph, { tokens: 6 });
    const open = [...shapes.values()].filter(({ dtype, shape }) => dtype === 'float32' && shape.includes('tokens'));
    expect(open.length).toBeGreaterThan(10);
    expect([...shapes.values()].filter(({ dtype, shape }) => dtype === 'float32' && shape.includes('?'))).toEqual([]);
  });
});

it('README.md shows the sample three-nodes with its types before anything is bound', () => {
  const sample = readFileSync(fileURLToPath(new URL('../tests/samples/three-nodes/input.txt', import.meta.url)), 'utf8');
  const graph = parseGraphText(sample.split('\n\n')[1]!);
  const types = symbolicShapes(graph);
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
  expect(readme).toContain(printGraph(graph, (name) => types.get(name)).trim());
});
