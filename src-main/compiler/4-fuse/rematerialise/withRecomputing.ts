import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { integer, ints } from '../../onnx/attributes.ts';
import { renameCaptured } from '../../onnx/subgraphs.ts';
import type { StepParts } from './stepParts.ts';
import type { ValueSizes } from './valueSizes.ts';

export interface Recomputing {
  readonly graph: Graph;
  /** Sizes of the values of that graph. */
  readonly sizes: ValueSizes;
  /** Nodes that are there twice. */
  readonly repeated: readonly GraphNode[];
}

/**
 * The step with the values `dropped` made again for the backward half instead of kept. What is made again together starts when
 * the backward half gets there: it reads what was kept through `modelkeep.After`, which waits for a value of the backward half
 * just in front. Without that the runtime would share the repeated nodes with the first ones, or run them at once.
 */
export function withRecomputing(parts: StepParts, dropped: ReadonlySet<string>): Recomputing {
  const { order, producers, reads, graph } = parts;
  const forward = new Set(parts.forward);
  const makes = (name: string): GraphNode | undefined => (dropped.has(name) ? producers.get(name) : undefined);
  const repeated = repeatedNodes(parts, forward, makes);
  const starts = startingValues(parts, forward, repeated, makes);

  const sources = new Map<string, string>();
  const again = new Map<string, string>();
  const derived = (name: string, from: string): string => {
    sources.set(name, from);
    return name;
  };
  const nodes: GraphNode[] = [];
  const waiting = new Map<string, string>();
  const after = (name: string, start: string | undefined): string => {
    if (start === undefined || !parts.isData(name)) return name;
    const known = waiting.get(`${name}|${start}`);
    if (known) return known;
    const output = derived(`${name}.after.${waiting.size}`, name);
    waiting.set(`${name}|${start}`, output);
    const attributes = {
      sizes: ints(shapeOf(parts, name)),
      eventRank: integer(shapeOf(parts, start).length),
    };
    nodes.push({ opType: 'After', domain: 'modelkeep', name: output, inputs: [name, start], outputs: [output], attributes });
    return output;
  };
  const done = new Set<GraphNode>();
  const repeat = (node: GraphNode): void => {
    if (done.has(node)) return;
    done.add(node);
    for (const name of reads(node)) {
      const source = makes(name);
      if (source) repeat(source);
    }
    const start = starts.get(node);
    const read = new Map(reads(node).map((name) => [name, makes(name) ? again.get(name)! : after(name, start)]));
    const renamed = (name: string): string => read.get(name) ?? name;
    for (const name of node.outputs) if (name !== '') again.set(name, derived(`${name}.again`, name));
    nodes.push({
      ...node,
      name: `${node.name}.again`,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map((name) => again.get(name) ?? ''),
      attributes: renameCaptured(node.attributes, renamed),
    });
  };
  for (const node of order) {
    if (forward.has(node)) {
      nodes.push(node);
      continue;
    }
    for (const name of reads(node)) {
      const source = makes(name);
      if (source) repeat(source);
    }
    const renamed = (name: string): string => (dropped.has(name) ? (again.get(name) ?? name) : name);
    nodes.push({ ...node, inputs: node.inputs.map(renamed), attributes: renameCaptured(node.attributes, renamed) });
  }
  return { graph: { ...graph, nodes }, sizes: sizesWith(parts, nodes, sources), repeated: [...repeated] };
}

/** Of the forward half, what has to run again: what the backward half reads of `dropped`, and what that is made of. */
function repeatedNodes(
  { order, reads }: StepParts,
  forward: ReadonlySet<GraphNode>,
  makes: (name: string) => GraphNode | undefined,
): ReadonlySet<GraphNode> {
  const repeated = new Set<GraphNode>();
  for (const node of order.toReversed()) {
    if (forward.has(node) && !repeated.has(node)) continue;
    for (const name of reads(node)) {
      const source = makes(name);
      if (source) repeated.add(source);
    }
  }
  return repeated;
}

/** For each repeated node the value of the backward half that it waits for: the last one before its connected part is read. */
function startingValues(
  { order, reads, sizes }: StepParts,
  forward: ReadonlySet<GraphNode>,
  repeated: ReadonlySet<GraphNode>,
  makes: (name: string) => GraphNode | undefined,
): ReadonlyMap<GraphNode, string> {
  const parent = new Map<GraphNode, GraphNode>();
  const rootOf = (node: GraphNode): GraphNode => {
    let root = node;
    for (let next = parent.get(root); next; next = parent.get(root)) root = next;
    return root;
  };
  for (const node of repeated)
    for (const name of reads(node)) {
      const source = makes(name);
      if (source && rootOf(source) !== rootOf(node)) parent.set(rootOf(source), rootOf(node));
    }
  const startOf = new Map<GraphNode, string>();
  let last: string | undefined;
  for (const node of order) {
    if (!forward.has(node))
      for (const name of reads(node)) {
        const source = makes(name);
        if (source && last !== undefined && !startOf.has(rootOf(source))) startOf.set(rootOf(source), last);
      }
    const float = node.outputs.find(
      (name) => /^float(32|64)$/.test(sizes.types.get(name)?.dtype ?? '') && sizes.types.get(name)!.elements > 0,
    );
    // Before the backward half has begun, the end of the forward half will do.
    if (float !== undefined && (!forward.has(node) || !makes(float))) last = float;
  }
  return new Map([...repeated].flatMap((node) => (startOf.has(rootOf(node)) ? [[node, startOf.get(rootOf(node))!] as const] : [])));
}

function shapeOf({ sizes }: StepParts, name: string): readonly number[] {
  return sizes.types.get(name)!.shape;
}

function sizesWith({ sizes }: StepParts, nodes: readonly GraphNode[], sources: ReadonlyMap<string, string>): ValueSizes {
  const original = (name: string): string => {
    const source = sources.get(name);
    return source === undefined ? name : original(source);
  };
  const owners = new Map<string, string>();
  for (const { opType, domain, inputs, outputs } of nodes) {
    const [output, input] = [outputs[0]!, inputs[0]!];
    const view =
      (domain === 'modelkeep' && opType === 'After') || (sizes.bytesOf(original(output)) === 0 && isViewOf(sizes, original(output)));
    if (view) owners.set(output, owners.get(input) ?? input);
  }
  return {
    types: sizes.types,
    ownerOf: (name) => owners.get(name) ?? name,
    bytesOf: (name) => (owners.has(name) ? 0 : sizes.bytesOf(original(name))),
  };
}

function isViewOf(sizes: ValueSizes, name: string): boolean {
  return sizes.ownerOf(name) !== name;
}
