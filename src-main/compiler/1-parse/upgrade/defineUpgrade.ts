import type { Attribute, Graph, GraphNode, Shape, TensorData } from '../../onnx/graph.ts';

/** What an upgrade may ask about the graph around its node, and add to it. */
export interface UpgradeContext {
  /** Undefined where not even the rank is known (inside subgraphs). */
  shapeOf(name: string): Shape | undefined;
  constantOf(name: string): TensorData | undefined;
  /** Whether anything reads the value. */
  isUsed(name: string): boolean;
  /** Adds an initializer; returns its name. */
  constant(stem: string, tensor: TensorData): string;
  /** A name that nothing has yet. */
  fresh(stem: string): string;
  /** Throws MK_COMPILER_IMPORT_NODE_UNSUPPORTED. */
  refuse(reason: string): never;
}

/** A version of an operator whose inputs, attributes or meaning differ from the version before. */
export interface OperatorChange {
  /** Opset of the operator set in which the new form appeared. */
  readonly since: number;
  /** The node of the version before, as nodes of this version. The last one has the node's outputs. */
  upgrade(node: GraphNode, c: UpgradeContext): readonly GraphNode[];
}

/** All changes of one operator between the oldest opset that we read and ours, oldest first. */
export interface OperatorUpgrade {
  /** The operator page, which lists the versions. */
  readonly source: string;
  readonly changes: readonly OperatorChange[];
}

/** The node with other inputs, attributes or operator; `without` names attributes that go. */
export function changed(
  node: GraphNode,
  {
    without = [],
    attributes = {},
    ...rest
  }: Partial<Omit<GraphNode, 'attributes'>> & { without?: readonly string[]; attributes?: GraphNode['attributes'] },
): GraphNode {
  const kept = Object.entries(node.attributes).filter(([name]) => !without.includes(name));
  return { ...node, ...rest, attributes: { ...Object.fromEntries(kept), ...attributes } };
}

/** A new node with one output. */
export function added(
  c: UpgradeContext,
  from: GraphNode,
  opType: string,
  inputs: readonly string[],
  attributes: GraphNode['attributes'] = {},
  output = c.fresh(`${from.name}.${opType}`),
): GraphNode {
  return { opType, domain: '', name: output, inputs, outputs: [output], attributes };
}

/** `ints` attribute → int64 input. */
export function integers(c: UpgradeContext, node: GraphNode, name: string, values: readonly number[]): string {
  return c.constant(`${node.name}.${name}`, { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, int64) });
}

export function floats(c: UpgradeContext, node: GraphNode, name: string, values: readonly number[], shape = [values.length]): string {
  return c.constant(`${node.name}.${name}`, { dtype: 'float32', shape, data: Float32Array.from(values) });
}

export function intsOf(node: GraphNode, name: string): readonly number[] | undefined {
  const attribute: Attribute | undefined = node.attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

export function numberOf(node: GraphNode, name: string): number | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' || attribute?.kind === 'float' ? attribute.value : undefined;
}

export function textOf(node: GraphNode, name: string): string | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === 'string' ? attribute.value : undefined;
}

/** Inputs without the optional ones that are left out at the end. */
export function trimmed(inputs: readonly string[]): readonly string[] {
  const last = inputs.findLastIndex((name) => name !== '');
  return inputs.slice(0, last + 1);
}

/** The change that most operators went through: a list of axes (or sizes) as an attribute became input `position`. */
export function attributeToInput(since: number, name: string, position = 1): OperatorChange {
  return {
    since,
    upgrade: (node, c) => {
      const values = intsOf(node, name);
      if (!values) return [node];
      const inputs = Array.from({ length: position }, (_, at) => node.inputs[at] ?? '');
      return [changed(node, { without: [name], inputs: [...inputs, integers(c, node, name, values)] })];
    },
  };
}

/** Graphs among the attributes. */
export function subgraphsOf(node: GraphNode): readonly [name: string, graph: Graph][] {
  return Object.entries(node.attributes).flatMap(([name, each]): [string, Graph][] => (each.kind === 'graph' ? [[name, each.value]] : []));
}

/** JavaScript has no exact 2⁶³ − 1, which exporters write for "to the end". */
function int64(value: number): bigint {
  const [low, high] = [-(2n ** 63n), 2n ** 63n - 1n];
  const integer = BigInt(value);
  return integer > high ? high : integer < low ? low : integer;
}
