/** Rows as they are served: float32, row-major; NaN is missing, a categorical feature holds its code. */
export interface TreeMatrix {
  rows: number;
  width: number;
  data: Float32Array;
}
