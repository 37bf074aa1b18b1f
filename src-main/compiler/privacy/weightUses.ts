import type { TapeEntry, TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { leadingTo, type Rows } from '../5-emit/rowMixing.ts';
import { isBlocked } from '../gradients/index.ts';

/** A node where a weight meets what depends on the rows. */
export interface WeightUse {
  /** The weight, or what was made of it by nodes that keep the length of its gradient. */
  readonly weight: TypedValue;
  readonly entry: TapeEntry;
  readonly at: number;
}

/** Why row gradients cannot be had together: the node that has no form for it. */
export interface Obstacle {
  readonly node: string;
  readonly operator: string;
}

/**
 * Where the weights enter the network: uses by name of the value that is used. Weights that are only moved before (transposed,
 * sliced, joined) keep the length of their gradient; what is computed of them otherwise does not, and is an obstacle.
 */
export function weightUses(
  g: TypedOps,
  tape: readonly TapeEntry[],
  weights: readonly TypedValue[],
  rows: ReadonlyMap<string, Rows>,
  loss: TypedValue,
): ReadonlyMap<string, readonly WeightUse[]> | Obstacle {
  const moved = new Set(weights.map((each) => each.name));
  const computed = new Set<string>();
  const uses = new Map<string, WeightUse[]>();
  const moves = new Map<string, number>();
  for (const entry of leadingTo(tape, loss.name)) {
    const taken = entry.inputs.flatMap((value, at) =>
      value && (moved.has(value.name) || computed.has(value.name)) ? [{ value, at }] : [],
    );
    if (taken.length === 0 || isBlocked(entry.operator)) continue;
    const obstacle = { node: entry.outputs[0]!.name, operator: entry.operator };
    if (entry.outputs.some((each) => rows.has(each.name))) {
      if (taken.some(({ value }) => computed.has(value.name)) || new Set(taken.map(({ value }) => value.name)).size < taken.length)
        return obstacle;
      // What several rows have become together does not tell them apart any more.
      if (entry.outputs.some((each) => rows.get(each.name) === 'sum')) return obstacle;
      for (const { value, at } of taken) uses.set(value.name, [...(uses.get(value.name) ?? []), { weight: value, entry, at }]);
    } else if (onlyMoves(g, entry, taken.length)) {
      for (const { value } of taken) moves.set(value.name, (moves.get(value.name) ?? 0) + 1);
      for (const each of entry.outputs) moved.add(each.name);
    } else for (const each of entry.outputs) computed.add(each.name);
  }
  // A weight that is used as it is and moved elsewhere: the parts of its gradient lie in different places.
  for (const [name, count] of moves) {
    const [use] = uses.get(name) ?? [];
    if (use) return { node: use.entry.outputs[0]!.name, operator: use.entry.operator };
    if (count > 1) {
      const entry = tape.find((each) => each.inputs.some((value) => value?.name === name))!;
      return { node: entry.outputs[0]!.name, operator: entry.operator };
    }
  }
  return uses;
}

const moving = new Set('Identity Reshape Flatten Squeeze Unsqueeze Transpose Split Slice'.split(' '));

/** Whether the elements of a weight only change their places, each going to one place at most. */
function onlyMoves(g: TypedOps, { operator, inputs }: TapeEntry, taken: number): boolean {
  if (operator === 'Concat') return taken === inputs.length;
  if (operator === 'Gather') {
    const places = g.graph.constantValue(inputs[1]);
    return places !== undefined && new Set(Array.from(places.data as Iterable<number | bigint>, Number)).size === places.data.length;
  }
  return moving.has(operator);
}
