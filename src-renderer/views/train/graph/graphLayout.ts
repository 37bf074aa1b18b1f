// Where the nodes of a computation graph stand: layers from top to bottom, by dagre (Sugiyama's method).
import dagre from '@dagrejs/dagre';
import type { GraphNodeView, GraphView } from '../../../../src-shared/domain/trainingGraph.ts';

export interface PlacedNode {
  id: string;
  kind: 'input' | 'operator' | 'output';
  title: string;
  /** Type of the first output. */
  note: string;
  /** Upper left corner. */
  x: number;
  y: number;
  node: GraphNodeView | null;
  /** Has a body of its own, which can be opened. */
  holds: boolean;
}

export interface GraphPlan {
  width: number;
  height: number;
  nodeWidth: number;
  nodeHeight: number;
  nodes: PlacedNode[];
  edges: { id: string; from: string; to: string; path: string }[];
}

const [nodeWidth, nodeHeight] = [138, 38];
/** Laying out more takes seconds; such a graph is read as text. */
export const mostNodesDrawn = 400;

/** Nodes of one level: the top of the graph, or the body of `parent`. Constants are not drawn. */
export function layOutGraph(graph: GraphView, parent: string | null): GraphPlan {
  const level = graph.nodes.filter((node) => node.parent === parent);
  const makers = new Map(level.flatMap((node) => node.outputs.map(({ name }): [string, string] => [name, node.id])));
  const holders = new Set(graph.nodes.flatMap((node) => (node.parent === null ? [] : [node.parent])));
  const boxes: Omit<PlacedNode, 'x' | 'y'>[] = level.map((node) => ({
    id: node.id,
    kind: 'operator',
    title: node.operator,
    note: node.outputs[0]?.type ?? '',
    node,
    holds: holders.has(node.id),
  }));
  const edges: { from: string; to: string }[] = [];
  // What comes from around this level: inputs of the graph, or what a body captures and carries.
  const constants = new Set(graph.constants.map(({ name }) => name));
  const outside = new Map<string, string>();
  for (const node of level) {
    for (const name of node.inputs) {
      const maker = makers.get(name);
      if (maker === undefined && constants.has(name)) continue;
      const from = maker ?? `in:${name}`;
      if (maker === undefined) outside.set(name, graph.inputs.find((each) => each.name === name)?.type ?? '');
      if (!edges.some((edge) => edge.from === from && edge.to === node.id)) edges.push({ from, to: node.id });
    }
  }
  for (const [name, note] of outside) boxes.push({ id: `in:${name}`, kind: 'input', title: name, note, node: null, holds: false });
  if (parent === null)
    for (const { name, type } of graph.outputs) {
      const maker = makers.get(name);
      if (maker === undefined) continue;
      boxes.push({ id: `out:${name}`, kind: 'output', title: name, note: type, node: null, holds: false });
      edges.push({ from: maker, to: `out:${name}` });
    }
  return place(boxes, edges);
}

function place(boxes: readonly Omit<PlacedNode, 'x' | 'y'>[], edges: readonly { from: string; to: string }[]): GraphPlan {
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({ rankdir: 'TB', nodesep: 14, ranksep: 26, marginx: 12, marginy: 12 });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const { id } of boxes) layout.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges) layout.setEdge(from, to);
  dagre.layout(layout);
  const size = layout.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
    nodeWidth,
    nodeHeight,
    nodes: boxes.map((box) => {
      const { x, y } = layout.node(box.id) as { x: number; y: number };
      return { ...box, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
    }),
    edges: edges.map(({ from, to }) => {
      const { points } = layout.edge(from, to) as unknown as { points: { x: number; y: number }[] };
      return { id: `${from} ${to}`, from, to, path: smooth(points) };
    }),
  };
}

/** A line through the points, rounded at each by a quadratic curve between the middles. */
function smooth(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const last = rest.at(-1) ?? first;
  const curves = rest.slice(0, -1).map((point, at) => {
    const next = rest[at + 1]!;
    return `Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`;
  });
  return `M${first.x},${first.y}${curves.join('')}L${last.x},${last.y}`;
}
