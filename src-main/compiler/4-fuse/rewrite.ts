import { typed, TypedOps, type TapeEntry, type TypedValue } from '../2-shapes/typedOps.ts';
import { isKnownOperator, type KnownOperator } from '../2-shapes/shapeRules.ts';
import type { Graph, GraphNode, TensorData } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { capturedByAttributes, rebindSubgraphs } from '../onnx/subgraphs.ts';
import { bypassIdentity } from './bypassIdentity.ts';
import type { Rewrite, RewriteContext } from './defineRewrite.ts';
import { removeUnused } from './removeUnused.ts';
import { shareCommon } from './shareCommon.ts';

/** Each pass is linear; chains of rewrites that wait for each other are short. */
const mostPasses = 8;

/**
 * Applies rewrites until none fits. The first of `rewrites` that fits a node is taken. Subgraphs keep their nodes: what they
 * capture is renamed in them. A graph with operators that have no shape rule is only tidied.
 */
export function rewrite(graph: Graph, rewrites: readonly Rewrite[]): Graph {
  let current = tidy(graph);
  if (!current.nodes.every((node) => isKnownOperator(operatorOf(node)))) return current;
  for (let pass = 0; pass < mostPasses; pass++) {
    const { graph: next, applied } = onePass(current, rewrites);
    if (applied === 0) break;
    current = tidy(next);
  }
  return current;
}

/** Equal nodes shared, Identity bypassed, what no output needs dropped. */
export function tidy(graph: Graph): Graph {
  return removeUnused(shareCommon(bypassIdentity(graph)));
}

function onePass(graph: Graph, rewrites: readonly Rewrite[]): { graph: Graph; applied: number } {
  const byOperator = new Map<string, Rewrite[]>();
  for (const each of rewrites) for (const operator of each.operators) byOperator.set(operator, [...(byOperator.get(operator) ?? []), each]);
  const builder = new GraphBuilder(graph.name);
  const g = new TypedOps(builder);
  // Outputs keep their names, so no node in between may take one.
  const reserved = new Set(graph.outputs.map((each) => each.name));
  const values = new Map<string, TypedValue>();
  const context = contextOf(g, graph);
  for (const each of graph.inputs) {
    const value = typed(builder.input(each.name, each.dtype, each.shape));
    values.set(each.name, value);
    context.inherit(each.name, value);
  }
  for (const [name, tensor] of graph.initializers) values.set(name, g.constant(tensor));
  let applied = 0;
  for (const node of graph.nodes) {
    const operator = operatorOf(node) as KnownOperator;
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)!));
    const site = { operator, inputs, attributes: node.attributes, outputCount: node.outputs.length };
    let outputs: readonly (TypedValue | undefined)[] | undefined;
    for (const each of byOperator.get(operator) ?? []) {
      const result = each.apply(site, context);
      if (result === undefined) continue;
      outputs = [result].flat() as readonly (TypedValue | undefined)[];
      applied++;
      break;
    }
    outputs ??= g.node(
      operator,
      inputs,
      rebindSubgraphs(
        node.attributes,
        (name) => values.get(name)?.name ?? name,
        (name) => builder.uniqueName(name),
      ),
      node.outputs.map((name) => builder.uniqueName(name === '' || reserved.has(name) ? node.opType : name)),
    );
    node.outputs.forEach((name, at) => {
      const value = outputs[at];
      if (name === '' || !value) return;
      values.set(name, value);
      context.inherit(name, value);
    });
  }
  for (const each of graph.outputs) builder.output(values.get(each.name)!, each.name);
  return { graph: builder.build(), applied };
}

function contextOf(g: TypedOps, graph: Graph): RewriteContext & { inherit(oldName: string, value: TypedValue): void } {
  const readers = new Map<string, string[]>();
  const read = (name: string, operator: string): void => {
    const known = readers.get(name);
    if (known) known.push(operator);
    else readers.set(name, [operator]);
  };
  for (const node of graph.nodes) {
    for (const name of node.inputs) read(name, operatorOf(node));
    // What a subgraph captures may be read any number of times.
    for (const name of capturedByAttributes(node.attributes)) for (const _ of [1, 2]) read(name, operatorOf(node));
  }
  for (const { name } of graph.outputs) for (const _ of [1, 2]) read(name, '');
  const readersOfNew = new Map<string, readonly string[]>();
  const makers = new Map<string, TapeEntry>();
  const byInputs = new Map<string, TapeEntry>();
  let seen = 0;
  const catchUp = (): void => {
    for (; seen < g.tape.length; seen++) {
      const entry = g.tape[seen]!;
      for (const each of entry.outputs) makers.set(each.name, entry);
      const key = keyOf(entry.operator, entry.inputs);
      if (!byInputs.has(key)) byInputs.set(key, entry);
    }
  };
  const constant = (value: TypedValue | undefined): TensorData | undefined => g.graph.constantValue(value);
  const producer = (value: TypedValue | undefined): TapeEntry | undefined => {
    catchUp();
    return value && makers.get(value.name);
  };
  return {
    g,
    producer,
    madeBy: (value, operator) => {
      const entry = producer(value);
      return entry?.operator === operator ? entry : undefined;
    },
    find: (operator, inputs) => {
      catchUp();
      return byInputs.get(keyOf(operator, inputs));
    },
    readOnce: (value) => (readersOfNew.get(value.name) ?? []).length <= 1,
    readers: (value) => readersOfNew.get(value.name) ?? [],
    constant,
    uniform: (value) => uniformNumber(constant(value)),
    inherit: (oldName, value) => readersOfNew.set(value.name, [...(readersOfNew.get(value.name) ?? []), ...(readers.get(oldName) ?? [])]),
  };
}

/** The number in all elements of a float constant. */
export function uniformNumber(tensor: TensorData | undefined): number | undefined {
  if (tensor?.dtype !== 'float32' && tensor?.dtype !== 'float64') return undefined;
  const [first] = tensor.data;
  return first !== undefined && tensor.data.every((each) => Object.is(each, first)) ? first : undefined;
}

function keyOf(operator: string, inputs: readonly (TypedValue | undefined)[]): string {
  return `${operator}(${inputs.map((each) => each?.name ?? '').join()})`;
}

function operatorOf(node: GraphNode): string {
  return node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
}
