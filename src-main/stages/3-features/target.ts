/** What is to be predicted, row by row. */
export type Target =
  /** Index into `classes`; −1 where the answer is missing. */
  | { kind: 'class'; codes: Int32Array; classes: string[] }
  | NumberTarget
  /** Any subset of `labels`: row-major [rows, labels], 1 where the row has the label. `known`: 0 where the answer is missing. */
  | { kind: 'labels'; flags: Uint8Array; known: Uint8Array; labels: string[] };

export interface NumberTarget {
  kind: 'number';
  /** NaN where the answer is missing. */
  values: Float64Array;
  /** Ranking: a code for the group of each row; `values` are relevances ≥ 0. */
  groups?: Int32Array;
  /** Of a forecast: the mean absolute error of the naive forecast in the row's series (`naiveErrors`); NaN where it is not known. */
  naiveErrors?: Float64Array;
}

export function isAnswered(target: Target, row: number): boolean {
  switch (target.kind) {
    case 'class':
      return target.codes[row]! >= 0;
    case 'number':
      return Number.isFinite(target.values[row]);
    case 'labels':
      return target.known[row] === 1;
  }
}

/** Rows that have an answer. */
export function answeredRows(target: Target): Int32Array {
  const rows: number[] = [];
  const all = rowsOfTarget(target);
  for (let row = 0; row < all; row++) if (isAnswered(target, row)) rows.push(row);
  return Int32Array.from(rows);
}

export function rowsOfTarget(target: Target): number {
  return target.kind === 'class' ? target.codes.length : target.kind === 'number' ? target.values.length : target.known.length;
}

/** The answers of some rows, in their order. */
export function targetAt<T extends Target>(target: T, rows: Int32Array): T;
export function targetAt(target: Target, rows: Int32Array): Target {
  switch (target.kind) {
    case 'class':
      return { ...target, codes: rows.map((row) => target.codes[row]!) };
    case 'number': {
      const { values, groups, naiveErrors } = target;
      return {
        kind: 'number',
        values: Float64Array.from(rows, (row) => values[row]!),
        ...(groups ? { groups: rows.map((row) => groups[row]!) } : {}),
        ...(naiveErrors ? { naiveErrors: Float64Array.from(rows, (row) => naiveErrors[row]!) } : {}),
      };
    }
    case 'labels':
      return { ...target, known: Uint8Array.from(rows, (row) => target.known[row]!), flags: flagsAt(target, rows) };
  }
}

/** Row-major [rows, labels]. */
export function flagsAt({ flags, labels }: Pick<Extract<Target, { kind: 'labels' }>, 'flags' | 'labels'>, rows: Int32Array): Uint8Array {
  const width = labels.length;
  const picked = new Uint8Array(rows.length * width);
  rows.forEach((row, at) => picked.set(flags.subarray(row * width, (row + 1) * width), at * width));
  return picked;
}

/** How many of `rows` have each label. */
export function labelCounts(
  { flags, labels }: Pick<Extract<Target, { kind: 'labels' }>, 'flags' | 'labels'>,
  rows: Int32Array,
): Float64Array {
  const counts = new Float64Array(labels.length);
  for (const row of rows) for (let label = 0; label < labels.length; label++) counts[label]! += flags[row * labels.length + label]!;
  return counts;
}

/**
 * What parts of rows are to be alike in, by position of `rows`: the class, or the rarest of a row's labels (`labels.length` where it has
 * none), so that what is rare is spread most evenly. Null for numbers.
 */
export function strata(target: Target, rows: Int32Array): { codes: Int32Array; count: number } | null {
  if (target.kind === 'number') return null;
  if (target.kind === 'class') return { codes: rows.map((row) => target.codes[row]!), count: target.classes.length };
  const width = target.labels.length;
  const counts = labelCounts(target, rows);
  const codes = rows.map((row) => {
    let rarest = width;
    for (let label = 0; label < width; label++)
      if (target.flags[row * width + label] === 1 && (rarest === width || counts[label]! < counts[rarest]!)) rarest = label;
    return rarest;
  });
  return { codes, count: width + 1 };
}

/** One label as a class: without it, with it. */
export function oneLabel({ flags, known, labels }: Extract<Target, { kind: 'labels' }>, label: number): Extract<Target, { kind: 'class' }> {
  const codes = Int32Array.from(known, (is, row) => (is ? flags[row * labels.length + label]! : -1));
  return { kind: 'class', codes, classes: ['0', '1'] };
}
