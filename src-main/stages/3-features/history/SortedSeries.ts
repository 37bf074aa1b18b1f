/** Rows of a table in series: sorted by series, then by time. Rows without a time or an entity are not among them. */
export interface SortedSeries {
  /** Number of the row in its file, by place. */
  rowNumbers: Int32Array;
  /** First place of each series, and at the end the number of places. */
  starts: Int32Array;
  /** Whole numbers, rising within a series; between neighbours without a gap the difference is 1. */
  periods: Float64Array;
  /** By place; NaN where missing. */
  values: ReadonlyMap<string, Float64Array>;
}
