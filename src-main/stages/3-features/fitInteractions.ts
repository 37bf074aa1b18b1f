import type { FeatureInteraction, FeatureSpec } from '../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { finite, fitNumbers } from './fitNumeric.ts';
import type { FittedColumn, FittedCombination, FittedCross, FittedInteraction, FittedOneHot } from './fittedFeatures.ts';
import type { Float32Column, Float64Column, RawTable } from './rawTable.ts';

/** Cells of the table that turns two values into a pair. */
const mostCells = 262_144;

/**
 * Interactions of the spec and the `since` parts of its date rules. Error: MK_FEATURES_INTERACTION where a column has no rule of the
 * kind that is needed.
 */
export function fitInteractions(
  spec: FeatureSpec,
  columns: readonly FittedColumn[],
  table: RawTable,
  rows: Int32Array,
): FittedInteraction[] {
  const since = spec.rules.flatMap((rule) =>
    rule.kind === 'datetime' ? (rule.since ?? []).map((right) => ({ kind: 'since' as const, left: rule.column, right })) : [],
  );
  const used = new Set(columns.map(({ column }) => column));
  return [...since, ...(spec.interactions ?? [])].flatMap((each) => {
    // Left out with a column that is, by its rule or because training rows have nothing of it.
    if (!used.has(each.left) || !used.has(each.right)) return [];
    const fitted = each.kind === 'cross' ? fitCross(each, columns, table, rows) : fitCombination(each, columns, table, rows);
    return fitted ? [fitted] : [];
  });
}

type Combination = Exclude<FeatureInteraction, { kind: 'cross' }> | { kind: 'since'; left: string; right: string };

/** Null where no training row has a value. */
function fitCombination(each: Combination, columns: readonly FittedColumn[], table: RawTable, rows: Int32Array): FittedCombination | null {
  const needed = each.kind === 'since' ? 'datetime' : 'numeric';
  requireColumns(each, columns, needed);
  const values = combined(each.kind, table, each.left, each.right);
  const known = finite(values, rows);
  if (known.length === 0) return null;
  const sign = { product: '×', ratio: '÷', since: 'since' }[each.kind];
  const number = fitNumbers({ impute: 'median', missingFlag: true, scale: 'standard', transform: 'none' }, known, rows.length, {
    column: `${each.left} ${sign} ${each.right}`,
    type: 'number',
  });
  return { ...each, number };
}

/** float32, as the graph computes it. */
export function combined(kind: FittedCombination['kind'], table: RawTable, left: string, right: string): Float32Array {
  const a = (table.columns.get(left) as Float32Column | Float64Column).values;
  const b = (table.columns.get(right) as Float32Column | Float64Column).values;
  const values = new Float32Array(table.rows);
  if (kind === 'product') for (let row = 0; row < values.length; row++) values[row] = a[row]! * b[row]!;
  else if (kind === 'ratio') for (let row = 0; row < values.length; row++) values[row] = a[row]! / b[row]!;
  else for (let row = 0; row < values.length; row++) values[row] = a[row]! - b[row]!;
  return values;
}

/** Pairs by frequency; null where none is frequent enough. */
function fitCross(
  each: Extract<FeatureInteraction, { kind: 'cross' }>,
  columns: readonly FittedColumn[],
  table: RawTable,
  rows: Int32Array,
): FittedCross | null {
  const [left, right] = requireColumns(each, columns, 'oneHot') as [FittedOneHot, FittedOneHot];
  const [leftPlace, rightPlace] = [placesOf(left, table), placesOf(right, table)];
  const stride = right.values.length + 1;
  if ((left.values.length + 1) * stride > mostCells)
    throw new ModelkeepError('MK_FEATURES_INTERACTION', { kind: each.kind, left: each.left, right: each.right, column: left.column });
  const counts = new Int32Array((left.values.length + 1) * stride);
  for (const row of rows) {
    const [l, r] = [leftPlace(row), rightPlace(row)];
    if (l < left.values.length && r < right.values.length) counts[l * stride + r]!++;
  }
  const pairs = [...counts.keys()]
    .filter((cell) => counts[cell]! >= each.minCount)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, each.maxValues)
    .map((cell): [number, number] => [Math.floor(cell / stride), cell % stride]);
  if (pairs.length === 0) return null;
  return { kind: 'cross', left: each.left, right: each.right, leftValues: left.values, rightValues: right.values, pairs };
}

function placesOf({ column, values }: FittedOneHot, table: RawTable): (row: number) => number {
  const raw = table.columns.get(column)!;
  const places = new Map(values.map((value, at) => [value, at]));
  if (raw.kind === 'string') {
    const byCode = Int32Array.from(raw.dictionary, (value) => places.get(value) ?? values.length);
    return (row) => byCode[raw.codes[row]!]!;
  }
  const numbers = (raw as Float32Column).values;
  const byNumber = new Map([...places].map(([value, at]) => [value === '' ? NaN : Number(value), at]));
  return (row) => byNumber.get(numbers[row]!) ?? values.length;
}

function requireColumns(
  each: { kind: string; left: string; right: string },
  columns: readonly FittedColumn[],
  kind: FittedColumn['kind'],
): FittedColumn[] {
  return [each.left, each.right].map((name) => {
    const found = columns.find(({ column }) => column === name);
    if (!found || found.kind !== kind)
      throw new ModelkeepError('MK_FEATURES_INTERACTION', { kind: each.kind, left: each.left, right: each.right, column: name });
    return found;
  });
}
