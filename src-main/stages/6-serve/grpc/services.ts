// Requests and answers of the small methods: everything but ModelInfer.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import { datatypeOf, type Datatype } from '../protocol/datatypes.ts';
import type { DurationSum, EndpointStatistics } from '../statistics/endpointStatistics.ts';
import type { IndexEntry } from '../wire/repository.ts';
import { ProtobufReader } from './protobufReader.ts';
import { ProtobufWriter } from './protobufWriter.ts';

/** Of a small request: text and truth values by field number. */
export interface SmallRequest {
  texts: Map<number, string>;
  flags: Map<number, boolean>;
  /** Fields that were there at all. */
  present: Set<number>;
}

/** Nothing longer is read. */
export const maxSmallRequestBytes = 64 * 1024;
const maxSmallFields = 1000;

/** `texts` and `flags`: the field numbers that the method knows. Error: MK_SERVE_NOT_PROTOBUF. */
export function readSmallRequest(bytes: Buffer, texts: readonly number[], flags: readonly number[] = []): SmallRequest {
  const reader = new ProtobufReader(bytes);
  if (bytes.length > maxSmallRequestBytes) throw reader.error(`it has ${bytes.length} bytes, more than this method needs`);
  const found: SmallRequest = { texts: new Map(), flags: new Map(), present: new Set() };
  for (let fields = 0; reader.next(); fields++) {
    if (fields >= maxSmallFields) throw reader.error(`a message has more than ${maxSmallFields} fields`);
    found.present.add(reader.field);
    if (texts.includes(reader.field)) found.texts.set(reader.field, reader.string());
    else if (flags.includes(reader.field)) found.flags.set(reader.field, reader.bool());
    else reader.skip();
  }
  return found;
}

/** ServerLive, ServerReady and ModelReady have the same answer. */
export function truthAnswer(value: boolean): Buffer {
  return new ProtobufWriter().bool(1, value).finish();
}

export function serverMetadataAnswer({
  name,
  version,
  extensions,
}: {
  name: string;
  version: string;
  extensions: readonly string[];
}): Buffer {
  const answer = new ProtobufWriter().string(1, name).string(2, version);
  for (const extension of extensions) answer.string(3, extension);
  return answer.finish();
}

export interface ModelFacts {
  endpoint: string;
  version: number;
  signature: ModelSignature;
}

export function modelMetadataAnswer({ endpoint, version, signature }: ModelFacts, platform: string): Buffer {
  const answer = new ProtobufWriter().string(1, endpoint).string(2, String(version)).string(3, platform);
  const tensor = ({ name, onnxType, shape }: (typeof signature.outputs)[number] | ModelSignature['inputs'][number]): ProtobufWriter =>
    new ProtobufWriter()
      .string(1, name)
      .string(2, datatypeOf[onnxType])
      .packedVarints(3, [-1, ...shape]);
  for (const input of signature.inputs) answer.message(4, tensor(input));
  for (const output of signature.outputs) answer.message(5, tensor(output));
  return answer.finish();
}

/** Triton's DataType; BYTES is its TYPE_STRING. */
const configTypes: Record<Datatype, number> = {
  BOOL: 1,
  UINT8: 2,
  UINT16: 3,
  UINT32: 4,
  UINT64: 5,
  INT8: 6,
  INT16: 7,
  INT32: 8,
  INT64: 9,
  FP16: 10,
  FP32: 11,
  FP64: 12,
  BYTES: 13,
  BF16: 14,
};

export function modelConfigAnswer({ endpoint, signature }: ModelFacts, platform: string, maxBatchSize: number): Buffer {
  const config = new ProtobufWriter().string(1, endpoint).string(2, platform).varint(4, maxBatchSize);
  for (const { name, onnxType, shape, required } of signature.inputs)
    config.message(
      5,
      new ProtobufWriter().string(1, name).varint(2, configTypes[datatypeOf[onnxType]]).packedVarints(4, shape).bool(8, !required),
    );
  for (const { name, onnxType, shape } of signature.outputs)
    config.message(6, new ProtobufWriter().string(1, name).varint(2, configTypes[datatypeOf[onnxType]]).packedVarints(3, shape));
  return new ProtobufWriter().message(1, config.string(17, 'onnxruntime')).finish();
}

export interface ModelCounts {
  endpoint: string;
  version: number;
  statistics: EndpointStatistics;
}

export function statisticsAnswer(models: readonly ModelCounts[]): Buffer {
  const answer = new ProtobufWriter();
  for (const { endpoint, version, statistics } of models) {
    const { success, fail, queue, computeInput, computeInfer, computeOutput } = statistics;
    const sums = new ProtobufWriter();
    [success, fail, queue, computeInput, computeInfer, computeOutput].forEach((sum, index) => sums.message(index + 1, duration(sum)));
    const model = new ProtobufWriter()
      .string(1, endpoint)
      .string(2, String(version))
      .varint(3, statistics.lastInferenceMs)
      .varint(4, statistics.rows)
      .varint(5, statistics.runs)
      .message(6, sums);
    for (const [size, sum] of statistics.batches) model.message(7, new ProtobufWriter().varint(1, size).message(3, duration(sum)));
    answer.message(1, model);
  }
  return answer.finish();
}

export function repositoryIndexAnswer(entries: readonly IndexEntry[]): Buffer {
  const answer = new ProtobufWriter();
  for (const { name, version, state, reason } of entries)
    answer.message(1, new ProtobufWriter().string(1, name).string(2, version).string(3, state).string(4, reason));
  return answer.finish();
}

function duration({ count, ns }: DurationSum): ProtobufWriter {
  return new ProtobufWriter().varint(1, count).varint(2, Math.round(ns));
}
