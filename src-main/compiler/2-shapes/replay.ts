import { inlineControl } from '../1-parse/control/inlineControl.ts';
import type { Attributes, Graph, GraphNode, TensorData, Value } from '../onnx/graph.ts';
import { rebindSubgraphs } from '../onnx/subgraphs.ts';
import { foldNode } from './fold/foldNode.ts';
import { refusal } from './refusal.ts';
import { isKnownOperator } from './shapeRules.ts';
import { typed, type TypedOps, type TypedValue } from './typedOps.ts';

export interface ReplayOptions {
  /** Asked for a value that is neither input, constant nor computed (a Dropout mask, whose shape is that of its partner). */
  readonly missing?: (name: string, node: GraphNode, partner: TypedValue) => Value;
  /** Replaces a node by others; undefined leaves it as it is. Outputs that the node leaves out may be undefined. */
  readonly decompose?: (
    operator: string,
    inputs: readonly (TypedValue | undefined)[],
    attributes: Attributes,
    outputCount: number,
  ) => readonly (TypedValue | undefined)[] | undefined;
  /** Evaluates nodes whose inputs are constants, and Shape. Default false. */
  readonly fold?: boolean;
  /** Inlines If, Loop and Scan: for graphs from outside. Default false: ours stay as they are, their Scans have gradients. */
  readonly inlineControl?: boolean;
}

/**
 * Phase 2. Runs `graph` on types instead of numbers: adds its nodes to another graph, one by one, and so finds the shape
 * of everything in it. `inputs` gives the new value for each input of `graph`. Returns the new value by old name.
 */
export function replay(
  g: TypedOps,
  graph: Graph,
  inputs: ReadonlyMap<string, Value>,
  options: ReplayOptions = {},
): ReadonlyMap<string, TypedValue> {
  const replayer = new Replayer(g, options);
  for (const [name, value] of inputs) replayer.set(name, typed(value));
  replayer.addGraph(graph);
  return replayer.values;
}

/** The same, node by node; subgraphs that are inlined get a replayer of their own, which sees the values around. */
export class Replayer {
  /** The values of this graph, without those around it. */
  readonly values = new Map<string, TypedValue>();
  readonly #g: TypedOps;
  readonly #options: ReplayOptions;
  readonly #outer: Replayer | undefined;

  constructor(g: TypedOps, options: ReplayOptions = {}, outer?: Replayer) {
    this.#g = g;
    this.#options = options;
    this.#outer = outer;
  }

  get(name: string): TypedValue | undefined {
    return this.values.get(name) ?? this.#outer?.get(name);
  }

  set(name: string, value: TypedValue): void {
    this.values.set(name, value);
  }

  constant(name: string, tensor: TensorData): void {
    this.values.set(name, this.#g.constant(tensor));
  }

  addGraph(graph: Graph): void {
    for (const [name, tensor] of graph.initializers) this.constant(name, tensor);
    for (const node of graph.nodes) this.addNode(node, graph.name);
  }

  addNode(node: GraphNode, graphName: string): void {
    const operator = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    const inputs = node.inputs.map((name) => this.#input(name, node, graphName));
    const outputs =
      this.#folded(operator, inputs, node) ??
      (this.#options.inlineControl ? inlineControl(this.#g, node, inputs, (body, given) => this.#run(body, given)) : undefined) ??
      this.#options.decompose?.(operator, inputs, node.attributes, node.outputs.length) ??
      this.#addAsItIs(operator, inputs, node);
    node.outputs.forEach((name, at) => {
      if (name !== '' && outputs[at]) this.values.set(name, outputs[at]);
    });
  }

  #input(name: string, node: GraphNode, graphName: string): TypedValue | undefined {
    if (name === '') return undefined;
    const known = this.get(name);
    if (known) return known;
    const partner = this.get(node.inputs[0]!);
    const value = partner && this.#options.missing && typed(this.#options.missing(name, node, partner));
    if (!value) throw new Error(`"${graphName}" uses "${name}" before it is made.`);
    this.values.set(name, value);
    return value;
  }

  #folded(operator: string, inputs: readonly (TypedValue | undefined)[], node: GraphNode): readonly TypedValue[] | undefined {
    if (!this.#options.fold) return undefined;
    const known = inputs.map((each) => each && { ...each, constant: this.#g.graph.constantValue(each) });
    return foldNode(operator, known, node.attributes, node.outputs.length)?.map((each) => this.#g.constant(each));
  }

  #addAsItIs(operator: string, inputs: readonly (TypedValue | undefined)[], node: GraphNode): readonly TypedValue[] {
    if (!isKnownOperator(operator)) throw refusal(operator, node.name);
    const { graph } = this.#g;
    // Keeps the node's own names where they are free, so that a graph can be followed through the phases.
    const names = node.outputs.map((name) => graph.uniqueName(name === '' ? `${node.opType}_unused` : name));
    const attributes = rebindSubgraphs(
      node.attributes,
      (name) => this.get(name)?.name ?? name,
      (name) => graph.uniqueName(name),
    );
    return this.#g.node(operator, inputs, attributes, names);
  }

  #run(body: Graph, inputs: readonly TypedValue[]): readonly TypedValue[] {
    const inner = new Replayer(this.#g, this.#options, this);
    body.inputs.forEach((each, at) => inner.set(each.name, inputs[at]!));
    inner.addGraph(body);
    return body.outputs.map(({ name }) => {
      const value = inner.get(name);
      if (!value) throw new Error(`"${body.name}" does not make its output "${name}".`);
      return value;
    });
  }
}
