import type { ShapeContext, ShapeRule, TensorType } from './shapeRule.ts';

export const recurrent = {
  LSTM: recurrentTypes('LSTM', 4, 2),
  GRU: recurrentTypes('GRU', 3, 1),
  RNN: recurrentTypes('RNN', 1, 1),
} satisfies Record<string, ShapeRule>;

/** Y [time, directions, batch, units], then each last state [directions, batch, units]. */
function recurrentTypes(operator: string, gates: number, states: number): ShapeRule {
  return ({ inputs: [X, W, R] }: ShapeContext): readonly TensorType[] => {
    const [time, batch, features] = X!.shape;
    const [directions, rows, inputs] = W!.shape;
    const units = R!.shape[2];
    const fits = X!.shape.length === 3 && W!.shape.length === 3 && R!.shape.length === 3 && features === inputs;
    if (!fits || R!.shape[0] !== directions || rows !== gates * Number(units) || R!.shape[1] !== rows)
      throw new Error(`${operator}: X [${X!.shape.join()}], W [${W!.shape.join()}] and R [${R!.shape.join()}] do not fit each other.`);
    const last: TensorType = { dtype: X!.dtype, shape: [directions!, batch!, units!] };
    return [{ dtype: X!.dtype, shape: [time!, directions!, batch!, units!] }, ...Array.from({ length: states }, () => last)];
  };
}
