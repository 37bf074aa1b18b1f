import type { Datatype } from '../protocol/datatypes.ts';

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
    tensor.data = elementsOf(tensor.datatype as Datatype, bytes.subarray(offset, offset + size));
    delete tensor.parameters;
    offset += size;
  }
  return value;
}

function elementsOf(datatype: Datatype, bytes: Buffer): unknown[] {
  const { buffer } = new Uint8Array(bytes);
  switch (datatype) {
    case 'FP32':
      return Array.from(new Float32Array(buffer));
    case 'FP64':
      return Array.from(new Float64Array(buffer));
    case 'INT64':
      return Array.from(new BigInt64Array(buffer), (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)));
    case 'UINT8':
      return Array.from(new Uint8Array(buffer));
    case 'BOOL':
      return Array.from(new Uint8Array(buffer), Boolean);
    case 'BYTES': {
      const texts: string[] = [];
      for (let offset = 0; offset < bytes.length;) {
        const size = bytes.readUInt32LE(offset);
        texts.push(bytes.toString('utf8', offset + 4, offset + 4 + size));
        offset += 4 + size;
      }
      return texts;
    }
    default:
      throw new TypeError('unknown datatype');
  }
}
