import type { Matrix } from '../matrix.ts';

export type Metric = 'euclidean' | 'manhattan' | 'cosine';
export const metrics: readonly Metric[] = ['euclidean', 'manhattan', 'cosine'];

/** A squared distance below this share of both squared lengths is rounding of their difference: 0. */
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
  const squares = Float64Array.from({ length: rows }, (_, row) => squareOf(data.subarray(row * width, (row + 1) * width)));
  return (query, into) => {
    const own = squareOf(query);
    for (let row = 0; row < rows; row++) {
      let product = 0;
      for (let at = 0; at < width; at++) product += query[at]! * data[row * width + at]!;
      into[row] = metric === 'euclidean' ? euclidean(own, squares[row]!, product) : cosine(own, squares[row]!, product);
    }
  };
}

function euclidean(a: number, b: number, product: number): number {
  const distance = a + b - 2 * product;
  return distance <= samePlace * (a + b) ? 0 : distance;
}

function cosine(a: number, b: number, product: number): number {
  if (a === 0 || b === 0) return 1;
  const distance = 1 - product / Math.sqrt(a * b);
  return distance <= samePlace ? 0 : distance;
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
