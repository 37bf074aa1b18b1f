import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../src-shared/domain/table.ts';
import type { FittedDatetime, FittedNumeric } from './fittedFeatures.ts';
import type { Float32Column, Float64Column } from './rawTable.ts';

type NumberRule = Extract<FeatureRule, { kind: 'numeric' | 'boolean' }>;

/** Mean and standard deviation are those of the column with its missing cells filled, as the model will see it. */
export function fitNumeric(rule: NumberRule, raw: Float32Column, rows: Int32Array, type: ColumnType): FittedNumeric {
  const { impute, missingFlag, scale, transform } = rule.kind === 'boolean' ? booleanSettings : rule;
  const known = finite(raw.values, rows);
  const fill = known.length === 0 ? 0 : Math.fround({ median: () => median(known), mean: () => meanOf(known), zero: () => 0 }[impute]());
  const log1p = transform === 'log1p';
  const seen = log1p ? known.map((x) => Math.log1p(Math.max(x, 0))) : known;
  const filled = log1p ? Math.log1p(Math.max(fill, 0)) : fill;
  const missing = rows.length - known.length;
  const { low, high } = limitsOf(seen);
  const limited = (x: number): number => Math.min(Math.max(x, low), high);
  const { mean, sd } = scale === 'standard' ? momentsOf(seen.map(limited), limited(filled), missing) : { mean: 0, sd: 1 };
  return {
    kind: 'numeric',
    column: rule.column,
    input: numberInput(rule.column, type, 'float32', known, missing),
    fill,
    missingFlag: missingFlag && missing > 0 && missing < rows.length,
    log1p,
    low,
    high,
    mean,
    sd,
  };
}

const booleanSettings = { impute: 'mean', missingFlag: true, scale: 'standard', transform: 'none' } as const;

export function fitDatetime(
  rule: Extract<FeatureRule, { kind: 'datetime' }>,
  raw: Float64Column,
  rows: Int32Array,
  type: ColumnType,
): FittedDatetime {
  const known = finite(raw.values, rows);
  const missing = rows.length - known.length;
  const fillDays = known.length === 0 ? 0 : median(known);
  return {
    kind: 'datetime',
    column: rule.column,
    input: numberInput(rule.column, type, 'float64', known, missing),
    parts: rule.parts,
    fillDays,
    sdDays: momentsOf(known, fillDays, missing).sd,
    missingFlag: missing > 0 && missing < rows.length,
  };
}

/**
 * Ten times as far beyond the 5 % and 95 % quantiles as they are apart. One absurd cell (a sentinel such as −1e38, cents for euros)
 * would otherwise stretch the scale until all others look alike; honest tails lie far inside.
 */
function limitsOf(values: Float64Array): { low: number; high: number } {
  if (values.length === 0) return { low: 0, high: 0 };
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const spread = at(0.95) - at(0.05);
  // Mostly one value: nothing to measure distance by.
  if (spread === 0) return { low: sorted[0]!, high: sorted.at(-1)! };
  return { low: Math.fround(at(0.05) - 10 * spread), high: Math.fround(at(0.95) + 10 * spread) };
}

function numberInput(name: string, type: ColumnType, onnxType: 'float32' | 'float64', known: Float64Array, missing: number): ModelInput {
  let [min, max] = [Infinity, -Infinity];
  for (const value of known) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { name, type, onnxType, shape: [1], required: missing === 0, range: known.length > 0 ? { min, max } : null, categories: null };
}

function finite(values: Float32Array | Float64Array, rows: Int32Array): Float64Array {
  const known = new Float64Array(rows.length);
  let count = 0;
  for (const row of rows) if (Number.isFinite(values[row])) known[count++] = values[row]!;
  return known.subarray(0, count);
}

function median(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of `values` and `times` more entries of `extra`; sd (of the population) is 1 for a constant. Two passes: no cancellation. */
function momentsOf(values: Float64Array, extra: number, times: number): { mean: number; sd: number } {
  const count = values.length + times;
  if (count === 0) return { mean: 0, sd: 1 };
  const mean = (values.reduce((sum, value) => sum + value, 0) + extra * times) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) + (extra - mean) ** 2 * times;
  const sd = Math.sqrt(squares / count);
  // Below float32 resolution at this size, differences are rounding.
  return { mean, sd: sd > Math.abs(mean) * 1e-7 ? sd : 1 };
}
