import { expect, it } from 'vitest';
import { printGraph } from '../index.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { fuse } from './fuse.ts';

const before = `messy (float32[2] x, float32[2] y) => (float32[2] out, float32[2] copy, float32[2] again, float32[2] passed) {
  unused = float32[] {3}
  kept = float32[] {2}
  one = Mul(x, kept)
  two = Mul(x, kept)
  other = Mul(kept, x)
  middle = Identity(two)
  nothing = Mul(y, unused)
  out = Add(one, middle)
  copy = Identity(other)
  again = Identity(other)
  passed = Identity(x)
}
`;

it('shares equal nodes, bypasses Identity, drops what nothing uses, and keeps outputs by name', () => {
  const graph = fuse(parseGraphText(before));
  expect(printGraph(graph))
    .toBe(`messy (float32[2] x, float32[2] y) => (float32[2] out, float32[2] copy, float32[2] again, float32[2] passed) {
  kept = float32[] {2}
  one = Mul(x, kept)
  copy = Mul(kept, x)
  out = Add(one, one)
  again = Identity(copy)
  passed = Identity(x)
}
`);
  const feeds = { x: tensor([2], [1, -3]), y: tensor([2], [0, 0]) };
  expect(interpret(graph, feeds)).toEqual(interpret(parseGraphText(before), feeds));
});

it('keeps what only a subgraph uses', () => {
  const inner = parseGraphText('inner (float32[] z) => (float32[] w) {\n  w = Mul(z, z)\n}');
  const outer = parseGraphText('outer (bool[] c, float32[2] x) => (float32[2] y) {\n  needed = Neg(x)\n  y = Neg(x)\n}');
  const body = { ...inner, inputs: [], nodes: [{ ...inner.nodes[0]!, inputs: ['needed', 'needed'] }] };
  const branch = { kind: 'graph' as const, value: body };
  const graph = {
    ...outer,
    nodes: [
      outer.nodes[0]!,
      { opType: 'If', domain: '', name: 'if', inputs: ['c'], outputs: ['y'], attributes: { then_branch: branch, else_branch: branch } },
    ],
  };
  expect(fuse(graph).nodes.map((each) => each.opType)).toEqual(['Neg', 'If']);
});

it('renames what a subgraph reads when a twin or the original of a copy stands in for it', () => {
  const outer = parseGraphText(
    'outer (bool[] c, float32[2] x) => (float32[2] y) {\n  first = Neg(x)\n  second = Neg(x)\n  copy = Identity(second)\n  y = Neg(x)\n}',
  );
  const inner = parseGraphText('inner (float32[] z) => (float32[] w) {\n  w = Mul(z, z)\n}');
  const branch = { kind: 'graph' as const, value: { ...inner, inputs: [], nodes: [{ ...inner.nodes[0]!, inputs: ['first', 'copy'] }] } };
  const choice = { opType: 'If', domain: '', name: 'if', inputs: ['c'], outputs: ['y'] };
  const graph = {
    ...outer,
    nodes: [...outer.nodes.slice(0, 3), { ...choice, attributes: { then_branch: branch, else_branch: branch } }],
  };
  const fused = fuse(graph);
  expect(fused.nodes.map((each) => each.opType)).toEqual(['Neg', 'If']);
  const feeds = { c: tensor([], [1]), x: tensor([2], [1, -3]) };
  expect(interpret(fused, feeds)['y']!.data).toEqual(Float64Array.of(1, 9));
});
