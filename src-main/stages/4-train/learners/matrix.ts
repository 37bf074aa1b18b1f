/** Features of some rows: row-major float32 [rows, width]. */
export interface Matrix {
  rows: number;
  width: number;
  data: Float32Array;
}

/** What a network learns to answer, row by row. */
export type NetworkTarget =
  | { kind: 'class'; codes: Int32Array; classes: number }
  /** Standardised: (value − mean) / sd of the training rows. */
  | { kind: 'number'; values: Float32Array };

export function outputCount(target: NetworkTarget): number {
  return target.kind === 'class' ? target.classes : 1;
}
