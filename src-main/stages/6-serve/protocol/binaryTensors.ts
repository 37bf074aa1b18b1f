// The binary tensor extension: little-endian elements; a BYTES element is a u32 length and that many bytes.
import { isUtf8 } from 'node:buffer';
import { elementBytes, type Datatype } from './datatypes.ts';
import { elementsOf } from './elements.ts';
import type { ColumnData, PlannedInput } from './inputPlan.ts';
import { tensorError } from './tensorError.ts';
import { widen } from './widen.ts';

/** `count` elements of an accepted `datatype`, `perRow` of them a row, as the graph takes them. NaN is a missing number, as in the model;
 *  infinity is refused. */
export function readBinaryTensor(planned: PlannedInput, datatype: Datatype, bytes: Buffer, count: number, perRow: number): ColumnData {
  const field = planned.input.name;
  if (datatype === 'BYTES') return readTexts(field, bytes, count, perRow);
  if (bytes.length !== count * elementBytes[datatype])
    throw tensorError(field, `${count * elementBytes[datatype]} bytes, as its shape and datatype say`, `${bytes.length} bytes`);
  return widen(planned, elementsOf(datatype, bytes), perRow);
}

/** One text as the extension writes it. */
export function writeBinaryText(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + size);
  bytes.writeUInt32LE(size, 0);
  bytes.write(text, 4, 'utf8');
  return bytes;
}

/** Error: MK_SERVE_TENSOR for bytes that are no text of ours. */
export function textOfBytes(field: string, bytes: Buffer, row: number): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw tensorError(field, 'UTF-8 text without NUL characters', 'other bytes', row);
  return bytes.toString('utf8');
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
    texts.push(textOfBytes(field, bytes.subarray(offset + 4, offset + 4 + size), row));
    offset += 4 + size;
  }
  if (texts.length !== count) throw tensorError(field, `${count} elements, as its shape says`, `${texts.length} elements`);
  return texts;
}
