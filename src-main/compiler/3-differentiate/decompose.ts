import type { ReplayOptions } from '../2-shapes/replay.ts';
import type { TypedOps } from '../2-shapes/typedOps.ts';
import { compositeOf } from '../gradients/index.ts';
import { attributesOf, namedTensors } from './backpropagate.ts';

/** For `replay`: operators that are formulas over others become those others, so that every node on the tape has a rule. */
export function decomposer(g: TypedOps): NonNullable<ReplayOptions['decompose']> {
  const decompose: NonNullable<ReplayOptions['decompose']> = (operator, inputs, attributes, outputCount) => {
    const rule = compositeOf(operator);
    return rule?.decompose(namedTensors(rule.inputs, inputs), attributesOf(rule.attributes, attributes), g, {
      inputs,
      attributes,
      outputCount,
    });
  };
  return decompose;
}
