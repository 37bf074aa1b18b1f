// How much each training row counts.
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Target } from '../3-features/api.ts';

export interface WeightInput {
  classWeights: 'none' | 'balanced';
  /** Of the weight column, by row of the dataset version; NaN where missing. Null: there is none. */
  given: Float64Array | null;
  /** Name of the weight column, for errors. */
  column: string | null;
  target: Target;
  /** Training rows: positions in `target`. */
  rows: Int32Array;
  /** By position. */
  rowNumbers: Int32Array;
}

/**
 * One weight a row of `rows`, mean 1; null where every row counts once. `balanced` multiplies by rows ÷ (classes × rows of the
 * class), counting rows by their given weight, so that every class weighs the same in all.
 * Errors: MK_TRAIN_WEIGHT naming column and row (missing, infinite, negative), MK_TRAIN_WEIGHTS_ZERO.
 */
export function rowWeights({ classWeights, given, column, target, rows, rowNumbers }: WeightInput): Float32Array | null {
  if (classWeights === 'none' && !given) return null;
  const weights = Float64Array.from(rows, (row) => {
    if (!given) return 1;
    const weight = given[rowNumbers[row]!]!;
    if (!Number.isFinite(weight) || weight < 0)
      throw new ModelkeepError('MK_TRAIN_WEIGHT', { column: column!, row: rowNumbers[row]!, value: Number.isNaN(weight) ? '–' : weight });
    return weight;
  });
  if (classWeights === 'balanced' && target.kind === 'class') {
    const totals = new Float64Array(target.classes.length);
    rows.forEach((row, at) => (totals[target.codes[row]!]! += weights[at]!));
    const present = totals.filter((each) => each > 0).length;
    const all = totals.reduce((sum, each) => sum + each, 0);
    rows.forEach((row, at) => {
      const total = totals[target.codes[row]!]!;
      if (total > 0) weights[at]! *= all / (present * total);
    });
  }
  const mean = weights.reduce((sum, each) => sum + each, 0) / weights.length;
  if (!(mean > 0)) throw new ModelkeepError('MK_TRAIN_WEIGHTS_ZERO', { column: column ?? '' });
  return Float32Array.from(weights, (each) => each / mean);
}
