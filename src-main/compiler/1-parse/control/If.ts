import { sameShape } from '../../2-shapes/broadcast.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { bodyOf, type ControlContext } from './controlContext.ts';

/**
 * https://onnx.ai/onnx/operators/onnx__If.html
 * A condition that is known only when the model runs makes both branches run, and the results are chosen: right for
 * operators without side effects, but a branch that is not taken must not give NaN where the gradient flows.
 */
export function inlineIf([condition]: readonly (TypedValue | undefined)[], c: ControlContext): readonly TypedValue[] {
  const known = c.constantOf(condition);
  if (known) return c.run(bodyOf(c, Number(known.data[0]) === 0 ? 'else_branch' : 'then_branch'), []);
  const [taken, otherwise] = [c.run(bodyOf(c, 'then_branch'), []), c.run(bodyOf(c, 'else_branch'), [])];
  return taken.map((each, at) => {
    const other = otherwise[at]!;
    if (!sameShape(each.shape, other.shape))
      return c.refuse(
        `its condition is not constant and its branches give different shapes, [${each.shape.join()}] and [${other.shape.join()}].`,
      );
    return c.g.op('Where', [c.g.reshape(condition!, []), each, other]);
  });
}
