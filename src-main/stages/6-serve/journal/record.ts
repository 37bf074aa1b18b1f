// One answered request in the journal. A frame is u32 length, u32 CRC-32 of what follows, payload; little-endian.
import { crc32 } from 'node:zlib';

/** First bytes of every segment: what it is, and the version of this format. */
export const segmentMagic = Buffer.from('MKJ1');
export const frameHeaderBytes = 8;
/** No record is longer; a length beyond it is damage. */
export const maxRecordBytes = 64 * 1024 * 1024;

/** What the gateway knows of a request. */
export interface RequestFacts {
  id: string;
  /** When it arrived, milliseconds since 1970-01-01 UTC. */
  at: number;
  endpoint: string;
  model: string;
  /** The version that answered; null when none did. */
  version: number | null;
  protocol: 'named' | 'v2';
  status: number;
  latencyMs: number;
  /** Set when the gateway itself refused; otherwise the host's `AnswerMeta` says it. */
  error: { code: string; params: Record<string, string | number | boolean> } | null;
  /** Bytes of JSON before the binary tensors, of the request and of the answer. */
  inputJsonBytes: number | null;
  outputJsonBytes: number | null;
  /** The request is a ModelInferRequest, and the answer, unless it is an error, a ModelInferResponse. Absent: JSON. */
  encoding?: 'protobuf';
  /** Why input and output are not there, if they are not. */
  omitted: 'setting' | 'tooLarge' | 'diskLow' | null;
}

export interface JournalRecord {
  facts: RequestFacts;
  /** JSON of the host's AnswerMeta; empty when no host answered. */
  meta: Uint8Array;
  input: Uint8Array;
  output: Uint8Array;
}

/** Frame header and payload parts, to be written in one call. */
export function encodeRecord({ facts, meta, input, output }: JournalRecord): Uint8Array[] {
  const factBytes = Buffer.from(JSON.stringify(facts));
  const head = Buffer.allocUnsafe(frameHeaderBytes + 16);
  const parts = [factBytes, meta, input, output];
  let offset = frameHeaderBytes;
  let payloadBytes = 16;
  for (const part of parts) {
    head.writeUInt32LE(part.length, offset);
    offset += 4;
    payloadBytes += part.length;
  }
  head.writeUInt32LE(payloadBytes, 0);
  let sum = crc32(head.subarray(frameHeaderBytes));
  for (const part of parts) if (part.length > 0) sum = crc32(part, sum);
  head.writeUInt32LE(sum, 4);
  return [head, ...parts.filter((part) => part.length > 0)];
}

/** Views into `payload`. Null when the parts do not fill it, or its facts are no JSON: damage that the sum did not show. */
export function decodeRecord(payload: Buffer): JournalRecord | null {
  if (payload.length < 16) return null;
  const sizes = [0, 4, 8, 12].map((at) => payload.readUInt32LE(at)) as [number, number, number, number];
  if (16 + sizes.reduce((sum, size) => sum + size, 0) !== payload.length) return null;
  let offset = 16;
  const [factBytes, meta, input, output] = sizes.map((size) => payload.subarray(offset, (offset += size))) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  try {
    return { facts: JSON.parse(factBytes.toString()) as RequestFacts, meta, input, output };
  } catch {
    return null;
  }
}

export type FrameAt =
  | { kind: 'record'; record: JournalRecord; nextOffset: number }
  /** Damaged, but its length is sound: the next frame can be read. */
  | { kind: 'damaged'; nextOffset: number }
  /** Not all of it is there (yet), or its length makes no sense. */
  | { kind: 'incomplete' }
  | { kind: 'end' };

/** The frame at `offset` of `bytes`. */
export function readFrame(bytes: Buffer, offset: number): FrameAt {
  const left = bytes.length - offset;
  if (left === 0) return { kind: 'end' };
  if (left < frameHeaderBytes) return { kind: 'incomplete' };
  const payloadBytes = bytes.readUInt32LE(offset);
  if (payloadBytes < 16 || payloadBytes > maxRecordBytes || left < frameHeaderBytes + payloadBytes) return { kind: 'incomplete' };
  const nextOffset = offset + frameHeaderBytes + payloadBytes;
  const payload = bytes.subarray(offset + frameHeaderBytes, nextOffset);
  const record = crc32(payload) === bytes.readUInt32LE(offset + 4) ? decodeRecord(payload) : null;
  return record ? { kind: 'record', record, nextOffset } : { kind: 'damaged', nextOffset };
}
