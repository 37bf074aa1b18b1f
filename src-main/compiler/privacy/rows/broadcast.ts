import { throughNode } from '../../3-differentiate/backpropagate.ts';
import { sumOver } from '../../2-shapes/sumOver.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { inFull, type RowRule, type RowUse } from './rowRule.ts';

/**
 * A weight that every row reads as it is (biases, scales): its gradient comes in the shape of the output, and is summed over all
 * that the weight was repeated along but the rows.
 */
export const broadcast: RowRule = (use) => {
  const { g, entry, at, gradient, axisOf } = use;
  const weight = entry.inputs[at]!;
  const output = entry.outputs[0]!;
  const axis = axisOf(output)!;
  const rank = output.shape.length;
  const spread = [...Array.from({ length: rank - weight.shape.length }, () => 1), ...weight.shape.map(Number)];
  // A weight for each row of the batch is none of theirs.
  if (spread[axis] !== 1) return undefined;
  return inFull(use, () => {
    const [seed] = throughNode(g, entry, [gradient], new Set([weight.name]));
    return rowsOfBroadcast(use, g.expand(seed!.gradient, output.shape), axis, spread);
  });
};

function rowsOfBroadcast({ g, batch, entry, at }: RowUse, value: TypedValue, axis: number, spread: readonly number[]): TypedValue {
  const shape = value.shape.map(Number);
  const block = shape[axis]! / batch;
  const apart = block === 1 ? value : g.reshape(value, [...shape.slice(0, axis), batch, block, ...shape.slice(axis + 1)]);
  const wanted = block === 1 ? spread : [...spread.slice(0, axis), 1, 1, ...spread.slice(axis + 1)];
  const repeated = apart.shape.flatMap((size, place) => (place !== axis && wanted[place] === 1 && size !== 1 ? [place] : []));
  const summed = sumOver(g, apart, repeated);
  // Axes of the weight in front of the rows follow them.
  const before = wanted.slice(0, axis).filter((_, place) => !repeated.includes(place)).length;
  const order = [before, ...summed.shape.keys()].filter((place, position) => position === 0 || place !== before);
  const turned = before === 0 || summed.shape.slice(0, before).every((size) => size === 1) ? summed : g.transpose(summed, order);
  return g.reshape(turned, [batch, ...entry.inputs[at]!.shape]);
}

/** Σ over all axes behind the rows but the channels', [batch·block, channels, …] to [batch, channels]. */
export function channelSumsOfRows(use: RowUse, value: TypedValue): TypedValue {
  const { g, batch } = use;
  const [rows, channels, ...space] = value.shape.map(Number) as [number, number, ...number[]];
  const overSpace =
    space.length === 0
      ? value
      : g.reduceSum(
          value,
          space.map((_, at) => at + 2),
          false,
        );
  if (rows === batch) return overSpace;
  return g.reduceSum(g.reshape(overSpace, [batch, rows / batch, channels]), [1], false);
}
