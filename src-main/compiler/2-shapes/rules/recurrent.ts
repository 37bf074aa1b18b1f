import { readInteger } from '../../onnx/attributes.ts';
import type { ShapeContext, ShapeRule, TensorType } from './shapeRule.ts';

export const recurrent = {
  LSTM: recurrentTypes('LSTM', 4, 2),
  GRU: recurrentTypes('GRU', 3, 1),
  RNN: recurrentTypes('RNN', 1, 1),
} satisfies Record<string, ShapeRule>;

/** Y [time, directions, batch, units], then each last state [directions, batch, units]. */
function recurrentTypes(operator: string, gates: number, states: number): ShapeRule {
  return ({ inputs: [X, W, R], attributes }: ShapeContext): readonly TensorType[] => {
    // Layout 1 has the batch first, everywhere.
    const batchFirst = readInteger(attributes, 'layout', 0) === 1;
    const [batch, time, features] = batchFirst ? X!.shape : [X!.shape[1], X!.shape[0], X!.shape[2]];
    const [directions, rows, inputs] = W!.shape;
    const units = R!.shape[2];
    const fits = X!.shape.length === 3 && W!.shape.length === 3 && R!.shape.length === 3 && features === inputs;
    if (!fits || R!.shape[0] !== directions || rows !== gates * Number(units) || R!.shape[1] !== rows)
      throw new Error(`${operator}: X [${X!.shape.join()}], W [${W!.shape.join()}] and R [${R!.shape.join()}] do not fit each other.`);
    const last: TensorType = { dtype: X!.dtype, shape: batchFirst ? [batch!, directions!, units!] : [directions!, batch!, units!] };
    const all = batchFirst ? [batch!, time!, directions!, units!] : [time!, directions!, batch!, units!];
    return [{ dtype: X!.dtype, shape: all }, ...Array.from({ length: states }, () => last)];
  };
}
