import { ColumnGroup } from './ColumnGroup.ts';
import type { FittedText } from './fittedFeatures.ts';
import { randomizedSvd, type SparseRows } from './randomizedSvd.ts';
import type { LoadModel, RawTable, StringColumn } from './rawTable.ts';

/** Enough for 256 directions; spread evenly over the training rows. */
const mostRows = 10_000;

/**
 * Reduces the n-grams of a text to `components` singular directions of the training rows (latent semantic analysis: Deerwester and
 * others, JASIS 41 (1990) 391–407), scaled together so that their mean square is 1. As it is where the n-grams are no more than that.
 */
export async function fitProjection(
  fitted: FittedText,
  components: number,
  raw: StringColumn,
  rows: Int32Array,
  loadModel: LoadModel,
): Promise<FittedText> {
  if (fitted.terms.length <= components) return fitted;
  const step = Math.max(1, rows.length / mostRows);
  const sample = Int32Array.from({ length: Math.min(rows.length, mostRows) }, (_, at) => rows[Math.floor(at * step)]!);
  const table: RawTable = { rows: raw.codes.length, columns: new Map([[fitted.column, raw]]) };
  const whole = { columns: [fitted], interactions: [] };
  const group = await ColumnGroup.open(whole, new Set([fitted]), whole, 'scaled', loadModel);
  const x = await sparseRows(group, table, sample, fitted.terms.length).finally(() => group.release());
  const { vectors, singular } = randomizedSvd(x, components);
  const square = singular.reduce((sum, each) => sum + each * each, 0);
  const factor = square > 0 ? Math.sqrt((x.rows * components) / square) : 0;
  return { ...fitted, projection: { components, matrix: Array.from(vectors, (value) => Math.fround(value * factor)) } };
}

async function sparseRows(group: ColumnGroup, table: RawTable, rows: Int32Array, width: number): Promise<SparseRows> {
  const starts = new Int32Array(rows.length + 1);
  const columns: number[] = [];
  const values: number[] = [];
  const rowsAtOnce = 256;
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const own = rows.subarray(start, start + rowsAtOnce);
    const data = new Float32Array(own.length * width);
    await group.fill(table, own, null, data, width);
    for (let row = 0; row < own.length; row++) {
      for (let column = 0; column < width; column++) {
        const value = data[row * width + column]!;
        if (value === 0) continue;
        columns.push(column);
        values.push(value);
      }
      starts[start + row + 1] = columns.length;
    }
  }
  return { rows: rows.length, width, starts, columns: Int32Array.from(columns), values: Float64Array.from(values) };
}
