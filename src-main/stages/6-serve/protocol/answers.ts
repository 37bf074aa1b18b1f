// Model outputs as the two HTTP answers.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import { describeError, type ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { writeBinaryText } from './binaryTensors.ts';
import { datatypeOf } from './datatypes.ts';
import type { Flags, Warning } from './flags.ts';
import type { ColumnData } from './inputPlan.ts';

/** One output of the model for the rows of one request. */
export interface OutputColumn {
  name: string;
  onnxType: 'float32' | 'float64' | 'int64' | 'string' | 'uint8' | 'bool';
  /** Dimensions after the row; empty for [N]. */
  dims: readonly number[];
  data: ColumnData;
}

export interface Answered {
  endpoint: string;
  model: string;
  version: number;
  requestId: string;
  rows: number;
  outputs: readonly OutputColumn[];
}

/** `{endpoint, model, version, requestId, predictions: [{prediction, probability, probabilities}], warnings}`.
 *  A `set` of classes, and the `prediction` of a model of several labels, is an array of names; other outputs (`lower`, `upper`) stand in `predictions` under their own names. */
export function namedAnswer(answered: Answered, signature: ModelSignature, flags: Flags): Buffer {
  const { endpoint, model, version, requestId, rows } = answered;
  const labels = signature.classes.map((name) => JSON.stringify(name));
  const isSubset = (output: OutputColumn): boolean => isLabelAnswer(signature, output) || output.name === 'set';
  const predictions: string[] = [];
  for (let row = 0; row < rows; row++)
    predictions.push(`{${answered.outputs.map((output) => namedOutput(output, row, labels, isSubset(output), signature.task)).join(',')}}`);
  const head = JSON.stringify({ endpoint, model, version, requestId });
  return Buffer.from(`${head.slice(0, -1)},"predictions":[${predictions.join(',')}],${warningsJson(flags)}}`);
}

function warningsJson(flags: Flags): string {
  const cut = flags.total > flags.warnings.length ? `,"warningsTotal":${flags.total}` : '';
  return `"warnings":${JSON.stringify(flags.warnings satisfies Warning[])}${cut}`;
}

function namedOutput(
  output: OutputColumn,
  row: number,
  labels: readonly string[],
  isSubset: boolean,
  task: ModelSignature['task'],
): string {
  const width = output.dims.reduce((product, dim) => product * dim, 1);
  const at = row * width;
  if (output.name === 'probabilities' && width === labels.length && output.onnxType === 'float32') {
    const values = output.data as Float32Array;
    let best = 0;
    const parts = labels.map((label, index) => {
      if (values[at + index]! > values[at + best]!) best = index;
      return `${label}:${numberJson(values[at + index]!)}`;
    });
    const all = `"probabilities":{${parts.join(',')}}`;
    // Of several labels each has a probability of its own, and none is that of the answer.
    return task === 'multilabel' ? all : `"probability":${numberJson(values[at + best]!)},${all}`;
  }
  if (isSubset && width === labels.length && output.onnxType === 'bool')
    return `${JSON.stringify(output.name)}:[${labels.filter((_, index) => (output.data as Uint8Array)[at + index] === 1).join(',')}]`;
  const name = JSON.stringify(output.name);
  if (width === 1) return `${name}:${elementJson(output, at)}`;
  return `${name}:[${Array.from({ length: width }, (_, index) => elementJson(output, at + index)).join(',')}]`;
}

/** The answer of the Open Inference Protocol. `jsonBytes` is null when no output was asked for in binary. */
export function v2Answer(
  answered: Answered,
  wanted: readonly { name: string; binary: boolean }[],
  id: string | null,
  warnings: number,
): { body: Buffer; jsonBytes: number | null } {
  const { endpoint, version, requestId, rows } = answered;
  const binaryParts: Buffer[] = [];
  const outputs = wanted.map(({ name, binary }) => {
    const output = answered.outputs.find((each) => each.name === name)!;
    const head = { name, shape: [rows, ...output.dims], datatype: datatypeOf[output.onnxType] };
    if (!binary) return `${JSON.stringify(head).slice(0, -1)},"data":${dataJson(output)}}`;
    const bytes = binaryData(output);
    binaryParts.push(bytes);
    return JSON.stringify({ ...head, parameters: { binary_data_size: bytes.length } });
  });
  const head = JSON.stringify({
    model_name: endpoint,
    model_version: String(version),
    id: id ?? requestId,
    parameters: { request_id: requestId, model: answered.model, warnings },
  });
  const json = Buffer.from(`${head.slice(0, -1)},"outputs":[${outputs.join(',')}]}`);
  return binaryParts.length === 0
    ? { body: json, jsonBytes: null }
    : { body: Buffer.concat([json, ...binaryParts]), jsonBytes: json.length };
}

