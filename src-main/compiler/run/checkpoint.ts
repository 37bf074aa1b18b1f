import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { FloatArray } from './runtime.ts';

/** Everything that the rest of a training depends on; data and settings come from the caller again. */
export interface Checkpoint {
  readonly seed: number;
  /** Updates made so far. */
  readonly step: number;
  readonly epoch: number;
  /** Minibatches of this epoch that are done. */
  readonly batchInEpoch: number;
  /** Rows trained on, to refuse a checkpoint of other data. */
  readonly rowCount: number;
  /** Parameters and optimizer state by name. */
  readonly tensors: Readonly<Record<string, FloatArray>>;
}

const numbers = ['seed', 'step', 'epoch', 'batchInEpoch', 'rowCount'] as const;
const elementTypes = { F32: Float32Array, F64: Float64Array };
const lengthBytes = 8;

/** As a safetensors file — https://github.com/huggingface/safetensors (header as JSON, then raw little-endian numbers). */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = Object.entries(checkpoint.tensors).map(([name, data]) => {
    const start = end;
    end += data.byteLength;
    return [name, { dtype: data instanceof Float32Array ? 'F32' : 'F64', shape: [data.length], data_offsets: [start, end] }] as const;
  });
  const header = JSON.stringify({
    __metadata__: Object.fromEntries(numbers.map((key) => [key, String(checkpoint[key])])),
    ...Object.fromEntries(entries),
  });
  const headerBytes = new TextEncoder().encode(header);
  // Padded with spaces so that the numbers start at a multiple of 8.
  const paddedLength = Math.ceil(headerBytes.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + paddedLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedLength), true);
  bytes.fill(0x20, lengthBytes, lengthBytes + paddedLength);
  bytes.set(headerBytes, lengthBytes);
  let offset = lengthBytes + paddedLength;
  for (const data of Object.values(checkpoint.tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/** Throws MK_COMPILER_CHECKPOINT_INVALID when the bytes are cut, damaged or something else. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new ModelkeepError(
      'MK_COMPILER_CHECKPOINT_INVALID',
      { reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
}

function decode(bytes: Uint8Array): Checkpoint {
  if (bytes.length < lengthBytes) throw new Error('the file is cut off');
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const start = lengthBytes + headerLength;
  if (!(start <= bytes.length)) throw new Error('the file is cut off');
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(lengthBytes, start))) as {
    __metadata__: Record<string, string>;
    [name: string]: unknown;
  };
  const values = Object.fromEntries(numbers.map((key) => [key, Number(metadata[key])])) as Record<(typeof numbers)[number], number>;
  for (const key of numbers) if (!Number.isFinite(values[key])) throw new Error(`"${key}" is missing`);
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const {
      dtype,
      data_offsets: [from, to],
    } = entry as { dtype: keyof typeof elementTypes; data_offsets: [number, number] };
    if (start + to > bytes.length) throw new Error('the file is cut off');
    const make = elementTypes[dtype];
    // Not bytes.slice: that of a Node Buffer copies nothing, and its memory holds other things too.
    const copy = new Uint8Array(bytes.subarray(start + from, start + to));
    return [name, new make(copy.buffer)] as const;
  });
  return { ...values, tensors: Object.fromEntries(tensors) };
}
