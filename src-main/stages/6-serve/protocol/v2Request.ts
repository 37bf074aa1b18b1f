// Reads an inference request of the Open Inference Protocol V2, JSON tensors or the binary tensor extension
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md).
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { readBinaryTensor } from './binaryTensors.ts';
import { datatypeOf } from './datatypes.ts';
import { describeFound } from './describeFound.ts';
import { isRequired, missingColumn, type InputColumn, type InputPlan, type PlannedInput } from './inputPlan.ts';
import { findDuplicateKey, parseJson } from './jsonScan.ts';
import { readJsonTensor } from './jsonTensors.ts';
import { tensorError } from './tensorError.ts';

export interface V2Request {
  rows: number;
  columns: InputColumn[];
  /** The caller's own id, echoed. */
  id: string | null;
  /** What to answer with; all of the model's outputs when the request names none. */
  outputs: { name: string; binary: boolean }[];
}

type Fields = Record<string, unknown>;

/** `jsonBytes`: where the JSON ends and the binary tensors begin; null when there are none.
 *  Errors: MK_SERVE_NOT_JSON, …_TOO_DEEP, …_DUPLICATE_KEY, …_BODY_SHAPE, …_TENSOR, …_TENSOR_UNKNOWN, …_TENSOR_MISSING, …_TENSOR_TWICE,
 *  …_NO_ROWS, …_TOO_MANY_ROWS, …_NOT_FINITE; each names the tensor and, where there is one, the row. */
export function parseV2Request(
  plan: InputPlan,
  outputNames: readonly string[],
  body: Buffer,
  jsonBytes: number | null,
  maxRows: number,
): V2Request {
  if (jsonBytes !== null && jsonBytes > body.length)
    throw tensorError('Inference-Header-Content-Length', `at most ${body.length}, the bytes of the body`, String(jsonBytes));
  const { value, keys, text } = parseJson(jsonBytes === null ? body : body.subarray(0, jsonBytes));
  const expected = '{"inputs":[{name, shape, datatype, data}, …]}';
  if (!isFields(value)) throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { expected, found: describeFound(value) });
  if (!Array.isArray(value['inputs']))
    throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { field: 'inputs', expected, found: `${describeFound(value['inputs'])} as "inputs"` });
  if (countKeys(value) !== keys) {
    const duplicate = findDuplicateKey(text);
    if (duplicate) throw new ModelkeepError('MK_SERVE_DUPLICATE_KEY', { row: duplicate.row, field: duplicate.key });
  }

  const binary = new BinaryPart(jsonBytes === null ? null : body.subarray(jsonBytes));
  const columns = new Array<InputColumn | undefined>(plan.inputs.length);
  let rows: number | null = null;
  for (const tensor of value['inputs'] as unknown[]) {
    if (!isFields(tensor) || typeof tensor['name'] !== 'string')
      throw tensorError('inputs', 'tensors {name, shape, datatype, data}', describeFound(tensor));
    const planned = plan.byName.get(tensor['name']);
    if (!planned)
      throw unknownTensor(
        tensor['name'],
        plan.inputs.map(({ input }) => input.name),
      );
    if (columns[planned.index]) throw new ModelkeepError('MK_SERVE_TENSOR_TWICE', { field: planned.input.name });
    const { tensorRows, dims } = readShape(planned, tensor);
    if (rows !== null && tensorRows !== rows)
      throw tensorError(planned.input.name, `${rows} rows, like the tensors before`, `${tensorRows} rows`);
    rows = tensorRows;
    const limit = Math.min(maxRows, plan.maxRows);
    if (rows > limit) throw new ModelkeepError('MK_SERVE_TOO_MANY_ROWS', { found: rows, limit });
    columns[planned.index] = { data: readData(planned, tensor, rows, dims, binary), dims };
  }
  binary.requireEnd();
  if (rows === null) throw missingTensor(plan.inputs[0]!);
  return {
    rows,
    columns: plan.inputs.map((planned) => columns[planned.index] ?? absentColumn(planned, rows)),
    id: readId(value['id']),
    outputs: readOutputs(value, outputNames),
  };
}

