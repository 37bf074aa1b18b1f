// Reads {"rows":[{column: value, …}]} or one object of column values into arrays, or says which row and field is wrong.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { readCell } from './cells.ts';
import { isRequired, missingColumn, type InputColumn, type InputPlan } from './inputPlan.ts';
import { findDuplicateKey, parseJson } from './jsonScan.ts';
import { describeFound } from './describeFound.ts';

export interface ParsedRows {
  rows: number;
  /** In the order of the signature's inputs. */
  columns: InputColumn[];
  /** Encoded images still to be decoded into their column: done outside, because it takes time. */
  images: PendingImage[];
}

export interface PendingImage {
  row: number;
  input: number;
  bytes: Buffer;
}

/** Errors: MK_SERVE_NOT_JSON, …_TOO_DEEP, …_DUPLICATE_KEY, …_BODY_SHAPE, …_NO_ROWS, …_TOO_MANY_ROWS, …_ROW_NOT_OBJECT, …_COLUMN_UNKNOWN,
 *  …_COLUMN_MISSING, …_TYPE_MISMATCH, …_NOT_FINITE, …_DATE_INVALID; each names row and field where there is one. */
export function parseNamedRows(plan: InputPlan, body: Buffer, maxRows: number): ParsedRows {
  const { value, keys, text } = parseJson(body);
  const { rows, wrapperKeys } = rowsOf(value, plan);
  if (rows.length === 0) throw new ModelkeepError('MK_SERVE_NO_ROWS');
  const limit = Math.min(maxRows, plan.maxRows);
  if (rows.length > limit) throw new ModelkeepError('MK_SERVE_TOO_MANY_ROWS', { found: rows.length, limit });
  refuseDuplicates(rows, keys - wrapperKeys, text);

  const columns = plan.inputs.map(({ input, elements }): InputColumn => {
    if (elements === null) throw new ModelkeepError('MK_SERVE_TYPE_MISMATCH', freeShape(input.name));
    return { data: missingColumn(input.onnxType, rows.length * elements), dims: input.shape };
  });
  const images: PendingImage[] = [];
  for (let row = 0; row < rows.length; row++) {
    const cells = rows[row];
    if (!isObject(cells)) throw new ModelkeepError('MK_SERVE_ROW_NOT_OBJECT', { row, found: describeFound(cells) });
    let known = 0;
    for (const name of Object.keys(cells)) {
      const planned = plan.byName.get(name);
      if (!planned) throw unknownColumn(plan, row, name);
      known++;
      const image = readCell(planned, columns[planned.index]!.data, row, cells[name]);
      if (image) images.push({ row, input: planned.index, bytes: image });
    }
    if (known < plan.inputs.length) requireColumns(plan, row, cells);
  }
  return { rows: rows.length, columns, images };
}

/** `rows` of the wrapper, or the body itself as the only row; a model may have a column named "rows", which then holds no array. */
function rowsOf(value: unknown, plan: InputPlan): { rows: unknown[]; wrapperKeys: number } {
  const expected = '{"rows":[{column: value, …}]} or one object of column values';
  if (!isObject(value)) throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { expected, found: describeFound(value) });
  if (!Object.hasOwn(value, 'rows') || (plan.byName.has('rows') && !Array.isArray(value['rows']))) return { rows: [value], wrapperKeys: 0 };
  const beside = Object.keys(value).find((key) => key !== 'rows');
  if (beside !== undefined)
    throw new ModelkeepError('MK_SERVE_BODY_SHAPE', {
      field: beside,
      expected,
      found: `an object with the key ${JSON.stringify(beside)} beside "rows"`,
    });
  if (!Array.isArray(value['rows']))
    throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { field: 'rows', expected, found: `${describeFound(value['rows'])} as "rows"` });
  return { rows: value['rows'], wrapperKeys: 1 };
}

/** JSON.parse keeps the last of two equal keys and does not tell; the count of colons does. Nested objects only occur in rows that are refused anyway. */
function refuseDuplicates(rows: readonly unknown[], keysInBody: number, text: string): void {
  let kept = 0;
  for (const row of rows) {
    if (!isObject(row)) return;
    const names = Object.keys(row);
    kept += names.length;
  }
  if (kept === keysInBody) return;
  const duplicate = findDuplicateKey(text);
  if (duplicate) throw new ModelkeepError('MK_SERVE_DUPLICATE_KEY', { row: duplicate.row, field: duplicate.key });
}

function requireColumns(plan: InputPlan, row: number, cells: Record<string, unknown>): void {
  for (const planned of plan.inputs) {
    if (isRequired(planned) && !Object.hasOwn(cells, planned.input.name))
      throw new ModelkeepError('MK_SERVE_COLUMN_MISSING', { row, field: planned.input.name, found: 'nothing', expected: planned.expected });
  }
}

function unknownColumn(plan: InputPlan, row: number, field: string): ModelkeepError {
  const names = plan.inputs.slice(0, 40).map(({ input }) => input.name);
  const more = plan.inputs.length - names.length;
  return new ModelkeepError('MK_SERVE_COLUMN_UNKNOWN', {
    row,
    field,
    found: JSON.stringify(field),
    expected: names.join(', ') + (more > 0 ? ` … (${more} more)` : ''),
  });
}

function freeShape(field: string): { row: number; field: string; expected: string; found: string } {
  return { row: 0, field, expected: 'a tensor sent by the Open Inference Protocol (its shape is free)', found: 'a named row' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
