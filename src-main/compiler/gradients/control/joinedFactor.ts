import type { Sequence } from '../../2-shapes/scan.ts';
import type { TapeEntry, TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { readInteger } from '../../onnx/attributes.ts';
import { shifted, type ScanParts } from './scanParts.ts';

/** Where the values that a step reads come from. */
export interface Sources {
  /** What it reads from a sequence. */
  readonly sequenceOf: (value: TypedValue) => Sequence | undefined;
  /** A state as it found it: the states that the steps left, and the initial one. */
  readonly stateOf: (value: TypedValue) => { readonly stack: Sequence; readonly initial: TypedValue } | undefined;
}

/**
 * The factor of a product in all steps, one row per column: [steps, columns, size]. For a factor that each step joins from
 * pieces (x over 1 over h), the pieces of all steps are joined instead: a recurrent layer has them with features last
 * anyway, as its input and output, so neither the factor is kept nor turned. Undefined for any other factor.
 */
export function joinedFactor(
  g: TypedOps,
  tape: readonly TapeEntry[],
  factor: TypedValue,
  { length, captured }: ScanParts,
  { sequenceOf, stateOf }: Sources,
): Sequence | undefined {
  const maker = tape.find((each) => each.outputs[0]?.name === factor.name);
  if (maker?.operator !== 'Concat' || readInteger(maker.attributes, 'axis', 0) !== 0) return undefined;
  const pieces = maker.inputs.map((piece): Partial<Sequence> | undefined => {
    const [sequence, state] = [sequenceOf(piece!), stateOf(piece!)];
    if (sequence) return { ...sequence, value: g.swapLast(sequence.value) };
    if (state) return shifted(g, { ...state.stack, value: g.swapLast(state.stack.value) }, g.swapLast(state.initial));
    if (!captured.some((each) => each.name === piece!.name)) return undefined;
    const turned = g.swapLast(piece!);
    return { value: g.expand(g.reshape(turned, [1, ...turned.shape]), [length, ...turned.shape]) };
  });
  if (pieces.some((each) => !each)) return undefined;
  const directions = new Set(pieces.flatMap((each) => (each!.backward === undefined ? [] : [each!.backward])));
  if (directions.size !== 1) return undefined;
  return {
    value: g.op(
      'Concat',
      pieces.map((each) => each!.value!),
      { axis: 2 },
    ),
    backward: [...directions][0]!,
  };
}
