// What the gateway and an inference host say to each other. Bodies pass through the gateway unparsed.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import type { Counts } from '../statistics/counts.ts';
import type { Timing } from '../statistics/endpointStatistics.ts';

export const kinds = {
  /** Gateway → host. */
  named: 1,
  v2: 2,
  grpc: 3,
  /** Host → gateway. */
  answer: 16,
  /** A part of a large request is done: the host is not hung. */
  progress: 17,
} as const;

/** What a host needs to serve one version; it never serves another one. */
export interface ModelToServe {
  endpoint: string;
  model: string;
  version: number;
  /** Blob of the ONNX file; checked against `sha256` when it is read. */
  path: string;
  sha256: string;
  signature: ModelSignature;
  /** Blob of the reference distribution, read only when inputs are not stored; null when the version has none. */
  reference: { path: string; sha256: string } | null;
  storeInputs: boolean;
}

export interface LoadedModelInfo {
  /** Time of one row and of a full chunk, ms, medians of the warm-up. */
  rowMs: number;
  chunkMs: number;
  /** Rows that are computed at once; a larger request is computed in several chunks. */
  chunkRows: number;
  /** False when the outputs do not follow the number of rows; then requests run one by one. */
  batchable: boolean;
  rssBytes: number;
}

export interface FailedMessage {
  code: string;
  params: ErrorParams;
}

/** What the host says about one answer besides its bytes; it goes into the journal as it is. */
export interface AnswerMeta {
  rows: number;
  /** First row's answer as text. */
  prediction: string | null;
  warnings: number;
  error: FailedMessage | null;
  /** Counts in the reference's bins, for endpoints that do not store inputs. */
  counts?: Counts;
}

/** No binary part: the whole body is JSON. Also: no deadline. */
const none = 0xffff_ffff;

export type RequestKind = 'named' | 'v2' | 'grpc';

export interface RequestFrame {
  requestId: string;
  /** What is left until the caller gives up, ms; null when it waits. */
  withinMs: number | null;
  /** Bytes of JSON before the binary tensors; null when everything is JSON. */
  jsonBytes: number | null;
  body: Buffer;
}

/** The part before the body: u8 length and characters of the id, u32 bytes of JSON, u32 milliseconds that are left. */
export function requestHead(requestId: string, jsonBytes: number | null, withinMs: number | null): Buffer {
  const head = Buffer.allocUnsafe(1 + requestId.length + 8);
  head[0] = requestId.length;
  head.write(requestId, 1, 'latin1');
  head.writeUInt32LE(jsonBytes ?? none, 1 + requestId.length);
  head.writeUInt32LE(withinMs === null ? none : Math.max(0, Math.min(none - 1, Math.floor(withinMs))), 5 + requestId.length);
  return head;
}

export function readRequest(payload: Buffer): RequestFrame {
  const idEnd = 1 + payload[0]!;
  const jsonBytes = payload.readUInt32LE(idEnd);
  const withinMs = payload.readUInt32LE(idEnd + 4);
  return {
    requestId: payload.toString('latin1', 1, idEnd),
    jsonBytes: jsonBytes === none ? null : jsonBytes,
    withinMs: withinMs === none ? null : withinMs,
    body: payload.subarray(idEnd + 8),
  };
}

export interface AnswerFrame {
  status: number;
  /** Bytes of JSON before the binary tensors of the answer; null when everything is JSON. */
  jsonBytes: number | null;
  rows: number;
  timing: Timing;
  /** JSON of AnswerMeta, passed on unparsed. */
  meta: Buffer;
  body: Buffer;
}

/** The part before meta and body: u32 status, bytes of JSON in the body, bytes of meta, rows, runs; f32 µs in the queue, reading,
 *  computing and writing; and for each run u32 rows and f32 µs. */
export function answerHead(status: number, jsonBytes: number | null, metaBytes: number, rows: number, timing: Timing): Buffer {
  const { queueUs, inputUs, inferUs, outputUs, runs } = timing;
  const head = Buffer.allocUnsafe(headBytes + 8 * runs.length);
  head.writeUInt32LE(status, 0);
  head.writeUInt32LE(jsonBytes ?? none, 4);
  head.writeUInt32LE(metaBytes, 8);
  head.writeUInt32LE(rows, 12);
  head.writeUInt32LE(runs.length, 16);
  [queueUs, inputUs, inferUs, outputUs].forEach((us, index) => head.writeFloatLE(us, 20 + 4 * index));
  runs.forEach((run, index) => {
    head.writeUInt32LE(run.rows, headBytes + 8 * index);
    head.writeFloatLE(run.us, headBytes + 8 * index + 4);
  });
  return head;
}

export function readAnswer(payload: Buffer): AnswerFrame {
  const jsonBytes = payload.readUInt32LE(4);
  const runs = Array.from({ length: payload.readUInt32LE(16) }, (_, index) => ({
    rows: payload.readUInt32LE(headBytes + 8 * index),
    us: payload.readFloatLE(headBytes + 8 * index + 4),
  }));
  const metaStart = headBytes + 8 * runs.length;
  const metaEnd = metaStart + payload.readUInt32LE(8);
  const us = (index: number): number => payload.readFloatLE(20 + 4 * index);
  return {
    status: payload.readUInt32LE(0),
    jsonBytes: jsonBytes === none ? null : jsonBytes,
    rows: payload.readUInt32LE(12),
    timing: { queueUs: us(0), inputUs: us(1), inferUs: us(2), outputUs: us(3), runs },
    meta: payload.subarray(metaStart, metaEnd),
    body: payload.subarray(metaEnd),
  };
}

const headBytes = 36;
