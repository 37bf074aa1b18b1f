/** What is to be predicted, row by row. */
export type Target =
  /** Index into `classes`; −1 where the answer is missing. */
  | { kind: 'class'; codes: Int32Array; classes: string[] }
  /** NaN where the answer is missing. */
  | { kind: 'number'; values: Float64Array };

/** Rows that have an answer. */
export function answeredRows(target: Target): Int32Array {
  const rows: number[] = [];
  if (target.kind === 'class') target.codes.forEach((code, row) => code >= 0 && rows.push(row));
  else target.values.forEach((value, row) => Number.isFinite(value) && rows.push(row));
  return Int32Array.from(rows);
}
