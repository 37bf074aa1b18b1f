// How the cells of a table become numbers of a batch: the SQL of each, and what is made of a missing one.
import { rawExpression, rawKind } from '../worker/table/readTable.ts';
import { quoteName, quoteText } from '../worker/table/duck.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Column } from '../../../../src-shared/domain/table.ts';
import type { TableArray } from './pipelineSettings.ts';

/** One column of one array. */
export interface TableField {
  readonly column: string;
  /** SQL without NULLs; a missing cell is NaN, or the least whole number, or −1 for a class. */
  readonly expression: string;
  readonly type: FieldType;
  /** Takes the place of a missing cell; undefined: it is refused. */
  readonly missing: number | undefined;
  /** Why a missing cell is refused. */
  readonly reason: string;
}

export type FieldType = 'float32' | 'float64' | 'int32' | 'int64';

const leastInt32 = -(2 ** 31);
const leastInt64 = -(2n ** 63n);

/** Throws MK_TRAIN_COLUMN_UNFIT for a column that gives no such numbers. */
export function fieldsOf(array: TableArray): TableField[] {
  switch (array.kind) {
    case 'numbers': {
      const { dtype = 'float32', missing = 'refuse' } = array;
      const whole = dtype === 'int32' || dtype === 'int64';
      if (whole && (missing === 'nan' || (missing !== 'refuse' && !Number.isSafeInteger(missing))))
        throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
          setting: `${array.name}.missing`,
          value: missing,
          expected: "a whole number or 'refuse'",
        });
      return array.columns.map((column) => ({
        column: column.name,
        expression: whole ? wholeExpression(array.name, column, dtype) : numberExpression(array.name, column, dtype),
        type: dtype,
        missing: missing === 'refuse' ? undefined : missing === 'nan' ? NaN : missing,
        reason: whole ? `no whole number of ${dtype}` : 'no number',
      }));
    }
    case 'presence':
      return array.columns.map((column) => ({
        column: column.name,
        expression: presenceExpression(column),
        type: 'float32',
        missing: undefined,
        reason: '',
      }));
    case 'classes': {
      const list = `[${array.classes.map(quoteText).join(', ')}]::VARCHAR[]`;
      return [
        {
          column: array.column,
          expression: `CAST(coalesce(list_position(${list}, CAST(${quoteName(array.column)} AS VARCHAR)), 0) - 1 AS INTEGER)`,
          type: 'int32',
          missing: undefined,
          reason: `none of the ${array.classes.length} classes`,
        },
      ];
    }
  }
}

export function isMissing(value: number | bigint, { kind }: TableArray, type: FieldType): boolean {
  if (kind === 'classes') return value === -1;
  switch (type) {
    case 'float32':
    case 'float64':
      return Number.isNaN(value);
    case 'int32':
      return value === leastInt32;
    case 'int64':
      return value === leastInt64;
  }
}

function numberExpression(array: string, column: Column, dtype: 'float32' | 'float64'): string {
  switch (rawKind(column.type)) {
    case 'float32':
      return dtype === 'float32' ? rawExpression(column) : `coalesce(TRY_CAST(${quoteName(column.name)} AS DOUBLE), 'NaN'::DOUBLE)`;
    case 'float64':
      return dtype === 'float64' ? rawExpression(column) : `CAST(${rawExpression(column)} AS FLOAT)`;
    case 'string':
    case 'uint8':
      return unfit(array, column);
  }
}

function wholeExpression(array: string, column: Column, dtype: 'int32' | 'int64'): string {
  if (rawKind(column.type) !== 'float32') return unfit(array, column);
  const name = quoteName(column.name);
  // A cast would round 1.5 without a word.
  const cast = `CASE WHEN TRY_CAST(${name} AS DOUBLE) = round(TRY_CAST(${name} AS DOUBLE)) THEN TRY_CAST(${name} AS ${dtype === 'int32' ? 'INTEGER' : 'BIGINT'}) END`;
  return dtype === 'int32' ? `coalesce(${cast}, (${leastInt32})::INTEGER)` : `coalesce(${cast}, (${leastInt64})::BIGINT)`;
}

function presenceExpression(column: Column): string {
  const kind = rawKind(column.type);
  return kind === 'float32' || kind === 'float64'
    ? `CAST(NOT isnan(${rawExpression(column)}) AS FLOAT)`
    : `CAST(${quoteName(column.name)} IS NOT NULL AS FLOAT)`;
}

function unfit(array: string, { name, type }: Column): never {
  throw new ModelkeepError('MK_TRAIN_COLUMN_UNFIT', { column: name, array, type });
}
