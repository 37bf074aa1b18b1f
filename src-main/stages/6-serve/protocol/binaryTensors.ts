// The binary tensor extension: little-endian elements; a BYTES element is a u32 length and that many bytes.
import { isUtf8 } from 'node:buffer';
import { datatypeOf, elementBytes } from './datatypes.ts';
import type { ColumnData, PlannedInput } from './inputPlan.ts';
import { tensorError } from './tensorError.ts';

/** Copies: a slice of a socket buffer has any alignment, and is reused. NaN is a missing number, as in the model; infinity is refused. */
export function readBinaryTensor(planned: PlannedInput, bytes: Buffer, count: number, perRow: number): ColumnData {
  const field = planned.input.name;
  const datatype = datatypeOf[planned.input.onnxType];
  if (datatype === 'BYTES') return readTexts(field, bytes, count, perRow);
  if (bytes.length !== count * elementBytes[datatype])
    throw tensorError(field, `${count * elementBytes[datatype]} bytes, as its shape and datatype say`, `${bytes.length} bytes`);
  const buffer = new Uint8Array(bytes).buffer;
  switch (datatype) {
    case 'FP32':
      return requireFinite(field, new Float32Array(buffer), perRow);
    case 'FP64':
      return requireFinite(field, new Float64Array(buffer), perRow);
    case 'INT64':
      return new BigInt64Array(buffer);
    case 'UINT8':
      return new Uint8Array(buffer);
    case 'BOOL': {
      const values = new Uint8Array(buffer);
      const wrong = values.findIndex((value) => value > 1);
      if (wrong >= 0) throw tensorError(field, 'BOOL elements, 0 or 1', String(values[wrong]), Math.floor(wrong / perRow));
      return values;
    }
  }
}

/** One text as the extension writes it. */
export function writeBinaryText(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + size);
  bytes.writeUInt32LE(size, 0);
  bytes.write(text, 4, 'utf8');
  return bytes;
}

function readTexts(field: string, bytes: Buffer, count: number, perRow: number): string[] {
  const texts: string[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const row = Math.floor(texts.length / perRow);
    if (texts.length === count) throw tensorError(field, `${count} elements, as its shape says`, `${bytes.length - offset} bytes more`);
    const size = bytes.length - offset < 4 ? null : bytes.readUInt32LE(offset);
    if (size === null || size > bytes.length - offset - 4)
      throw tensorError(
        field,
        'BYTES elements, each its length and its bytes',
        `a length of ${size ?? '?'} with ${bytes.length - offset} bytes left`,
        row,
      );
    const text = bytes.subarray(offset + 4, offset + 4 + size);
    if (!isUtf8(text) || text.includes(0)) throw tensorError(field, 'UTF-8 text without NUL characters', 'other bytes', row);
    texts.push(text.toString('utf8'));
    offset += 4 + size;
  }
  if (texts.length !== count) throw tensorError(field, `${count} elements, as its shape says`, `${texts.length} elements`);
  return texts;
}

function requireFinite<T extends Float32Array | Float64Array>(field: string, values: T, perRow: number): T {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      throw tensorError(field, 'finite numbers, or NaN where one is missing', String(value), Math.floor(at / perRow));
  }
  return values;
}
