import { isDatatype, type Datatype } from '../protocol/datatypes.ts';
import { elementsOf } from '../protocol/elements.ts';

interface Tensor {
  datatype?: unknown;
  parameters?: { binary_data_size?: unknown };
  data?: unknown;
}

/** A V2 body with binary tensors as one JSON value: each tensor's bytes become its `data`. Throws when they do not fit. */
export function decodeBinaryBody(bytes: Buffer, jsonBytes: number): unknown {
  const value = JSON.parse(bytes.toString('utf8', 0, jsonBytes)) as { inputs?: Tensor[]; outputs?: Tensor[] };
  let offset = jsonBytes;
  for (const tensor of [...(value.inputs ?? []), ...(value.outputs ?? [])]) {
    const size = tensor.parameters?.binary_data_size;
    if (typeof size !== 'number') continue;
    if (offset + size > bytes.length) throw new RangeError('tensor beyond the body');
    if (!isDatatype(tensor.datatype)) throw new TypeError('unknown datatype');
    tensor.data = jsonElements(tensor.datatype, bytes.subarray(offset, offset + size));
    delete tensor.parameters;
    offset += size;
  }
  return value;
}

/** Elements of one tensor as JSON values. Throws when they do not fit. */
export function jsonElements(datatype: Datatype, bytes: Buffer): unknown[] {
  if (datatype !== 'BYTES') {
    const values = elementsOf(datatype, bytes);
    if (datatype === 'BOOL') return Array.from(values as Uint8Array, Boolean);
    return Array.from(values as Iterable<number | bigint>, (value) => (typeof value === 'bigint' ? jsonInteger(value) : value));
  }
  const texts: string[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const size = bytes.readUInt32LE(offset);
    texts.push(bytes.toString('utf8', offset + 4, offset + 4 + size));
    offset += 4 + size;
  }
  return texts;
}

/** A number where it is exact, text where it would be rounded. */
export function jsonInteger(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