/** Whether an output says of every label of the model whether the row has it. */
export function isLabelAnswer(
  { task, classes }: Pick<ModelSignature, 'task' | 'classes'>,
  { name, onnxType, dims }: OutputColumn,
): boolean {
  return task === 'multilabel' && name === 'prediction' && onnxType === 'bool' && dims.length === 1 && dims[0] === classes.length;
}

/** The labels of one row as text: a JSON array of names. */
export function labelsText({ classes }: Pick<ModelSignature, 'classes'>, { data }: OutputColumn, row: number): string {
  return JSON.stringify(classes.filter((_, label) => (data as Uint8Array)[row * classes.length + label] === 1));
}

/** First row's answer as text, for lists of requests. */
export function firstPrediction(answered: Answered, signature: ModelSignature): string | null {
  const output = answered.outputs.find((each) => each.name === 'prediction') ?? answered.outputs[0];
  if (!output || output.data.length === 0) return null;
  if (isLabelAnswer(signature, output)) return shortened(labelsText(signature, output, 0));
  const value = output.data[0]!;
  const text = typeof value === 'number' && output.onnxType === 'float32' ? numberJson(value) : String(value);
  return shortened(text);
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** `{error: {code, message, hint, row, field, found, expected}}`: what is wrong and where; null where it does not apply. */
export function errorBody(code: string, params: ErrorParams, requestId: string): Buffer {
  const { message, hint } = describeError(code, params);
  const of = (name: string): unknown => params[name] ?? null;
  return Buffer.from(
    JSON.stringify({
      error: { code, message, hint, row: of('row'), field: of('field'), found: of('found'), expected: of('expected') },
      requestId,
    }),
  );
}

/** The protocol wants `error` to be text; the rest stands beside it. */
export function v2ErrorBody(code: string, params: ErrorParams, requestId: string): Buffer {
  const { message, hint } = describeError(code, params);
  const of = (name: string): unknown => params[name] ?? null;
  return Buffer.from(
    JSON.stringify({
      error: message,
      code,
      hint,
      row: of('row'),
      field: of('field'),
      found: of('found'),
      expected: of('expected'),
      request_id: requestId,
    }),
  );
}

/** The shortest decimal text that is this float32 again: 0.3, not 0.30000001192092896. JSON has no NaN: null. */
export function numberJson(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  for (let digits = 6; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(value);
}

function elementJson(output: OutputColumn, at: number): string {
  const value = output.data[at]!;
  switch (output.onnxType) {
    case 'string':
      return JSON.stringify(value);
    case 'float32':
      return numberJson(value as number);
    case 'bool':
      return value ? 'true' : 'false';
    case 'float64':
      return Number.isFinite(value) ? String(value) : 'null';
    default:
      return String(value);
  }
}

function dataJson(output: OutputColumn): string {
  const { data, onnxType } = output;
  if (onnxType === 'string') return JSON.stringify(data);
  if (onnxType === 'bool') return JSON.stringify(Array.from(data as Uint8Array, Boolean));
  if (onnxType === 'int64') return `[${(data as BigInt64Array).join(',')}]`;
  // JSON.stringify writes NaN and infinity as null. A float32 is written as the float64 it equals: exact for every reader.
  return JSON.stringify(Array.from(data as Float32Array));
}

/** Elements as the binary extension has them, little-endian. */
export function binaryData({ data, onnxType }: OutputColumn): Buffer {
  if (onnxType === 'string') return Buffer.concat((data as string[]).map(writeBinaryText));
  const typed = data as Float32Array;
  return Buffer.from(typed.buffer, typed.byteOffset, typed.byteLength);
}
