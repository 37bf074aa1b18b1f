import type { FeatureRule } from '../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../src-shared/domain/table.ts';
import { firstDay, lastDay } from './datetimeGraph.ts';
import { momentsOf, numberInput } from './fitNumeric.ts';
import type { FittedDatetime } from './fittedFeatures.ts';
import type { Float64Column } from './rawTable.ts';

export type DatetimeRule = Extract<FeatureRule, { kind: 'datetime' }>;

export function fitDatetime(rule: DatetimeRule, raw: Float64Column, rows: Int32Array, type: ColumnType): FittedDatetime {
  const known = finiteDays(raw.values, rows);
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

function finiteDays(values: Float64Array, rows: Int32Array): Float64Array {
  const known = new Float64Array(rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at++) {
    const value = values[rows[at]!]!;
    if (Number.isFinite(value)) known[count++] = Math.min(Math.max(value, firstDay), lastDay);
  }
  return known.subarray(0, count);
}

function median(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
