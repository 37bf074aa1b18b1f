import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { Graph, GraphNode, TensorData } from '../../onnx/graph.ts';

/** Loops that run more often than this are refused: the training graph would grow by as many copies of the body. */
export const maxIterations = 1024;

export interface ControlContext {
  readonly g: TypedOps;
  readonly node: GraphNode;
  /** Adds the nodes of a subgraph that sees the values around it, with these values for its inputs; returns its outputs. */
  run(body: Graph, inputs: readonly TypedValue[]): readonly TypedValue[];
  constantOf(value: TypedValue | undefined): TensorData | undefined;
  /** Throws MK_COMPILER_LOOP_UNBOUNDED. */
  refuse(reason: string): never;
}

export function bodyOf({ node, refuse }: ControlContext, name: string): Graph {
  const attribute = node.attributes[name];
  return attribute?.kind === 'graph' ? attribute.value : refuse(`it has no "${name}".`);
}
