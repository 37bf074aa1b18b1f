// The form of one request row: an example to begin with, values as the endpoint takes them, what lies outside training.
import type { ModelInput, ModelSignature } from '../../../src-shared/domain/features.ts';

export type RowValue = string | number | boolean | null;
export type RowValues = Record<string, RowValue>;

const dayMs = 86_400_000;

export function isImage({ type, shape }: ModelInput): boolean {
  return type === 'image' || shape.length === 3;
}
export function isDate({ type }: ModelInput): boolean {
  return type === 'date' || type === 'timestamp';
}
export function isBoolean({ type, onnxType }: ModelInput): boolean {
  return type === 'boolean' && onnxType !== 'string';
}
export function isNumber(input: ModelInput): boolean {
  return !isImage(input) && !isDate(input) && !isBoolean(input) && input.onnxType !== 'string';
}

/** The middle of what training saw; a caller replaces it. */
export function exampleRow({ inputs }: ModelSignature): RowValues {
  return Object.fromEntries(inputs.map((input) => [input.name, exampleValue(input)]));
}

export function emptyRow({ inputs }: ModelSignature): RowValues {
  return Object.fromEntries(inputs.map(({ name }) => [name, null]));
}

/** Values of a stored row for the columns that this model takes; anything else is left out. */
export function rowFrom(stored: Record<string, unknown>, signature: ModelSignature): RowValues {
  const row = emptyRow(signature);
  for (const { name } of signature.inputs) {
    const value = stored[name];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') row[name] = value;
  }
  return row;
}

/** True when training never saw such a value: it is answered, and flagged. */
export function isOutside({ range, categories, type, onnxType }: ModelInput, value: RowValue): boolean {
  if (value === null || value === '') return false;
  if (categories) return !categories.includes(String(value));
  if (!range) return false;
  // A float32 column was compared as float32 in training; 0.1 must not count as outside 0.1.
  const round = onnxType === 'float32' ? Math.fround : Number;
  const number = type === 'date' || type === 'timestamp' ? Date.parse(String(value)) / dayMs : Number(value);
  return Number.isFinite(number) && (round(number) < round(range.min) || round(number) > round(range.max));
}

function exampleValue(input: ModelInput): RowValue {
  const { range, categories, type } = input;
  if (isImage(input)) return null;
  const middle = range ? (range.min + range.max) / 2 : null;
  if (isDate(input)) return middle === null ? null : new Date(Math.round(middle) * dayMs).toISOString().slice(0, 10);
  if (isBoolean(input)) return true;
  if (categories) return categories[0] ?? null;
  if (!isNumber(input)) return '';
  if (middle === null) return 0;
  return type === 'integer' ? Math.round(middle) : Number(middle.toPrecision(4));
}
