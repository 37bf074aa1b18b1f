// InferTensorContents: elements in the repeated field of their datatype, packed or one by one.
import type { Datatype } from '../protocol/datatypes.ts';
import { integerRanges } from '../protocol/datatypes.ts';
import { ProtobufReader, wireTypes } from './protobufReader.ts';

/** Field of each datatype; FP16 and BF16 have none. */
const fieldOf: Partial<Record<Datatype, number>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};
const nameOf = [
  '',
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
];

export type Elements = { numbers: Float32Array | Float64Array | BigInt64Array | BigUint64Array | Int32Array | Uint32Array | Uint8Array };
export type Problem = { expected: string; found: string; at?: number };

/** How many elements there are, without keeping any; or what is wrong. `bytes`: the message InferTensorContents. */
export function countElements(datatype: Datatype, contents: () => ProtobufReader): number | Problem {
  const wanted = fieldOf[datatype];
  if (wanted === undefined) return { expected: `raw_input_contents: ${datatype} has no typed contents`, found: 'contents' };
  let count = 0;
  for (const reader = contents(); reader.next();) {
    if (reader.field !== wanted) {
      const empty = reader.wireType === wireTypes.bytes && reader.field < 8 && reader.bytes().length === 0;
      if (empty) continue;
      return { expected: `${datatype} elements in ${nameOf[wanted]}`, found: nameOf[reader.field] ?? `field ${reader.field}` };
    }
    if (datatype === 'BYTES' || reader.wireType !== wireTypes.bytes) {
      reader.skip();
      count++;
    } else count += packedCount(datatype, reader);
  }
  return count;
}

/** `count` texts, each as a view. */
export function* bytesElements(contents: () => ProtobufReader): Generator<Buffer> {
  for (const reader = contents(); reader.next();) {
    if (reader.field === fieldOf.BYTES) yield reader.bytes();
    else reader.skip();
  }
}

/** `count` numbers, as `countElements` has counted them; or what is wrong with one. */
export function numberElements(datatype: Exclude<Datatype, 'BYTES'>, count: number, contents: () => ProtobufReader): Elements | Problem {
  const wanted = fieldOf[datatype];
  const range = integerRanges[datatype];
  const numbers = arrayFor(datatype, count);
  let at = 0;
  for (const reader = contents(); reader.next();) {
    if (reader.field !== wanted) {
      reader.skip();
      continue;
    }
    if (datatype === 'FP32' || datatype === 'FP64') {
      const width = datatype === 'FP32' ? 4 : 8;
      const bytes = reader.wireType === wireTypes.bytes ? reader.bytes() : reader.fixed(width);
      for (let offset = 0; offset < bytes.length; offset += width)
        numbers[at++] = width === 4 ? bytes.readFloatLE(offset) : bytes.readDoubleLE(offset);
      continue;
    }
    const packed = reader.wireType === wireTypes.bytes ? reader.message() : null;
    for (let more = true; more; more = packed !== null && !packed.atEnd) {
      if (packed?.atEnd) break;
      const bits = packed ? packed.rawVarint() : reader.varint();
      if (datatype === 'INT64') (numbers as BigInt64Array)[at++] = BigInt.asIntN(64, bits);
      else if (datatype === 'UINT64') (numbers as BigUint64Array)[at++] = bits;
      else if (datatype === 'BOOL') numbers[at++] = bits === 0n ? 0 : 1;
      else {
        const value = Number(datatype.startsWith('U') ? BigInt.asUintN(32, bits) : BigInt.asIntN(32, bits));
        if (value < range![0] || value > range![1]) return { expected: `${datatype} elements`, found: String(value), at };
        numbers[at++] = value;
      }
    }
  }
  return { numbers };
}

function packedCount(datatype: Datatype, reader: ProtobufReader): number {
  const bytes = reader.bytes();
  if (datatype === 'FP32' || datatype === 'FP64') {
    const width = datatype === 'FP32' ? 4 : 8;
    if (bytes.length % width !== 0) throw reader.error(`${bytes.length} bytes are no whole ${datatype} elements`);
    return bytes.length / width;
  }
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}

function arrayFor(datatype: Exclude<Datatype, 'BYTES'>, count: number): Elements['numbers'] {
  switch (datatype) {
    case 'FP32':
      return new Float32Array(count);
    case 'FP64':
      return new Float64Array(count);
    case 'INT64':
      return new BigInt64Array(count);
    case 'UINT64':
      return new BigUint64Array(count);
    case 'BOOL':
    case 'UINT8':
      return new Uint8Array(count);
    default:
      return datatype.startsWith('U') ? new Uint32Array(count) : new Int32Array(count);
  }
}
