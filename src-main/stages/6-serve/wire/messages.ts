// What the gateway and an inference host say to each other. Bodies pass through the gateway unparsed.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import type { Counts } from '../statistics/counts.ts';

export const kinds = {
  /** Gateway → host. */
  named: 1,
  v2: 2,
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

/** No binary part: the whole body is JSON. */
const allJson = 0xffff_ffff;

export interface RequestFrame {
  requestId: string;
  /** Bytes of JSON before the binary tensors; null when everything is JSON. */
  jsonBytes: number | null;
  body: Buffer;
}

/** The part before the body: u8 length and characters of the id, u32 bytes of JSON. */
export function requestHead(requestId: string, jsonBytes: number | null): Buffer {
  const head = Buffer.allocUnsafe(1 + requestId.length + 4);
  head[0] = requestId.length;
  head.write(requestId, 1, 'latin1');
  head.writeUInt32LE(jsonBytes ?? allJson, 1 + requestId.length);
  return head;
}

export function readRequest(payload: Buffer): RequestFrame {
  const idEnd = 1 + payload[0]!;
  const jsonBytes = payload.readUInt32LE(idEnd);
  return {
    requestId: payload.toString('latin1', 1, idEnd),
    jsonBytes: jsonBytes === allJson ? null : jsonBytes,
    body: payload.subarray(idEnd + 4),
  };
}

export interface AnswerFrame {
  status: number;
  /** Bytes of JSON before the binary tensors of the answer; null when everything is JSON. */
  jsonBytes: number | null;
  /** JSON of AnswerMeta, passed on unparsed. */
  meta: Buffer;
  body: Buffer;
}

/** The part before meta and body: u32 status, u32 bytes of JSON in the body, u32 bytes of meta. */
export function answerHead(status: number, jsonBytes: number | null, metaBytes: number): Buffer {
  const head = Buffer.allocUnsafe(12);
  head.writeUInt32LE(status, 0);
  head.writeUInt32LE(jsonBytes ?? allJson, 4);
  head.writeUInt32LE(metaBytes, 8);
  return head;
}

export function readAnswer(payload: Buffer): AnswerFrame {
  const jsonBytes = payload.readUInt32LE(4);
  const metaEnd = 12 + payload.readUInt32LE(8);
  return {
    status: payload.readUInt32LE(0),
    jsonBytes: jsonBytes === allJson ? null : jsonBytes,
    meta: payload.subarray(12, metaEnd),
    body: payload.subarray(metaEnd),
  };
}
