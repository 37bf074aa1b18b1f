// Little-endian elements of any datatype but BYTES as typed arrays.
import type { Datatype } from './datatypes.ts';

export type NumberElements =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array;

/** Copies: a slice of a socket buffer has any alignment, and is reused. `bytes` must be whole elements. FP16 and BF16 become float32. */
export function elementsOf(datatype: Exclude<Datatype, 'BYTES'>, bytes: Uint8Array): NumberElements {
  const { buffer } = new Uint8Array(bytes);
  switch (datatype) {
    case 'BOOL':
    case 'UINT8':
      return new Uint8Array(buffer);
    case 'INT8':
      return new Int8Array(buffer);
    case 'UINT16':
      return new Uint16Array(buffer);
    case 'INT16':
      return new Int16Array(buffer);
    case 'UINT32':
      return new Uint32Array(buffer);
    case 'INT32':
      return new Int32Array(buffer);
    case 'UINT64':
      return new BigUint64Array(buffer);
    case 'INT64':
      return new BigInt64Array(buffer);
    case 'FP16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case 'FP32':
      return new Float32Array(buffer);
    case 'FP64':
      return new Float64Array(buffer);
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. Every one is a float32. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (bits) => (bits << 16) >>> 0).buffer);
}
