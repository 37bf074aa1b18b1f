import { expect, it } from 'vitest';
import type { GraphView } from '../../../../src-shared/domain/trainingGraph.ts';
import { layOutGraph } from './graphLayout.ts';

const node = (id: string, operator: string, inputs: string[], parent: string | null = null): GraphView['nodes'][number] => ({
  id,
  operator,
  inputs,
  outputs: [{ name: `${id}.out`, type: 'float32[2]' }],
  attributes: '',
  parent,
});
const graph: GraphView = {
  inputs: [{ name: 'x', type: 'float32[2]' }],
  outputs: [{ name: 'loop.out', type: 'float32[2]' }],
  constants: [{ name: 'c', type: 'float32[]', elements: '1' }],
  nodes: [
    node('add', 'Add', ['x', 'c']),
    node('loop', 'Loop', ['add.out']),
    node('inner', 'Mul', ['carried', 'c'], 'loop'),
    node('last', 'Neg', ['inner.out'], 'loop'),
  ],
  text: '',
};

it('draws one level from top to bottom, with what comes in and goes out, without constants', () => {
  const plan = layOutGraph(graph, null);
  expect(plan.nodes.map(({ id, kind }) => `${kind} ${id}`).toSorted()).toEqual([
    'input in:x',
    'operator add',
    'operator loop',
    'output out:loop.out',
  ]);
  expect(plan.edges.map(({ id }) => id)).toEqual(['in:x add', 'add loop', 'loop out:loop.out']);
  const y = (id: string): number => plan.nodes.find((each) => each.id === id)!.y;
  expect(y('in:x')).toBeLessThan(y('add'));
  expect(y('add')).toBeLessThan(y('loop'));
  expect(plan.nodes.find((each) => each.id === 'loop')!.holds).toBe(true);
  expect(plan.height).toBeGreaterThan(y('out:loop.out'));
});

it('draws the body of a loop as a level of its own', () => {
  const plan = layOutGraph(graph, 'loop');
  expect(plan.nodes.map(({ id }) => id).toSorted()).toEqual(['in:carried', 'inner', 'last']);
  expect(plan.edges.map(({ id }) => id)).toEqual(['in:carried inner', 'inner last']);
  expect(plan.edges.every(({ path }) => /^M[-\d.]+,[-\d.]+/.test(path))).toBe(true);
});
