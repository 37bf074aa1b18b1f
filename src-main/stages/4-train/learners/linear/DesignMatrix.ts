import type { Matrix } from '../matrix.ts';

interface Column {
  /** Rows of the entries, rising; null when every row has one. */
  rows: Int32Array | null;
  values: Float32Array;
}

/** A column with fewer entries than this share of the rows is kept sparse: one-hot columns and n-grams are. */
const sparseBelow = 0.25;
/** Rows at a time where a dense column is used many times: they stay in the cache. */
const blockRows = 2048;
/** Rows that are turned into columns at a time. */
const copiedRows = 64;

/** Features by column, as linear models read them: dense columns whole, others as their entries that are not 0. Sums are float64. */
export class DesignMatrix {
  readonly rows: number;
  readonly width: number;
  readonly #source: Matrix;
  readonly #columns: Column[];
  readonly #dense: number[];
  readonly #sparse: number[];

  constructor(source: Matrix) {
    const { rows, width } = source;
    this.#source = source;
    this.rows = rows;
    this.width = width;
    this.#columns = columnsOf(source);
    const places = this.#columns.map((_, column) => column);
    this.#dense = places.filter((column) => !this.#columns[column]!.rows);
    this.#sparse = places.filter((column) => this.#columns[column]!.rows);
  }

