import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { constantTensor } from '../../2-shapes/fold/making.ts';
import type { Attribute, Graph, GraphNode, Shape, TensorData } from '../../onnx/graph.ts';
import { subgraphsOf, type UpgradeContext } from './defineUpgrade.ts';
import { opsetRange, upgrades } from './index.ts';

export interface UpgradeOptions {
  /** Shape of a value, asked in the order of the nodes. Without it upgrades take their general forms. */
  readonly shapeOf?: (name: string) => Shape | undefined;
  /** Called with each node of the outermost graph once it is in its new form, and the initializers that came with it. */
  readonly onNode?: (node: GraphNode, constants: ReadonlyMap<string, TensorData>) => void;
  /** Called with each constant of the outermost graph that stood as a node. */
  readonly onConstant?: (name: string, tensor: TensorData) => void;
}

/**
 * A graph of another opset as one of opset 21, subgraphs included: same meaning, newer spelling. Constants written as nodes
 * become initializers; nodes without a name get one, so that errors can name them.
 *
 * Throws MK_COMPILER_OPSET_UNSUPPORTED outside opset 7–23, MK_COMPILER_IMPORT_NODE_UNSUPPORTED for an old form that has no
 * equivalent.
 */
export function upgradeGraph(graph: Graph, opset: number, { shapeOf = () => undefined, ...listeners }: UpgradeOptions = {}): Graph {
  const { oldest, newest } = opsetRange;
  if (!(opset >= oldest && opset <= newest)) throw new ModelkeepError('MK_COMPILER_OPSET_UNSUPPORTED', { opset, oldest, newest });
  const names = new Names(graph);
  return upgradeOne(graph, opset, { names, shapeOf, outer: new Map(), ...listeners });
}

interface Surroundings extends UpgradeOptions {
  readonly names: Names;
  readonly shapeOf: (name: string) => Shape | undefined;
  /** Constants of the graphs around. */
  readonly outer: ReadonlyMap<string, TensorData>;
}

function upgradeOne(graph: Graph, opset: number, { names, shapeOf, onNode, onConstant, outer }: Surroundings): Graph {
  const initializers = new Map(graph.initializers);
  const visible = (): ReadonlyMap<string, TensorData> => new Map([...outer, ...initializers]);
  const aliases = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const [at, unnamed] of graph.nodes.entries()) {
    const named = unnamed.name === '' ? { ...unnamed, name: names.fresh(`${unnamed.opType}_${at}`) } : unnamed;
    const constant = constantOf(named);
    if (constant) {
      initializers.set(named.outputs[0]!, constant);
      onConstant?.(named.outputs[0]!, constant);
      continue;
    }
    if (named.opType === 'Identity' && named.domain === '') aliases.set(named.outputs[0]!, named.inputs[0]!);
    const fresh = new Map<string, TensorData>();
    const context: UpgradeContext = {
      shapeOf,
      constantOf: (name) => {
        let source = name;
        while (aliases.has(source)) source = aliases.get(source)!;
        return initializers.get(source) ?? outer.get(source);
      },
      isUsed: (name) => names.isUsed(name),
      constant: (stem, tensor) => {
        const name = names.fresh(stem);
        initializers.set(name, tensor);
        fresh.set(name, tensor);
        return name;
      },
      fresh: (stem) => names.fresh(stem),
      refuse: (reason) => {
        throw new ModelkeepError('MK_COMPILER_IMPORT_NODE_UNSUPPORTED', { operator: named.opType, node: named.name, reason });
      },
    };
    const inside = withSubgraphs(named, (each) => upgradeOne(each, opset, { names, shapeOf: () => undefined, outer: visible() }));
    for (const node of upgradeNode(inside, opset, context)) {
      nodes.push(node);
      onNode?.(node, fresh);
    }
  }
  return { ...graph, nodes, initializers };
}

/** The node in the form of opset 21, one change after the other. A change may turn it into another operator. */
function upgradeNode(node: GraphNode, opset: number, context: UpgradeContext): readonly GraphNode[] {
  if (node.domain !== '') return [node];
  const next = Object.hasOwn(upgrades, node.opType) ? upgrades[node.opType]!.changes.find((each) => each.since > opset) : undefined;
  if (!next) return [node];
  return next.upgrade(node, context).flatMap((each) => upgradeNode(each, next.since, context));
}

function constantOf(node: GraphNode): TensorData | undefined {
  if (node.opType !== 'Constant' || node.domain !== '') return undefined;
  const tensor = constantTensor(node.attributes);
  if (tensor) return tensor;
  throw new ModelkeepError('MK_COMPILER_IMPORT_NODE_UNSUPPORTED', {
    operator: 'Constant',
    node: node.name,
    reason: `its value is of the form "${Object.keys(node.attributes).join()}".`,
  });
}

function withSubgraphs(node: GraphNode, upgrade: (graph: Graph) => Graph): GraphNode {
  if (subgraphsOf(node).length === 0) return node;
  const attributes = Object.entries(node.attributes).map(([name, each]): [string, Attribute] => [
    name,
    each.kind === 'graph' ? { kind: 'graph', value: upgrade(each.value) } : each,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) };
}

/** Names of values and nodes in a graph and its subgraphs. */
class Names {
  readonly #taken = new Set<string>();
  readonly #used = new Set<string>();

  constructor(graph: Graph) {
    this.#collect(graph);
  }

  isUsed(name: string): boolean {
    return this.#used.has(name);
  }

  fresh(stem: string): string {
    let name = stem;
    for (let at = 1; this.#taken.has(name); at++) name = `${stem}_${at}`;
    this.#taken.add(name);
    return name;
  }

  #collect(graph: Graph): void {
    for (const { name } of [...graph.inputs, ...graph.outputs]) this.#taken.add(name);
    for (const { name } of graph.outputs) this.#used.add(name);
    for (const name of graph.initializers.keys()) this.#taken.add(name);
    for (const node of graph.nodes) {
      for (const name of [node.name, ...node.inputs, ...node.outputs]) this.#taken.add(name);
      for (const name of node.inputs) this.#used.add(name);
      for (const [, each] of subgraphsOf(node)) this.#collect(each);
    }
  }
}
