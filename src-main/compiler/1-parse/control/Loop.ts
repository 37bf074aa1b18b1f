import { sameShape } from '../../2-shapes/broadcast.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { bodyOf, maxIterations, type ControlContext } from './controlContext.ts';
import { stack } from './stack.ts';

/**
 * https://onnx.ai/onnx/operators/onnx__Loop.html
 * The number of iterations must be constant. Where the body also decides when to stop, later iterations run all the same and
 * their results are not taken; values stacked per iteration would then have an unknown length and are refused.
 */
export function unrollLoop(inputs: readonly (TypedValue | undefined)[], c: ControlContext): readonly TypedValue[] {
  const { g } = c;
  const [tripCount, firstCondition, ...initial] = inputs;
  const body = bodyOf(c, 'body');
  const trips = c.constantOf(tripCount);
  if (tripCount && !trips) return c.refuse('the number of iterations is known only when the model runs.');
  const count = trips ? Number(trips.data[0]) : Infinity;
  const truth = g.constant({ dtype: 'bool', shape: [], data: Uint8Array.of(1) });
  let condition = firstCondition ?? truth;
  let carried = initial as readonly TypedValue[];
  /** Whether this iteration counts; undefined: certainly. */
  let active: TypedValue | undefined;
  const stacked: TypedValue[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let iteration = 0; iteration < count; iteration++) {
    const known = c.constantOf(condition);
    if (known && Number(known.data[0]) === 0) break;
    if (iteration >= maxIterations) return c.refuse(`it runs more than ${maxIterations} times${trips ? ` (${count})` : ''}.`);
    if (!known) {
      if (stacked.length > 0) return c.refuse('how often it runs is known only when the model runs, and it stacks a value per iteration.');
      if (!trips) return c.refuse('nothing bounds the number of iterations.');
      const now = g.reshape(condition, []);
      active = active ? g.op('And', [active, now]) : now;
    }
    const index = g.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(iteration)) });
    const [next, ...results] = c.run(body, [index, condition, ...carried]);
    condition = next!;
    carried = carried.map((before, at) => {
      const after = results[at]!;
      if (!active) return after;
      if (!sameShape(before.shape, after.shape)) return c.refuse(`the shape of its carried value ${at} changes while it may stop early.`);
      return g.op('Where', [active, after, before]);
    });
    stacked.forEach((list, at) => list.push(results[carried.length + at]!));
  }
  if (stacked.some((list) => list.length === 0)) return c.refuse('it stacks a value per iteration but never runs.');
  return [...carried, ...stacked.map((list) => stack(g, list, 0))];
}
