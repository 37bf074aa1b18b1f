// Raw columns in memory, in the form in which the model takes them.

/** Numbers and booleans (0, 1): NaN is missing. */
export interface Float32Column {
  kind: 'float32';
  values: Float32Array;
}
/** Dates and timestamps in days since 1970-01-01 UTC: NaN is missing. */
export interface Float64Column {
  kind: 'float64';
  values: Float64Array;
}
/** Categories and texts, each distinct text stored once: `dictionary[codes[row]]`; '' is missing. */
export interface StringColumn {
  kind: 'string';
  codes: Int32Array;
  dictionary: string[];
}
/** Decoded images of one size, row by row: [rows, height, width, channels]. */
export interface ImageColumn {
  kind: 'uint8';
  values: Uint8Array;
  shape: readonly [height: number, width: number, channels: number];
}
export type RawColumn = Float32Column | Float64Column | StringColumn | ImageColumn;

export interface RawTable {
  rows: number;
  columns: ReadonlyMap<string, RawColumn>;
}

/** A tensor on its way into or out of ONNX Runtime. */
export interface TensorLike {
  type: 'float32' | 'float64' | 'int64' | 'string' | 'uint8' | 'bool';
  data: Float32Array | Float64Array | BigInt64Array | Uint8Array | string[];
  dims: readonly number[];
}

/** Runs one loaded model. ONNX Runtime stands behind it; what it holds is freed by `release`. */
export interface ModelRunner {
  run(feeds: Record<string, TensorLike>): Promise<Record<string, TensorLike>>;
  release(): Promise<void>;
}
export type LoadModel = (model: Uint8Array) => Promise<ModelRunner>;

/** Rows of one column as the model's input: [rows, 1], images [rows, height, width, channels]. */
export function columnFeed(column: RawColumn, rows: Int32Array): TensorLike {
  const dims = [rows.length, 1];
  switch (column.kind) {
    case 'float32':
      return { type: 'float32', data: cells(column.values, rows), dims };
    case 'float64':
      return { type: 'float64', data: cells(column.values, rows), dims };
    case 'string':
      return { type: 'string', data: Array.from(rows, (row) => column.dictionary[column.codes[row]!]!), dims };
    case 'uint8': {
      const size = column.shape[0] * column.shape[1] * column.shape[2];
      const data = new Uint8Array(rows.length * size);
      rows.forEach((row, at) => data.set(column.values.subarray(row * size, (row + 1) * size), at * size));
      return { type: 'uint8', data, dims: [rows.length, ...column.shape] };
    }
  }
}

/** Of rows that follow one another a view, else a copy. */
function cells<Numbers extends Float32Array | Float64Array>(values: Numbers, rows: Int32Array): Numbers {
  const first = rows[0] ?? 0;
  let following = 0;
  while (following < rows.length && rows[following] === first + following) following++;
  if (following === rows.length) return values.subarray(first, first + following) as Numbers;
  const copy = new (values.constructor as new (length: number) => Numbers)(rows.length);
  for (let at = 0; at < rows.length; at++) copy[at] = values[rows[at]!]!;
  return copy;
}

/** 0, 1, … rows − 1. */
export function allRows(rows: number): Int32Array {
  const all = new Int32Array(rows);
  for (let row = 0; row < rows; row++) all[row] = row;
  return all;
}

/** For tests and small tables: text with each distinct value stored once; null is missing. */
export function stringColumn(values: readonly (string | null)[]): StringColumn {
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(values, (value) => {
    const text = value ?? '';
    let code = codeOf.get(text);
    if (code === undefined) codeOf.set(text, (code = codeOf.size));
    return code;
  });
  return { kind: 'string', codes, dictionary: [...codeOf.keys()] };
}
