import type { Matrix } from '../matrix.ts';

export type Metric = 'euclidean' | 'manhattan' | 'cosine';
export const metrics: readonly Metric[] = ['euclidean', 'manhattan', 'cosine'];

/** A squared distance below this share of the squared lengths (the row's and the longest stored row's) is rounding of their difference: 0. */
export const samePlace = 1e-12;

/** Distances of one row to every stored row, float32, so that what is equal but for the order of sums is equal. Euclidean: squared. */
export type Distances = (query: Float32Array, into: Float32Array) => void;

/**
 * Sums are float64 in the order of the columns. Euclidean distances come from products, ‖x‖² − 2x·y + ‖y‖², as in the graph. The cosine
 * distance of a row without length is 1.
 */
export function distancesTo({ rows, width, data }: Matrix, metric: Metric): Distances {
  if (metric === 'manhattan')
    return (query, into) => {
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let at = 0; at < width; at++) sum += Math.abs(query[at]! - data[row * width + at]!);
        into[row] = sum;
      }
    };
  const squares = squaresOf({ rows, width, data });
  const longest = squares.reduce((most, each) => Math.max(most, each), 0);
  return (query, into) => {
    const own = squareOf(query);
    const rounding = Math.fround(metric === 'euclidean' ? samePlace * (own + longest) : samePlace);
    for (let row = 0; row < rows; row++) {
      let product = 0;
      for (let at = 0; at < width; at++) product += query[at]! * data[row * width + at]!;
      const length = Math.sqrt(own * squares[row]!);
      const distance = Math.fround(metric === 'euclidean' ? own + squares[row]! - 2 * product : length === 0 ? 1 : 1 - product / length);
      into[row] = distance <= rounding ? 0 : distance;
    }
  };
}

/** ‖y‖² of every stored row. */
export function squaresOf({ rows, width, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => squareOf(data.subarray(row * width, (row + 1) * width)));
}

function squareOf(row: Float32Array): number {
  let sum = 0;
  for (const each of row) sum += each * each;
  return sum;
}

/** Places of the k smallest, nearest first; of equal distances the row that is stored first. */
export function nearestOf(distances: Float32Array, k: number, into: Int32Array): void {
  let count = 0;
  for (let row = 0; row < distances.length; row++) {
    const distance = distances[row]!;
    if (count === k && !(distance < distances[into[k - 1]!]!)) continue;
    let at = count < k ? count++ : k - 1;
    for (; at > 0 && distance < distances[into[at - 1]!]!; at--) into[at] = into[at - 1]!;
    into[at] = row;
  }
}
