import { addNormal } from '../addNormal.ts';
import { refuseSetting, requireRange, type RowAugmenter } from '../augmentation.ts';

export interface ColumnNoiseSettings {
  readonly kind: 'columnNoise';
  /** Standard deviation of the noise, in standard deviations of the column. */
  readonly strength: number;
  /** Standard deviation of each column; 0 leaves a column as it is (codes, yes or no). See `columnDeviations`. */
  readonly deviations: readonly number[];
}

/** Adds normal noise to a row, scaled to each column. Bishop 1995, Neural Computation 7, 108–116: akin to Tikhonov's regularisation. */
export function columnNoise({ strength, deviations }: ColumnNoiseSettings, columns: number): RowAugmenter {
  requireRange('columnNoise.strength', strength, 0, Infinity);
  if (deviations.length !== columns)
    refuseSetting('columnNoise.deviations', `${deviations.length} numbers`, `${columns} numbers, one a column`);
  deviations.forEach((each, at) => requireRange(`columnNoise.deviations[${at}]`, each, 0, Infinity));
  const scales = Float64Array.from(deviations, (each) => each * strength);
  return (row, key) => {
    if (strength > 0) addNormal(row, scales, key);
  };
}

/** Standard deviation of each column of rows `[rows, columns]`, missing values (NaN) aside; 0 where there are none. */
export function columnDeviations(values: Float32Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    let [count, mean, squares] = [0, 0, 0];
    for (let at = column; at < values.length; at += columns) {
      const value = values[at]!;
      if (Number.isNaN(value)) continue;
      // Welford 1962, Technometrics 4: no cancellation.
      const before = value - mean;
      mean += before / ++count;
      squares += before * (value - mean);
    }
    return count === 0 ? 0 : Math.sqrt(squares / count);
  });
}
