import type { ReplayOptions } from '../2-shapes/replay.ts';
import type { TypedOps } from '../2-shapes/typedOps.ts';
import { compositeOf, gradientOf } from '../gradients/index.ts';
import { attributesOf, namedTensors } from './backpropagate.ts';

/** For `replay`: operators that are formulas over others become those others, and forms that a rule rewrites are rewritten: every node on the tape has a rule. */
export function decomposer(g: TypedOps): NonNullable<ReplayOptions['decompose']> {
  const decompose: NonNullable<ReplayOptions['decompose']> = (operator, inputs, attributes, outputCount) => {
    const node = { inputs, attributes, outputCount };
    const composite = compositeOf(operator);
    if (composite)
      return composite.decompose(namedTensors(composite.inputs, inputs), attributesOf(composite.attributes, attributes), g, node);
    const rule = gradientOf(operator);
    return rule?.rewrite?.(namedTensors(rule.inputs, inputs), attributesOf(rule.attributes, attributes), g, node);
  };
  return decompose;
}
