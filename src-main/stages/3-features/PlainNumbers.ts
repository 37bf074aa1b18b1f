import type { FeatureView, FittedFeatures, FittedNumeric } from './fittedFeatures.ts';
import { layout } from './layout.ts';
import type { Float32Column, RawTable } from './rawTable.ts';

/** What the graph does to a number without a transform, in the same float32 steps: filled, limited, (x − centre) · (1 / spread). */
export class PlainNumbers {
  readonly #columns: {
    column: string;
    place: number;
    flag: number;
    codes: boolean;
    fill: number;
    low: number;
    high: number;
    centre: number;
    factor: number;
  }[];

  constructor(own: readonly FittedNumeric[], whole: FittedFeatures, view: FeatureView) {
    const places = new Map<object, number[]>();
    let offset = 0;
    for (const { from, names } of layout(whole, view)) {
      places.set(from, [...(places.get(from) ?? []), offset]);
      offset += names.length;
    }
    this.#columns = own.map((each) => ({
      column: each.column,
      place: places.get(each)![0]!,
      flag: places.get(each)![1] ?? -1,
      codes: view === 'codes',
      fill: each.fill,
      low: each.low,
      high: each.high,
      centre: each.centre,
      factor: Math.fround(1 / each.spread),
    }));
  }

  fill(table: RawTable, rows: Int32Array, data: Float32Array, width: number): void {
    for (const each of this.#columns) {
      const { values } = table.columns.get(each.column) as Float32Column;
      if (each.codes) known(values, rows, data.subarray(each.place), width);
      else scaled(values, rows, data.subarray(each.place), width, each);
      if (each.flag >= 0) flags(values, rows, data.subarray(each.flag), width);
    }
  }
}

interface Scaling {
  fill: number;
  low: number;
  high: number;
  centre: number;
  factor: number;
}

function scaled(
  values: Float32Array,
  rows: Int32Array,
  data: Float32Array,
  width: number,
  { fill, low, high, centre, factor }: Scaling,
): void {
  for (let row = 0, at = 0; row < rows.length; row++, at += width) {
    let x = values[rows[row]!]!;
    // Only of a finite number is the difference from itself zero.
    if (x - x !== 0) x = fill;
    if (x < low) x = low;
    if (x > high) x = high;
    data[at] = Math.fround(x - centre) * factor;
  }
}

function known(values: Float32Array, rows: Int32Array, data: Float32Array, width: number): void {
  for (let row = 0, at = 0; row < rows.length; row++, at += width) {
    const x = values[rows[row]!]!;
    data[at] = x - x === 0 ? x : NaN;
  }
}

function flags(values: Float32Array, rows: Int32Array, data: Float32Array, width: number): void {
  for (let row = 0, at = 0; row < rows.length; row++, at += width) {
    const x = values[rows[row]!]!;
    data[at] = x - x === 0 ? 0 : 1;
  }
}
