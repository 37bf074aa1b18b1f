import { describe, expect, test } from 'vitest';
import type { Lineage } from '../../../../src-shared/rpc/registry.ts';
import { layOutLineage, mergeLineages } from './lineageLayout.ts';

type Kind = Lineage['nodes'][number]['kind'];
const node = (kind: Kind, name: string): Lineage['nodes'][number] => ({ id: `${kind}:${name}`, kind, name, version: null, route: null });
const chain = (...nodes: Lineage['nodes']): Lineage => ({
  nodes,
  edges: nodes.slice(1).map(({ id }, index) => ({ from: nodes[index]!.id, to: id })),
  omittedRuns: 0,
});

describe('layOutLineage', () => {
  test('puts kinds in the order the data flows, whatever order they came in', () => {
    const { nodes } = layOutLineage(chain(node('endpoint', 'e'), node('modelVersion', 'm'), node('file', 'f'), node('dataset', 'd')));
    const byX = nodes.toSorted((a, b) => a.x - b.x).map((one) => one.node.kind);
    expect(byX).toEqual(['file', 'dataset', 'modelVersion', 'endpoint']);
  });

  test('stacks nodes of one kind without overlap and centres the shorter columns', () => {
    const graph: Lineage = {
      nodes: [node('file', 'a'), node('file', 'b'), node('dataset', 'd')],
      edges: [
        { from: 'file:a', to: 'dataset:d' },
        { from: 'file:b', to: 'dataset:d' },
      ],
      omittedRuns: 0,
    };
    const { nodes, height, nodeHeight } = layOutLineage(graph);
    const [a, b, d] = nodes;
    expect(b!.y - a!.y).toBeGreaterThanOrEqual(nodeHeight);
    expect(d!.y + nodeHeight / 2).toBe(height / 2);
  });

  test('keeps a node beside what it comes from, so that lines do not cross', () => {
    const nodes = [node('dataset', 'a'), node('dataset', 'b'), node('run', '2'), node('run', '1')];
    const edges = [
      { from: 'dataset:a', to: 'run:1' },
      { from: 'dataset:b', to: 'run:2' },
    ];
    const y = new Map(layOutLineage({ nodes, edges }).nodes.map((one) => [one.node.id, one.y]));
    expect(y.get('run:1')).toBe(y.get('dataset:a'));
    expect(y.get('run:2')).toBe(y.get('dataset:b'));
  });

  test('leaves out an edge whose end is not drawn', () => {
    const { edges } = layOutLineage({ nodes: [node('file', 'a')], edges: [{ from: 'file:a', to: 'dataset:gone' }] });
    expect(edges).toEqual([]);
  });

  test('fills a wide panel and never falls below its smallest size', () => {
    const graph = chain(node('file', 'f'), node('dataset', 'd'), node('run', 'r'));
    expect(layOutLineage(graph, 600).width).toBe(600);
    expect(layOutLineage(graph, 400)).toMatchObject({ width: 400 });
    expect(layOutLineage(graph, 400).nodeWidth).toBeLessThan(layOutLineage(graph, 600).nodeWidth);
    expect(layOutLineage(graph, 100).width).toBe(layOutLineage(graph, 300).width);
  });
});

test('mergeLineages tells which side a node belongs to and keeps each edge once', () => {
  const shared = node('dataset', 'd');
  const { graph, sideOf } = mergeLineages(
    chain(node('file', 'f'), shared, node('modelVersion', '1')),
    chain(node('file', 'f'), shared, node('modelVersion', '2')),
  );
  expect(graph.nodes.map(({ id }) => id)).toEqual(['file:f', 'dataset:d', 'modelVersion:1', 'modelVersion:2']);
  expect(graph.edges).toHaveLength(3);
  expect([sideOf('dataset:d'), sideOf('modelVersion:1'), sideOf('modelVersion:2')]).toEqual(['both', 'a', 'b']);
});