/** Walks the bytes after the JSON, one tensor after another. */
class BinaryPart {
  readonly #bytes: Buffer | null;
  #offset = 0;
  constructor(bytes: Buffer | null) {
    this.#bytes = bytes;
  }
  take(field: string, size: unknown): Buffer {
    if (this.#bytes === null) throw tensorError(field, 'the header Inference-Header-Content-Length', 'binary_data_size without it');
    const left = this.#bytes.length - this.#offset;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left)
      throw tensorError(field, `a binary_data_size of at most ${left}, the bytes left in the body`, describeFound(size));
    this.#offset += size as number;
    return this.#bytes.subarray(this.#offset - (size as number), this.#offset);
  }
  requireEnd(): void {
    const left = (this.#bytes?.length ?? 0) - this.#offset;
    if (left > 0) throw tensorError('inputs', 'binary tensors that fill the body', `${left} bytes that belong to none`);
  }
}

function readShape(planned: PlannedInput, tensor: Fields): { tensorRows: number; dims: number[] } {
  const { input } = planned;
  const { shape } = tensor;
  const wanted = ['N', ...input.shape.map((dim) => (dim < 0 ? '?' : dim))].join(', ');
  const wrong = (): ModelkeepError =>
    tensorError(
      input.name,
      `shape [${wanted}]`,
      Array.isArray(shape) ? `shape ${JSON.stringify(shape).slice(0, 80)}` : `${describeFound(shape)} as shape`,
    );
  if (!Array.isArray(shape) || shape.length === 0 || shape.length > 16 || !shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw wrong();
  const [tensorRows, ...dims] = shape as [number, ...number[]];
  // [N] is taken for [N, 1]: one value a row is what both say.
  if (dims.length === 0 && planned.elements === 1) dims.push(...input.shape);
  if (dims.length !== input.shape.length || !input.shape.every((dim, axis) => (dim < 0 ? dims[axis]! > 0 : dim === dims[axis])))
    throw wrong();
  if (tensorRows === 0) throw new ModelkeepError('MK_SERVE_NO_ROWS', { field: input.name });
  if (!Number.isSafeInteger(dims.reduce((product, dim) => product * dim, tensorRows))) throw wrong();
  return { tensorRows, dims };
}

function readData(planned: PlannedInput, tensor: Fields, rows: number, dims: readonly number[], binary: BinaryPart): InputColumn['data'] {
  const { input } = planned;
  const datatype = datatypeOf[input.onnxType];
  if (tensor['datatype'] !== datatype) throw tensorError(input.name, `datatype ${datatype}`, describeFound(tensor['datatype']));
  const perRow = dims.reduce((product, dim) => product * dim, 1);
  const parameters = isFields(tensor['parameters']) ? tensor['parameters'] : {};
  if (Object.hasOwn(parameters, 'binary_data_size')) {
    if (tensor['data'] !== undefined) throw tensorError(input.name, 'either data or binary_data_size', 'both');
    return readBinaryTensor(planned, binary.take(input.name, parameters['binary_data_size']), rows * perRow, perRow);
  }
  if (!Array.isArray(tensor['data'])) throw tensorError(input.name, 'an array as data', describeFound(tensor['data']));
  return readJsonTensor(planned, tensor['data'], rows * perRow, perRow);
}

function absentColumn(planned: PlannedInput, rows: number): InputColumn {
  if (isRequired(planned) || planned.elements === null) throw missingTensor(planned);
  return { data: missingColumn(planned.input.onnxType, rows * planned.elements), dims: planned.input.shape };
}

function readId(id: unknown): string | null {
  if (id === undefined || id === null) return null;
  if (typeof id !== 'string' || id.length > 256) throw tensorError('id', 'text of at most 256 characters', describeFound(id));
  return id;
}

function readOutputs(request: Fields, known: readonly string[]): V2Request['outputs'] {
  const parameters = isFields(request['parameters']) ? request['parameters'] : {};
  const allBinary = parameters['binary_data_output'] === true;
  const { outputs } = request;
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0)) return known.map((name) => ({ name, binary: allBinary }));
  if (!Array.isArray(outputs)) throw tensorError('outputs', 'an array', describeFound(outputs));
  const seen = new Set<string>();
  return outputs.map((output: unknown) => {
    if (!isFields(output) || typeof output['name'] !== 'string') throw tensorError('outputs', 'objects with a name', describeFound(output));
    const { name } = output;
    if (!known.includes(name)) throw unknownTensor(name, known);
    if (seen.has(name)) throw new ModelkeepError('MK_SERVE_TENSOR_TWICE', { field: name });
    seen.add(name);
    const own = isFields(output['parameters']) ? output['parameters']['binary_data'] : undefined;
    return { name, binary: own === undefined ? allBinary : own === true };
  });
}

/** Keys of all objects in the value; `data` holds none in a good request and may be long. */
function countKeys(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countKeys(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, each]) => sum + 1 + (key === 'data' ? 0 : countKeys(each)), 0);
}

function unknownTensor(name: string, known: readonly string[]): ModelkeepError {
  const field = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return new ModelkeepError('MK_SERVE_TENSOR_UNKNOWN', { field, found: JSON.stringify(field), expected: known.slice(0, 40).join(', ') });
}

function missingTensor({ input }: PlannedInput): ModelkeepError {
  const expected = `${datatypeOf[input.onnxType]} [${['N', ...input.shape].join(', ')}]`;
  return new ModelkeepError('MK_SERVE_TENSOR_MISSING', { field: input.name, found: 'nothing', expected });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
