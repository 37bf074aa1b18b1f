// `data` of a V2 tensor: flat or nested arrays in row-major order.
import { largestFloat32 } from './cells.ts';
import { integerRanges, type Datatype } from './datatypes.ts';
import { describeFound } from './describeFound.ts';
import { missingColumn, type ColumnData, type PlannedInput } from './inputPlan.ts';
import { tensorError } from './tensorError.ts';

/** `count` elements, `perRow` of them a row. null stands for a missing number or text, which JSON could not say otherwise. */
export function readJsonTensor(
  planned: PlannedInput,
  datatype: Datatype,
  data: readonly unknown[],
  count: number,
  perRow: number,
): ColumnData {
  const field = planned.input.name;
  if (datatype === 'FP16' || datatype === 'BF16') throw tensorError(field, 'binary_data_size: 16-bit floats have no form in JSON', 'data');
  // Counted before anything is reserved: a shape may promise more than was sent.
  const leaves = countLeaves(data);
  if (leaves !== count) throw tensorError(field, `${count} elements, as its shape says`, `${leaves} elements`);
  const column = missingColumn(planned.input.onnxType, count);
  const store = storers[planned.input.onnxType];
  const range = integerRanges[datatype];
  let at = 0;
  const walk = (values: readonly unknown[]): void => {
    for (const value of values) {
      if (Array.isArray(value)) walk(value);
      else {
        if (!(value === null && planned.canBeMissing) && !(inRange(range, value) && store(column, at, value)))
          throw tensorError(field, `${datatype} elements`, describeFound(value), Math.floor(at / perRow));
        at++;
      }
    }
  };
  walk(data);
  return column;
}

function inRange(range: readonly [number, number] | undefined, value: unknown): boolean {
  return range === undefined || (Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]);
}

type Store = (column: ColumnData, at: number, value: unknown) => boolean;

const storers: Record<PlannedInput['input']['onnxType'], Store> = {
  float32: (column, at, value) => {
    if (typeof value !== 'number' || !(Math.abs(value) <= largestFloat32)) return false;
    (column as Float32Array)[at] = value;
    return true;
  },
  float64: (column, at, value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return false;
    (column as Float64Array)[at] = value;
    return true;
  },
  int64: (column, at, value) => {
    if (!Number.isSafeInteger(value)) return false; // beyond 2^53 JSON numbers are rounded; the binary form carries them
    (column as BigInt64Array)[at] = BigInt(value as number);
    return true;
  },
  uint8: (column, at, value) => {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255) return false;
    (column as Uint8Array)[at] = value as number;
    return true;
  },
  bool: (column, at, value) => {
    if (typeof value !== 'boolean' && value !== 0 && value !== 1) return false;
    (column as Uint8Array)[at] = Number(value);
    return true;
  },
  string: (column, at, value) => {
    if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return false;
    (column as string[])[at] = value;
    return true;
  },
};

function countLeaves(data: readonly unknown[]): number {
  let leaves = 0;
  for (const value of data) leaves += Array.isArray(value) ? countLeaves(value) : 1;
  return leaves;
}
