import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { TapeEntry, TypedValue } from '../2-shapes/typedOps.ts';
import { gradientOf } from '../gradients/index.ts';
import { withoutGradient } from '../gradients/withoutGradient.ts';

/** Says why a parameter gets no gradient: it is not used, does not reach the loss, or only through an operator that stops it. */
export function withoutGradientError(tape: readonly TapeEntry[], parameter: TypedValue, loss: TypedValue): ModelkeepError {
  const shape = `[${parameter.shape.join(', ')}]`;
  return new ModelkeepError('MK_COMPILER_PARAMETER_WITHOUT_GRADIENT', {
    parameter: parameter.name,
    shape,
    reason: reasonFor(tape, parameter, loss),
  });
}

function reasonFor(tape: readonly TapeEntry[], parameter: TypedValue, loss: TypedValue): string {
  if (!tape.some((entry) => entry.inputs.some((each) => each?.name === parameter.name))) return 'no node uses it.';
  const towardsLoss = namesThatReach(tape, loss);
  if (!towardsLoss.has(parameter.name)) return 'the loss does not depend on it.';
  const reached = new Set([parameter.name]);
  for (const { operator, inputs, outputs } of tape) {
    const from = inputs.find((each) => each && reached.has(each.name));
    if (!from || !outputs.some((each) => towardsLoss.has(each.name))) continue;
    const [{ name, shape, dtype }] = outputs as readonly [TypedValue];
    const why = gradientOf(operator) ? !dtype.startsWith('float') && `its output is ${dtype}` : whyBlocked(operator);
    if (why) return `the loss depends on it only through ${operator} ("${name}" [${shape.join(', ')}]): ${why}.`;
    for (const each of outputs) reached.add(each.name);
  }
  return 'the gradient is zero wherever the loss depends on it.';
}

function namesThatReach(tape: readonly TapeEntry[], value: TypedValue): Set<string> {
  const reaching = new Set([value.name]);
  for (const { inputs, outputs } of tape.toReversed())
    if (outputs.some((each) => reaching.has(each.name))) for (const each of inputs) if (each) reaching.add(each.name);
  return reaching;
}

function whyBlocked(operator: string): string {
  const entry = Object.entries(withoutGradient).find(([key]) => key.slice(0, key.indexOf('@')) === operator);
  return entry?.[1] ?? 'nothing flows back through it';
}
