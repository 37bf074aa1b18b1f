import type { TreeMatrix } from './TreeMatrix.ts';

/** 256 bins without the one of missing values and the one of all other categories. */
export const mostCategoryBins = 254;
/** float32 holds whole numbers exactly up to here; larger codes count as unknown. */
const mostCode = 2 ** 24;

/**
 * Codes of each feature that get a bin of their own, most frequent first (equal ones by code). Of more than 254 the rarest share the bin of unknown
 * ones: they always go right in a split. Columns with thousands of categories say more as numbers (target statistics).
 */
export function countCategories({ rows, width, data }: TreeMatrix, features: readonly number[]): Int32Array[] {
  return features.map((feature) => {
    let counts = new Int32Array(256);
    for (let row = 0, at = feature; row < rows; row++, at += width) {
      const code = data[at]!;
      if (!(code >= 0 && code < mostCode) || !Number.isInteger(code)) continue;
      if (code >= counts.length) {
        const larger = new Int32Array(Math.max(code + 1, counts.length * 2));
        larger.set(counts);
        counts = larger;
      }
      counts[code]!++;
    }
    const present: number[] = [];
    for (let code = 0; code < counts.length; code++) if (counts[code]) present.push(code);
    return Int32Array.from(present.sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, mostCategoryBins));
  });
}
