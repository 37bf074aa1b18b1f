// One JSON value into one place of a column.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { describeFound } from './describeFound.ts';
import { epochDays } from './epochDays.ts';
import { isDate, isImage, type ColumnData, type PlannedInput } from './inputPlan.ts';

/** The largest float32; a larger number would silently become infinite. */
export const largestFloat32 = 3.4028234663852886e38;

/** Stores `value` for `row`. Returns the bytes of an encoded image, which somebody else decodes into the column. */
export function readCell(planned: PlannedInput, column: ColumnData, row: number, value: unknown): Buffer | undefined {
  if (planned.elements !== 1) return readTensorCell(planned, column, row, value);
  storeScalar(planned, column, row, row, value);
  return undefined;
}

function storeScalar(planned: PlannedInput, column: ColumnData, at: number, row: number, value: unknown): void {
  const { input } = planned;
  if (value === null) {
    if (!planned.canBeMissing) throw mismatch(planned, row, value);
    return; // the column is filled with "missing"
  }
  switch (input.onnxType) {
    case 'float32':
    case 'float64':
      (column as Float32Array)[at] = isDate(input) ? dateOf(planned, row, value) : numberOf(planned, row, value);
      return;
    case 'string':
      (column as string[])[at] = textOf(planned, row, value);
      return;
    case 'int64':
      if (!Number.isSafeInteger(value)) throw mismatch(planned, row, value);
      (column as BigInt64Array)[at] = BigInt(value as number);
      return;
    case 'bool':
      if (value !== true && value !== false && value !== 0 && value !== 1) throw mismatch(planned, row, value);
      (column as Uint8Array)[at] = Number(value);
      return;
    case 'uint8':
      if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255) throw mismatch(planned, row, value);
      (column as Uint8Array)[at] = value as number;
      return;
  }
}

function numberOf(planned: PlannedInput, row: number, value: unknown): number {
  if (planned.input.type === 'boolean') {
    if (value === true || value === 1) return 1;
    if (value === false || value === 0) return 0;
    throw mismatch(planned, row, value);
  }
  if (typeof value === 'number') {
    // JSON.parse makes Infinity of 1e999.
    if (!Number.isFinite(value) || (planned.input.onnxType === 'float32' && Math.abs(value) > largestFloat32))
      throw notFinite(planned, row, value);
    return value;
  }
  if (typeof value === 'string' && /^\s*[+-]?(nan|inf|infinity)\s*$/i.test(value)) throw notFinite(planned, row, value);
  throw mismatch(planned, row, value);
}

function dateOf(planned: PlannedInput, row: number, value: unknown): number {
  if (typeof value !== 'string') throw mismatch(planned, row, value);
  const days = epochDays(value);
  if (days === null) throw new ModelkeepError('MK_SERVE_DATE_INVALID', where(planned, row, value));
  return days;
}

/** Text as it is. A category whose known values are numbers or truth values may be sent as such: 3 for "3". */
function textOf(planned: PlannedInput, row: number, value: unknown): string {
  if (typeof value === 'string') {
    // ONNX Runtime would cut the text at the NUL, and replace half a surrogate pair: both silently.
    if (value.includes('\0') || !value.isWellFormed())
      throw new ModelkeepError('MK_SERVE_TYPE_MISMATCH', {
        ...where(planned, row, value),
        expected: 'text without NUL characters and half surrogate pairs',
      });
    return value;
  }
  if ((typeof value === 'number' || typeof value === 'boolean') && planned.categories?.has(String(value))) return String(value);
  throw mismatch(planned, row, value);
}

function readTensorCell(planned: PlannedInput, column: ColumnData, row: number, value: unknown): Buffer | undefined {
  const { input, elements } = planned;
  if (isImage(input) && typeof value === 'string') return imageBytes(planned, row, value);
  const flat = Array.isArray(value) ? flatten(value, input.shape, 0, []) : null;
  if (!flat) throw mismatch(planned, row, value);
  for (let at = 0; at < elements!; at++) storeScalar(planned, column, row * elements! + at, row, flat[at]);
  return undefined;
}

/** Leaves of nested arrays of exactly this shape, also flat; null when the shape is another one. */
function flatten(value: readonly unknown[], shape: readonly number[], axis: number, leaves: unknown[]): unknown[] | null {
  const product = shape.slice(axis).reduce((size, dim) => size * dim, 1);
  if (axis === 0 && value.length === product && !Array.isArray(value[0])) return [...value];
  if (value.length !== shape[axis]) return null;
  for (const each of value) {
    if (axis === shape.length - 1) leaves.push(each);
    else if (!Array.isArray(each) || !flatten(each, shape, axis + 1, leaves)) return null;
  }
  return leaves;
}

/** base64, also as a data: URL. Only PNG, JPEG, WebP and BMP-like rasters are decoded later; here only the text is checked. */
function imageBytes(planned: PlannedInput, row: number, text: string): Buffer {
  const base64 = /^data:[^,]*;base64,/.test(text) ? text.slice(text.indexOf(',') + 1) : text;
  if (base64.length < 8 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64))
    throw new ModelkeepError('MK_SERVE_IMAGE_INVALID', { ...where(planned, row, text), found: 'it is not base64' });
  return Buffer.from(base64, 'base64');
}

function where(planned: PlannedInput, row: number, value: unknown): { row: number; field: string; found: string; expected: string } {
  return { row, field: planned.input.name, found: describeFound(value), expected: planned.expected };
}

function mismatch(planned: PlannedInput, row: number, value: unknown): ModelkeepError {
  return new ModelkeepError('MK_SERVE_TYPE_MISMATCH', where(planned, row, value));
}

function notFinite(planned: PlannedInput, row: number, value: unknown): ModelkeepError {
  return new ModelkeepError('MK_SERVE_NOT_FINITE', where(planned, row, value));
}
