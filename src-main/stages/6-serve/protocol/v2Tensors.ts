// The tensors of a V2 request, whether they came as JSON, binary or protobuf, against the model's signature.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { datatypeOf, isAccepted, type Datatype } from './datatypes.ts';
import { describeFound } from './describeFound.ts';
import { isRequired, missingColumn, type ColumnData, type InputColumn, type InputPlan, type PlannedInput } from './inputPlan.ts';
import { tensorError } from './tensorError.ts';

export interface SentTensor {
  name: string;
  /** As sent: nothing about it is checked yet. */
  shape: unknown;
  datatype: unknown;
  /** Its `count` elements, `perRow` of them a row. */
  read(planned: PlannedInput, datatype: Datatype, count: number, perRow: number): ColumnData;
}

export interface AssembledTensors {
  rows: number;
  columns: InputColumn[];
}

/** One column for each input of the plan. Errors: MK_SERVE_TENSOR, …_TENSOR_UNKNOWN, …_TENSOR_MISSING, …_TENSOR_TWICE, …_NO_ROWS,
 *  …_TOO_MANY_ROWS; each names the tensor. */
export function assembleTensors(plan: InputPlan, tensors: Iterable<SentTensor>, maxRows: number): AssembledTensors {
  const columns = new Array<InputColumn | undefined>(plan.inputs.length);
  let rows: number | null = null;
  for (const tensor of tensors) {
    const planned = plan.byName.get(tensor.name);
    if (!planned)
      throw unknownTensor(
        tensor.name,
        plan.inputs.map(({ input }) => input.name),
      );
    if (columns[planned.index]) throw new ModelkeepError('MK_SERVE_TENSOR_TWICE', { field: planned.input.name });
    const { tensorRows, dims } = readShape(planned, tensor.shape);
    if (rows !== null && tensorRows !== rows)
      throw tensorError(planned.input.name, `${rows} rows, like the tensors before`, `${tensorRows} rows`);
    rows = tensorRows;
    const limit = Math.min(maxRows, plan.maxRows);
    if (rows > limit) throw new ModelkeepError('MK_SERVE_TOO_MANY_ROWS', { found: rows, limit });
    const { datatype } = tensor;
    if (!isAccepted(planned.input.onnxType, datatype))
      throw tensorError(planned.input.name, `datatype ${datatypeOf[planned.input.onnxType]}`, describeFound(datatype));
    const perRow = dims.reduce((product, dim) => product * dim, 1);
    columns[planned.index] = { data: tensor.read(planned, datatype, rows * perRow, perRow), dims };
  }
  const present = rows;
  if (present === null) throw missingTensor(plan.inputs[0]!);
  return { rows: present, columns: plan.inputs.map((planned) => columns[planned.index] ?? absentColumn(planned, present)) };
}

/** Errors: MK_SERVE_TENSOR_UNKNOWN, MK_SERVE_TENSOR_TWICE. */
export function requireOutput(name: string, known: readonly string[], seen: Set<string>): void {
  if (!known.includes(name)) throw unknownTensor(name, known);
  if (seen.has(name)) throw new ModelkeepError('MK_SERVE_TENSOR_TWICE', { field: name });
  seen.add(name);
}

/** What would change the answer and is not done here is refused, never passed over. */
export function refuseParameter(tensor: string, names: Iterable<string>): void {
  for (const name of names)
    if (name === 'classification' || name === 'shared_memory_region')
      throw tensorError(tensor, 'a request without it: this extension is not answered here', `the parameter ${name}`);
}

export function requestId(id: unknown): string | null {
  if (id === undefined || id === null || id === '') return null;
  if (typeof id !== 'string' || id.length > 256) throw tensorError('id', 'text of at most 256 characters', describeFound(id));
  return id;
}

function readShape(planned: PlannedInput, shape: unknown): { tensorRows: number; dims: number[] } {
  const { input } = planned;
  const wanted = ['N', ...input.shape.map((dim) => (dim < 0 ? '?' : dim))].join(', ');
  const wrong = (): ModelkeepError =>
    tensorError(
      input.name,
      `shape [${wanted}]`,
      Array.isArray(shape) ? `shape ${JSON.stringify(shape.slice(0, 20)).slice(0, 80)}` : `${describeFound(shape)} as shape`,
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

function absentColumn(planned: PlannedInput, rows: number): InputColumn {
  if (isRequired(planned) || planned.elements === null) throw missingTensor(planned);
  return { data: missingColumn(planned.input.onnxType, rows * planned.elements), dims: planned.input.shape };
}

function unknownTensor(name: string, known: readonly string[]): ModelkeepError {
  const field = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return new ModelkeepError('MK_SERVE_TENSOR_UNKNOWN', { field, found: JSON.stringify(field), expected: known.slice(0, 40).join(', ') });
}

function missingTensor({ input }: PlannedInput): ModelkeepError {
  const expected = `${datatypeOf[input.onnxType]} [${['N', ...input.shape].join(', ')}]`;
  return new ModelkeepError('MK_SERVE_TENSOR_MISSING', { field: input.name, found: 'nothing', expected });
}
