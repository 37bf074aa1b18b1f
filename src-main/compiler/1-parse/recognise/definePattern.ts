import type { GraphNode, TensorData } from '../../onnx/graph.ts';

/** What a pattern may look at: the graph around a node, backwards. */
export interface PatternContext {
  /** The node of the ONNX domain that makes a value, when it is that operator. */
  madeBy(name: string | undefined, operator: string): GraphNode | undefined;
  /** The number of a float constant with one element. */
  number(name: string | undefined): number | undefined;
  constant(name: string | undefined): TensorData | undefined;
  /** For the sizes that are tried while importing, as far as it is known. */
  shapeOf(name: string): readonly number[] | undefined;
  /** Whether only one node reads the value, and it is no output. */
  readOnce(name: string): boolean;
}

/** An operator that exporters write as several nodes. */
export interface Pattern {
  /** The operator that it is. */
  readonly operator: string;
  readonly formula: string;
  /** The last node of the pattern may be one of these. */
  readonly ends: readonly string[];
  /** Inputs and attributes of the one node that makes the same value as `end`; undefined where `end` is something else. */
  match(end: GraphNode, context: PatternContext): Pick<GraphNode, 'inputs' | 'attributes'> | undefined;
}

/** Gives a pattern its type. */
export function definePattern(pattern: Pattern): Pattern {
  return pattern;
}

/** Constants were rounded to float32, and some to the digits of a paper. */
export function near(value: number | undefined, expected: number, tolerance = 1e-6): boolean {
  return value !== undefined && Math.abs(value - expected) <= tolerance * Math.abs(expected);
}

/**
 * The factors of a product of several Mul (and of Div by a constant): its number, and the other values. Only products that
 * nothing else reads are looked into.
 */
export function factorsOf(name: string, context: PatternContext): { number: number; values: readonly string[] } {
  const product = context.madeBy(name, 'Mul') ?? context.madeBy(name, 'Div');
  return product ? factorsOfNode(product, context) : { number: 1, values: [name] };
}

export function factorsOfNode(node: GraphNode, context: PatternContext): { number: number; values: readonly string[] } {
  const [left, right] = node.inputs as [string, string];
  if (node.opType === 'Div') {
    const divisor = context.number(right);
    if (divisor === undefined) return { number: 1, values: [node.outputs[0]!] };
    const { number, values } = partOf(left, context);
    return { number: number / divisor, values };
  }
  const [a, b] = [partOf(left, context), partOf(right, context)];
  return { number: a.number * b.number, values: [...a.values, ...b.values] };
}

function partOf(name: string, context: PatternContext): { number: number; values: readonly string[] } {
  const number = context.number(name);
  if (number !== undefined) return { number, values: [] };
  return context.readOnce(name) ? factorsOf(name, context) : { number: 1, values: [name] };
}

/** The other term where one of the two is this number. */
export function besideNumber(node: GraphNode | undefined, number: number, context: PatternContext): string | undefined {
  const [left, right] = node?.inputs ?? [];
  if (near(context.number(right), number)) return left;
  return near(context.number(left), number) ? right : undefined;
}
