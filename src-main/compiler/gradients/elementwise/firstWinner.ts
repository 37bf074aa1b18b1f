import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** For an extremum over `inputs`: 1 where input `at` is the result and no earlier input is, else 0. */
export function firstWinner(g: TypedOps, inputs: readonly TypedValue[], result: TypedValue, at: number): TypedValue {
  const won = inputs.slice(0, at + 1).map((each) => g.op('Equal', [each, result]));
  const own = won.at(-1)!;
  if (at === 0) return g.cast(own, result.dtype);
  const taken = won.slice(0, -1).reduce((any, each) => g.op('Or', [any, each]));
  return g.cast(g.op('And', [own, g.op('Not', [taken])]), result.dtype);
}
