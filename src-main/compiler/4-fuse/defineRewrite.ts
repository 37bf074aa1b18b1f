import type { KnownOperator } from '../2-shapes/shapeRules.ts';
import type { TapeEntry, TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Attributes, TensorData } from '../onnx/graph.ts';

/** A node about to be added to the rewritten graph; its inputs are values of that graph. */
export interface Site {
  readonly operator: KnownOperator;
  readonly inputs: readonly (TypedValue | undefined)[];
  readonly attributes: Attributes;
  readonly outputCount: number;
}

/** What a rewrite may look at, beside the node itself: what came before it. */
export interface RewriteContext {
  readonly g: TypedOps;
  /** The node of the rewritten graph that makes a value; undefined for inputs and constants. */
  producer(value: TypedValue | undefined): TapeEntry | undefined;
  /** Producer of `value` when it is that operator. */
  madeBy(value: TypedValue | undefined, operator: KnownOperator): TapeEntry | undefined;
  /** A node of the rewritten graph with this operator and these inputs, in which values are compared by name. */
  find(operator: KnownOperator, inputs: readonly TypedValue[]): TapeEntry | undefined;
  /** Whether at most one node of the graph before the rewrite reads the value, and it is no output. */
  readOnce(value: TypedValue): boolean;
  /** Operators of the nodes that read the value in the graph before the rewrite; '' where it is an output. */
  readers(value: TypedValue): readonly string[];
  constant(value: TypedValue | undefined): TensorData | undefined;
  /** The number that a float constant holds in all its elements. */
  uniform(value: TypedValue | undefined): number | undefined;
}

/**
 * A pattern and its replacement. Rewrites look backwards only, from a node to what made its inputs; what nothing reads
 * afterwards is dropped. So each is a function of one node, and one pass over a graph is linear in its size.
 */
export interface Rewrite {
  /** The file's name. */
  readonly name: string;
  /** 'x · 1 = x'. */
  readonly formula: string;
  /** Why it is worth it, with the figure where it was measured. */
  readonly reason: string;
  /** Every result keeps its bits (−0 and +0 count as equal); otherwise only its value up to rounding. */
  readonly exact: boolean;
  readonly operators: readonly KnownOperator[];
  /** The value (or one per output) that replaces the node; undefined leaves it. */
  apply(site: Site, context: RewriteContext): TypedValue | readonly (TypedValue | undefined)[] | undefined;
  /** A graph before and after, as `printGraph` writes it. The table test walks all of them. */
  readonly examples: readonly { readonly before: string; readonly after: string }[];
}

/** Gives a rewrite its type. */
export function defineRewrite(rewrite: Rewrite): Rewrite {
  return rewrite;
}
