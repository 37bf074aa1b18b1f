import { counterRandom } from '../../platform/random.ts';

/** Rows of a matrix that is mostly zero: of row r the values at `columns[k]`, starts[r] ≤ k < starts[r + 1]. */
export interface SparseRows {
  rows: number;
  width: number;
  starts: Int32Array;
  columns: Int32Array;
  values: Float64Array;
}

/** Directions drawn beside those wanted, and how often the product is repeated: Halko, Martinsson, Tropp, SIAM Review 53 (2011), §4. */
const oversampling = 8;
const powerIterations = 3;

/**
 * The `components` right singular vectors of X of the greatest singular values (row-major [width, components]) and those values.
 * Signs are set: the entry of greatest size is positive. Same X, same result.
 */
export function randomizedSvd(x: SparseRows, components: number): { vectors: Float64Array; singular: number[] } {
  const rank = Math.min(components + oversampling, x.rows, x.width);
  const random = counterRandom(20_261_125, 0);
  let basis: Float64Array[] = Array.from({ length: rank }, () => Float64Array.from({ length: x.width }, () => random.normal()));
  for (let turn = 0; turn < powerIterations; turn++) basis = orthonormal(basis.map((each) => timesTransposed(x, times(x, each))));
  // X on the subspace is small: its singular vectors are the eigenvectors of (X V)ᵀ (X V).
  const images = basis.map((each) => times(x, each));
  const gram = images.map((a) => images.map((b) => dot(a, b)));
  const { values, vectors } = symmetricEigen(gram);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, Math.min(components, rank));
  const found = new Float64Array(x.width * components);
  order.forEach((from, component) => {
    const direction = new Float64Array(x.width);
    basis.forEach((each, at) => each.forEach((value, column) => (direction[column]! += value * vectors[at]![from]!)));
    const greatest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    direction.forEach((value, column) => (found[column * components + component] = greatest < 0 ? -value : value));
  });
  return { vectors: found, singular: order.map((from) => Math.sqrt(Math.max(0, values[from]!))) };
}

/** X v. */
function times({ rows, starts, columns, values }: SparseRows, vector: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) sum += values[at]! * vector[columns[at]!]!;
    result[row] = sum;
  }
  return result;
}

/** Xᵀ u. */
function timesTransposed({ rows, width, starts, columns, values }: SparseRows, vector: Float64Array): Float64Array {
  const result = new Float64Array(width);
  for (let row = 0; row < rows; row++)
    for (let at = starts[row]!; at < starts[row + 1]!; at++) result[columns[at]!]! += values[at]! * vector[row]!;
  return result;
}

/** Gram-Schmidt, twice over, as once loses digits; what is nothing but rounding becomes zero. */
function orthonormal(vectors: Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    const before = Math.sqrt(dot(vector, vector));
    for (let turn = 0; turn < 2; turn++)
      for (const other of done) {
        const along = dot(vector, other);
        for (let at = 0; at < vector.length; at++) vector[at]! -= along * other[at]!;
      }
    const length = Math.sqrt(dot(vector, vector));
    const factor = length > 1e-10 * before ? 1 / length : 0;
    done.push(vector.map((value) => value * factor));
  }
  return done;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Cyclic Jacobi (Golub and Van Loan, Matrix Computations, §8.5): column k of `vectors` belongs to value k. */
function symmetricEigen(matrix: number[][]): { values: number[]; vectors: number[][] } {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, row) => a.map((__, column) => Number(row === column)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += a[p]![q]! ** 2;
    const diagonal = a.reduce((sum, row, at) => sum + row[at]! ** 2, 0);
    if (off <= 1e-28 * diagonal || diagonal === 0) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, v, p, q);
  }
  return { values: a.map((row, at) => row[at]!), vectors: v };
}

function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const [app, aqq, apq] = [a[p]![p]!, a[q]![q]!, a[p]![q]!];
  if (apq === 0) return;
  const tau = (aqq - app) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < a.length; k++) {
    const [akp, akq] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = c * akp - s * akq;
    a[k]![q] = s * akp + c * akq;
  }
  for (let k = 0; k < a.length; k++) {
    const [apk, aqk] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = c * apk - s * aqk;
    a[q]![k] = s * apk + c * aqk;
    const [vkp, vkq] = [v[k]![p]!, v[k]![q]!];
    v[k]![p] = c * vkp - s * vkq;
    v[k]![q] = s * vkp + c * vkq;
  }
}
