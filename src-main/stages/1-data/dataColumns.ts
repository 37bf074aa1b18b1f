// Answers of the data worker's query: columns in the forms in which training, monitoring and advice take them.

export type DataColumn =
  /** `number`: integers and decimals. `boolean`: 0, 1. `days`: days since 1970-01-01 UTC, with fractions for times. NaN is missing. */
  | { kind: 'number' | 'boolean' | 'days'; values: Float64Array }
  /** Each distinct text once: `dictionary[codes[row]]`; '' is missing. */
  | { kind: 'string'; codes: Int32Array; dictionary: string[] }
  /** Value `row` is `bytes.subarray(offsets[row], offsets[row + 1])`; empty is missing. */
  | { kind: 'bytes'; bytes: Uint8Array; offsets: Float64Array };

export interface DataColumns {
  rows: number;
  /** In the order of the query. */
  columns: Record<string, DataColumn>;
}

export interface DataQuery {
  /** One SELECT of DuckDB's dialect. */
  sql: string;
  /** Name in the SQL → version. */
  tables: Record<string, { name: string; version: number }>;
}
