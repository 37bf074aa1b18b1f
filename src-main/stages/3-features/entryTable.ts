// Columns of texts by their distinct values.
import type { StringColumn } from './rawTable.ts';

/** Features of each distinct value: of entry e those at `places[k]` are `values[k]`, first[e] ≤ k < first[e + 1]; the others are zero. */
export interface EntryTable {
  /** By code, where one column tells the entry, else by row. */
  entryOf: Int32Array;
  codes: Int32Array | null;
  first: Int32Array;
  places: Int32Array;
  values: Float32Array;
}

export function fillFromEntries(
  rows: Int32Array,
  { entryOf, codes, first, places, values }: EntryTable,
  data: Float32Array,
  width: number,
): void {
  for (let row = 0, start = 0; row < rows.length; row++, start += width) {
    const entry = entryOf[codes ? codes[rows[row]!]! : rows[row]!]!;
    const after = first[entry + 1]!;
    for (let at = first[entry]!; at < after; at++) data[start + places[at]!] = values[at]!;
  }
}

type Distinct = Pick<EntryTable, 'entryOf' | 'codes'> & {
  /** By entry a row that has it. */
  rowOf: Int32Array;
};

export function distinctCodes({ codes, dictionary }: StringColumn, rows: Int32Array): Distinct {
  const entryOf = new Int32Array(dictionary.length).fill(-1);
  const rowOf: number[] = [];
  for (let at = 0; at < rows.length; at++) {
    const code = codes[rows[at]!]!;
    if (entryOf[code]! >= 0) continue;
    entryOf[code] = rowOf.length;
    rowOf.push(rows[at]!);
  }
  return { entryOf, codes, rowOf: Int32Array.from(rowOf) };
}

export function distinctPairs([left, right]: StringColumn[], rows: Int32Array): Distinct {
  const stride = right!.dictionary.length;
  const entries = new Map<number, number>();
  const entryOf = new Int32Array(left!.codes.length);
  const rowOf: number[] = [];
  for (const row of rows) {
    const key = left!.codes[row]! * stride + right!.codes[row]!;
    let entry = entries.get(key);
    if (entry === undefined) {
      entries.set(key, (entry = rowOf.length));
      rowOf.push(row);
    }
    entryOf[row] = entry;
  }
  return { entryOf, codes: null, rowOf: Int32Array.from(rowOf) };
}

export function grown<Numbers extends Int32Array | Float32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
