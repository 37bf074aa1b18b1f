import { fixed, fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import { bodyOf, maxIterations, type ControlContext } from './controlContext.ts';
import { stack, unstack } from './stack.ts';

/**
 * https://onnx.ai/onnx/operators/onnx__Scan.html (opset 9 and later)
 * As many iterations as the scanned axis is long.
 */
export function unrollScan(inputs: readonly (TypedValue | undefined)[], c: ControlContext): readonly TypedValue[] {
  const { attributes } = c.node;
  const body = bodyOf(c, 'body');
  const scannedCount = readInteger(attributes, 'num_scan_inputs', 0);
  const values = inputs as readonly TypedValue[];
  const stateCount = values.length - scannedCount;
  const scanned = values.slice(stateCount).map((each, at) => {
    const axis = fromEnd(readIntegers(attributes, 'scan_input_axes')?.[at] ?? 0, each.shape.length);
    const length = fixed(each.shape[axis], `The length of axis ${axis} of "${each.name}"`);
    if (length > maxIterations) return c.refuse(`it runs more than ${maxIterations} times (${length}).`);
    const parts = unstack(c.g, each, axis, length);
    return isBackward(readIntegers(attributes, 'scan_input_directions'), at) ? parts.toReversed() : parts;
  });
  const length = scanned[0]?.length ?? c.refuse('it scans nothing.');
  if (scanned.some((each) => each.length !== length)) return c.refuse('what it scans has different lengths.');
  let state = values.slice(0, stateCount);
  const outputs: TypedValue[][] = body.outputs.slice(stateCount).map(() => []);
  for (let at = 0; at < length; at++) {
    const results = c.run(body, [...state, ...scanned.map((each) => each[at]!)]);
    state = results.slice(0, stateCount);
    outputs.forEach((list, each) => list.push(results[stateCount + each]!));
  }
  return [
    ...state,
    ...outputs.map((list, at) => {
      const axis = fromEnd(readIntegers(attributes, 'scan_output_axes')?.[at] ?? 0, list[0]!.shape.length + 1);
      return stack(c.g, isBackward(readIntegers(attributes, 'scan_output_directions'), at) ? list.toReversed() : list, axis);
    }),
  ];
}

function isBackward(directions: readonly number[] | undefined, at: number): boolean {
  return directions?.[at] === 1;
}
