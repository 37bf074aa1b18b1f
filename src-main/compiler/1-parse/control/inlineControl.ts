import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { GraphNode } from '../../onnx/graph.ts';
import type { ControlContext } from './controlContext.ts';
import { inlineIf } from './If.ts';
import { unrollLoop } from './Loop.ts';
import { unrollScan } from './Scan.ts';

/**
 * Control flow as plain nodes, so that gradients need no rule for it: the branch of an If whose condition is constant, both
 * branches and a choice where it is not; the body of a Loop or Scan as often as it runs.
 *
 * Throws MK_COMPILER_LOOP_UNBOUNDED where the number of iterations is not a constant up to `maxIterations`.
 * Undefined for every other operator.
 */
export function inlineControl(
  g: TypedOps,
  node: GraphNode,
  inputs: readonly (TypedValue | undefined)[],
  run: ControlContext['run'],
): readonly TypedValue[] | undefined {
  const inline = node.domain === '' && Object.hasOwn(control, node.opType) ? control[node.opType as keyof typeof control] : undefined;
  return inline?.(inputs, {
    g,
    node,
    run,
    constantOf: (value) => g.graph.constantValue(value),
    refuse: (reason) => {
      throw new ModelkeepError('MK_COMPILER_LOOP_UNBOUNDED', { operator: node.opType, node: node.name, reason });
    },
  });
}

const control = { If: inlineIf, Loop: unrollLoop, Scan: unrollScan };
