// Whether a candidate that has not been fitted on every fold is worth the rest of its folds.

/** Losses row by row of two candidates on the same rows. */
export interface PairedLosses {
  own: Float64Array | Float32Array;
  best: Float64Array | Float32Array;
}

/** Standard errors by which a candidate must be worse to be dropped. */
const hopeless = 3;
const fewestRows = 30;

/**
 * True where the mean of the paired differences lies more than three standard errors above zero: with the rows seen so far the
 * candidate is worse beyond reasonable doubt (racing: Maron and Moore, Hoeffding Races, NIPS 1994, with a paired normal bound).
 */
export function isHopeless({ own, best }: PairedLosses): boolean {
  const rows = own.length;
  if (rows < fewestRows) return false;
  let [mean, squares] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const difference = own[row]! - best[row]!;
    const before = mean;
    mean += (difference - mean) / (row + 1);
    squares += (difference - before) * (difference - mean);
  }
  const standardError = Math.sqrt(squares / (rows - 1) / rows);
  return mean > 0 && mean > hopeless * standardError;
}