  /** Entries that are kept. */
  get entries(): number {
    return this.#columns.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** All cells with a last column of ones, row-major float64 [rows, width + 1]. */
  withOnes(): Float64Array {
    const { rows, width, data } = this.#source;
    const all = new Float64Array(rows * (width + 1));
    for (let row = 0; row < rows; row++) {
      const start = row * (width + 1);
      for (let column = 0; column < width; column++) all[start + column] = data[row * width + column]!;
      all[start + width] = 1;
    }
    return all;
  }

  /** eta = intercept + X·weights. */
  multiply(weights: ArrayLike<number>, intercept: number, eta: Float64Array): void {
    eta.fill(intercept);
    for (let column = 0; column < this.width; column++) if (weights[column] !== 0) this.add(column, weights[column]!, eta);
  }

  /** sums = Xᵀ·rowValues. */
  multiplyTransposed(rowValues: Float64Array, sums: Float64Array): void {
    for (let column = 0; column < this.width; column++) sums[column] = this.dot(column, rowValues);
  }

  /** Σ x · rowValues over one column. */
  dot(column: number, rowValues: Float64Array): number {
    const { rows, values } = this.#columns[column]!;
    return rows ? sparseDot(rows, values, rowValues) : denseDot(values, rowValues, 0, values.length);
  }

  /** Σ x² · rowValues. */
  dotSquares(column: number, rowValues: Float64Array): number {
    const { rows, values } = this.#columns[column]!;
    let sum = 0;
    if (rows) for (let at = 0; at < rows.length; at++) sum += values[at]! * values[at]! * rowValues[rows[at]!]!;
    else for (let row = 0; row < values.length; row++) sum += values[row]! * values[row]! * rowValues[row]!;
    return sum;
  }

  /** target += factor · x. */
  add(column: number, factor: number, target: Float64Array): void {
    const { rows, values } = this.#columns[column]!;
    if (rows) for (let at = 0; at < rows.length; at++) target[rows[at]!]! += factor * values[at]!;
    else for (let row = 0; row < values.length; row++) target[row]! += factor * values[row]!;
  }

  /** target += factor · rowValues ⊙ x: what a step of one weight does to weighted residuals. */
  addScaled(column: number, factor: number, rowValues: Float64Array, target: Float64Array): void {
    const { rows, values } = this.#columns[column]!;
    if (rows)
      for (let at = 0; at < rows.length; at++) {
        const row = rows[at]!;
        target[row]! += factor * values[at]! * rowValues[row]!;
      }
    else for (let row = 0; row < values.length; row++) target[row]! += factor * values[row]! * rowValues[row]!;
  }

  /** gram[j, k] = Σ rowWeights · xⱼ · xₖ, the whole symmetric matrix [width, width]. False when `isOver` ended it before: it is incomplete then. */
  gram(rowWeights: Float64Array, gram: Float64Array, isOver: () => boolean = () => false): boolean {
    gram.fill(0);
    if (!this.#denseGram(rowWeights, gram, isOver)) return false;
    const scaled = new Float64Array(this.rows);
    for (const [order, first] of this.#sparse.entries()) {
      if (isOver()) return false;
      const { rows, values } = this.#columns[first]! as { rows: Int32Array; values: Float32Array };
      const scaledValues = new Float64Array(values.length);
      for (let at = 0; at < rows.length; at++) scaled[rows[at]!] = scaledValues[at] = values[at]! * rowWeights[rows[at]!]!;
      for (const second of this.#dense) {
        const dense = this.#columns[second]!.values;
        let sum = 0;
        for (let at = 0; at < rows.length; at++) sum += scaledValues[at]! * dense[rows[at]!]!;
        gram[first * this.width + second] = sum;
      }
      for (let other = 0; other <= order; other++) {
        const second = this.#sparse[other]!;
        gram[first * this.width + second] = this.dot(second, scaled);
      }
      for (let at = 0; at < rows.length; at++) scaled[rows[at]!] = 0;
    }
    this.#mirror(gram);
    return true;
  }

  #denseGram(rowWeights: Float64Array, gram: Float64Array, isOver: () => boolean): boolean {
    const scaled = new Float64Array(blockRows);
    const columns = this.#dense.map((column) => this.#columns[column]!.values);
    for (let start = 0; start < this.rows; start += blockRows) {
      if (isOver()) return false;
      const count = Math.min(this.rows, start + blockRows) - start;
      for (let first = 0; first < columns.length; first++) {
        scale(columns[first]!, rowWeights, start, count, scaled);
        const row = this.#dense[first]! * this.width;
        for (let second = 0; second <= first; second++)
          gram[row + this.#dense[second]!]! += blockDot(columns[second]!, scaled, start, count);
      }
    }
    return true;
  }

  /** One of [j, k] and [k, j] was written. */
  #mirror(gram: Float64Array): void {
    const kind = (column: number): number => (this.#columns[column]!.rows ? 1 : 0);
    for (let first = 0; first < this.width; first++)
      for (let second = 0; second < first; second++) {
        const written = kind(second) > kind(first) ? second * this.width + first : first * this.width + second;
        const mirrored = kind(second) > kind(first) ? first * this.width + second : second * this.width + first;
        gram[mirrored] = gram[written]!;
      }
  }
}

/** Some rows of all columns at a time: cells are read in the order in which they lie. */
function columnsOf({ rows, width, data }: Matrix): Column[] {
  const counts = new Int32Array(width);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    for (let column = 0; column < width; column++) if (data[start + column] !== 0) counts[column]!++;
  }
  const columns = Array.from(counts, (count): Column => {
    const isSparse = count < rows * sparseBelow;
    return { rows: isSparse ? new Int32Array(count) : null, values: new Float32Array(isSparse ? count : rows) };
  });
  const filled = new Int32Array(width);
  for (let start = 0; start < rows; start += copiedRows) {
    const end = Math.min(rows, start + copiedRows);
    for (let column = 0; column < width; column++) {
      const { rows: places, values } = columns[column]!;
      if (!places) {
        for (let row = start; row < end; row++) values[row] = data[row * width + column]!;
        continue;
      }
      let next = filled[column]!;
      for (let row = start; row < end; row++) {
        const value = data[row * width + column]!;
        if (value === 0) continue;
        places[next] = row;
        values[next++] = value;
      }
      filled[column] = next;
    }
  }
  return columns;
}

function sparseDot(rows: Int32Array, values: Float32Array, rowValues: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < rows.length; at++) sum += values[at]! * rowValues[rows[at]!]!;
  return sum;
}

/** Four sums side by side: one would wait for itself at every step. */
function denseDot(values: Float32Array, rowValues: Float64Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let row = start;
  for (; row + 3 < end; row += 4) {
    a += values[row]! * rowValues[row]!;
    b += values[row + 1]! * rowValues[row + 1]!;
    c += values[row + 2]! * rowValues[row + 2]!;
    d += values[row + 3]! * rowValues[row + 3]!;
  }
  for (; row < end; row++) a += values[row]! * rowValues[row]!;
  return a + b + (c + d);
}

function scale(values: Float32Array, rowWeights: Float64Array, start: number, count: number, scaled: Float64Array): void {
  for (let at = 0; at < count; at++) scaled[at] = values[start + at]! * rowWeights[start + at]!;
}

function blockDot(values: Float32Array, scaled: Float64Array, start: number, count: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let at = 0;
  for (; at + 3 < count; at += 4) {
    const row = start + at;
    a += values[row]! * scaled[at]!;
    b += values[row + 1]! * scaled[at + 1]!;
    c += values[row + 2]! * scaled[at + 2]!;
    d += values[row + 3]! * scaled[at + 3]!;
  }
  for (; at < count; at++) a += values[start + at]! * scaled[at]!;
  return a + b + (c + d);
}
