// Where the nodes of a lineage stand: one column a kind, in the order the data flows; a node near the nodes it comes from.
import type { Lineage } from '../../../../src-shared/rpc/registry.ts';

export type LineageNode = Lineage['nodes'][number];

export interface PlacedNode {
  node: LineageNode;
  x: number;
  y: number;
}
export interface PlacedEdge {
  from: string;
  to: string;
  /** SVG path. */
  path: string;
}
export interface LineagePlan {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  width: number;
  height: number;
  /** Of each box. */
  nodeWidth: number;
  nodeHeight: number;
}

/** The way of the data, from left to right. */
export const lineageKinds = ['file', 'dataset', 'labelSet', 'features', 'run', 'modelVersion', 'endpoint', 'monitor'] as const;

const nodeHeight = 38;
/** Boxes shrink to the smallest before the graph scrolls. */
const nodeWidths = { smallest: 86, usual: 138 };
const gapX = 18;
const gapY = 14;
/** Room for the outline of the first and last nodes. */
const margin = 4;

export function layOutLineage({ nodes, edges }: Pick<Lineage, 'nodes' | 'edges'>, availableWidth = 0): LineagePlan {
  const columns = lineageKinds.map((kind) => nodes.filter((node) => node.kind === kind)).filter((column) => column.length > 0);
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const height = rows * nodeHeight + (rows - 1) * gapY + 2 * margin;
  const room = availableWidth - 2 * margin;
  const share = Math.floor((room - (columns.length - 1) * gapX) / Math.max(1, columns.length));
  const nodeWidth = Math.min(nodeWidths.usual, Math.max(nodeWidths.smallest, share));
  // Wide panels spread the columns, but not until the lines become longer than the boxes.
  const free = columns.length > 1 ? (room - columns.length * nodeWidth) / (columns.length - 1) : gapX;
  const step = nodeWidth + Math.min(nodeWidth, Math.max(gapX, free));
  const placed = new Map<string, PlacedNode>();
  for (const [index, column] of columns.entries()) {
    const ordered = inOrderOfSources(column, edges, placed);
    const top = (height - (column.length * nodeHeight + (column.length - 1) * gapY)) / 2;
    for (const [row, node] of ordered.entries())
      placed.set(node.id, { node, x: margin + index * step, y: top + row * (nodeHeight + gapY) });
  }
  return {
    nodes: [...placed.values()],
    edges: edges.flatMap(({ from, to }) => {
      const [a, b] = [placed.get(from), placed.get(to)];
      return a && b ? [{ from, to, path: curve(a, b, nodeWidth) }] : [];
    }),
    width: margin * 2 + (columns.length - 1) * step + nodeWidth,
    height,
    nodeWidth,
    nodeHeight,
  };
}

/** One graph of two: nodes and edges of either, and which of them each belongs to. */
export function mergeLineages(a: Lineage, b: Lineage): { graph: Lineage; sideOf: (id: string) => 'a' | 'b' | 'both' } {
  const inA = new Set(a.nodes.map(({ id }) => id));
  const inB = new Set(b.nodes.map(({ id }) => id));
  const nodes = [...a.nodes, ...b.nodes.filter(({ id }) => !inA.has(id))];
  const edges = [...new Map([...a.edges, ...b.edges].map((edge) => [`${edge.from}\n${edge.to}`, edge])).values()];
  return {
    graph: { nodes, edges, omittedRuns: Math.max(a.omittedRuns, b.omittedRuns) },
    sideOf: (id) => (inA.has(id) ? (inB.has(id) ? 'both' : 'a') : 'b'),
  };
}

/** Nodes as high as the middle of what they come from, so that lines cross little; ties keep their order. */
function inOrderOfSources(
  column: readonly LineageNode[],
  edges: Lineage['edges'],
  placed: ReadonlyMap<string, PlacedNode>,
): readonly LineageNode[] {
  const height = (node: LineageNode): number => {
    const sources = edges.flatMap(({ from, to }) => (to === node.id ? (placed.get(from)?.y ?? []) : []));
    return sources.length === 0 ? 0 : sources.reduce((sum, y) => sum + y, 0) / sources.length;
  };
  return column.map((node) => ({ node, at: height(node) })).sort((a, b) => a.at - b.at).map(({ node }) => node); // prettier-ignore
}

function curve(from: PlacedNode, to: PlacedNode, nodeWidth: number): string {
  const [x1, y1] = [from.x + nodeWidth, from.y + nodeHeight / 2];
  const [x2, y2] = [to.x, to.y + nodeHeight / 2];
  const bend = Math.max(12, (x2 - x1) / 2);
  return `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}
