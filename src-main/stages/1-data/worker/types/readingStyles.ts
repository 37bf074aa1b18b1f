// How text becomes a value: for each style, the classes that it takes and the conversion.
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import { isOneOf } from '../sql.ts';
import type { ValueClass } from './valueClasses.ts';

export interface ReadingStyle {
  id: string;
  type: ColumnType;
  takes: readonly ValueClass[];
  /** Chosen without being asked only when at least one value is of these classes (default: any it takes). */
  needs?: readonly ValueClass[];
  /** False: only a person's choice of the type leads here. */
  automatic: boolean;
  /** DuckDB expression for the value; `x` is trimmed, not missing and of a class that the style takes. */
  convert(x: string): string;
  /** The value of untrimmed `x` for the quick import, `otherwise` where it might not be faithful; may also fail by a conversion error.
   *  Styles without it use the careful import. */
  quick?(x: string, otherwise: string): string;
}

const plainNumbers: ValueClass[] = ['integer', 'wholeDot', 'number', 'dot3'];
const named = (x: string): string => `replace(${x}, ' ', '-')`;
const slashes = (x: string): string => `replace(replace(${x}, '.', '/'), '-', '/')`;
const cjk = (x: string): string => `replace(replace(replace(${x}, '年', '-'), '月', '-'), '日', '')`;

/** In order of preference. */
export const readingStyles: readonly ReadingStyle[] = [
  {
    id: 'integer',
    type: 'integer',
    takes: ['integer'],
    automatic: true,
    convert: (x) => `TRY_CAST(${x} AS BIGINT)`,
    // DuckDB would read 1.5 as 2 and 007 as 7; what comes back as the same text was an integer.
    quick: (x, otherwise) => `CASE WHEN CAST(CAST(${x} AS BIGINT) AS VARCHAR) = ${x} THEN CAST(${x} AS BIGINT) ELSE ${otherwise} END`,
  },
  {
    id: 'integerGrouped',
    type: 'integer',
    takes: ['integer', 'comma3', 'commaGroups'],
    needs: ['comma3', 'commaGroups'],
    automatic: true,
    convert: (x) => `TRY_CAST(replace(${x}, ',', '') AS BIGINT)`,
  },
  { id: 'number', type: 'number', takes: plainNumbers, automatic: true, convert: (x) => `TRY_CAST(${x} AS DOUBLE)` },
  {
    id: 'numberGrouped',
    type: 'number',
    takes: [...plainNumbers, 'comma3', 'commaGroups', 'commaGroupsDot'],
    needs: ['comma3', 'commaGroups', 'commaGroupsDot'],
    automatic: true,
    convert: (x) => `TRY_CAST(replace(${x}, ',', '') AS DOUBLE)`,
  },
  {
    id: 'numberDecimalComma',
    type: 'number',
    takes: ['integer', 'decimalComma', 'dotGroupsComma', 'dotGroups', 'dot3', 'comma3'],
    needs: ['decimalComma', 'dotGroupsComma', 'dotGroups'],
    automatic: true,
    convert: (x) => `TRY_CAST(replace(replace(${x}, '.', ''), ',', '.') AS DOUBLE)`,
  },
  {
    id: 'boolean',
    type: 'boolean',
    takes: ['boolean'],
    automatic: true,
    convert: (x) => `lower(${x}) = 'true'`,
    quick: (x, otherwise) =>
      `CASE WHEN ${x} = 'true' THEN true WHEN ${x} = 'false' THEN false WHEN lower(${x}) = 'true' THEN true WHEN lower(${x}) = 'false' THEN false ELSE ${otherwise} END`,
  },
  {
    id: 'date',
    type: 'date',
    takes: ['dateYmd'],
    automatic: true,
    convert: (x) => `TRY_CAST(replace(${x}, '.', '-') AS DATE)`,
    // DuckDB would read a timestamp as its date; ten characters have no room for a time.
    quick: (x, otherwise) => `CASE WHEN length(${x}) = 10 THEN CAST(${x} AS DATE) ELSE ${otherwise} END`,
  },
  {
    id: 'dateCjk',
    type: 'date',
    takes: ['dateCjk', 'dateYmd'],
    needs: ['dateCjk'],
    automatic: true,
    convert: (x) => `TRY_CAST(${cjk(x)} AS DATE)`,
  },
  {
    id: 'dateDmy',
    type: 'date',
    takes: ['dateXxy'],
    automatic: true,
    convert: (x) => `TRY_CAST(try_strptime(${slashes(x)}, '%d/%m/%Y') AS DATE)`,
  },
  {
    id: 'dateMdy',
    type: 'date',
    takes: ['dateXxy'],
    automatic: true,
    convert: (x) => `TRY_CAST(try_strptime(${slashes(x)}, '%m/%d/%Y') AS DATE)`,
  },
  {
    id: 'dateNamed',
    type: 'date',
    takes: ['dateNamed'],
    automatic: true,
    convert: (x) => `TRY_CAST(try_strptime(${named(x)}, '%d-%b-%Y') AS DATE)`,
  },
  {
    id: 'timestamp',
    type: 'timestamp',
    takes: ['timestamp', 'dateYmd'],
    needs: ['timestamp'],
    automatic: true,
    convert: (x) => `TRY_CAST(replace(${x}, '.000000000', '') AS TIMESTAMP)`,
    // DuckDB reads a timestamp with an offset but drops the offset; without one the text ends after the seconds.
    quick: (x, otherwise) => `CASE WHEN length(${x}) = 19 OR length(${x}) = 16 THEN CAST(${x} AS TIMESTAMP) ELSE ${otherwise} END`,
  },
  {
    id: 'timestampOffset',
    type: 'timestamp',
    takes: ['timestampOffset', 'timestamp', 'dateYmd'],
    needs: ['timestampOffset'],
    automatic: true,
    convert: (x) => `CAST(TRY_CAST(${x} AS TIMESTAMPTZ) AS TIMESTAMP)`,
  },
  {
    id: 'timestampDmy',
    type: 'timestamp',
    takes: ['timestampXxy', 'dateXxy'],
    needs: ['timestampXxy'],
    automatic: true,
    convert: (x) =>
      `coalesce(try_strptime(${slashes(x)}, '%d/%m/%Y %H:%M:%S'), try_strptime(${slashes(x)}, '%d/%m/%Y %H:%M'), try_strptime(${slashes(x)}, '%d/%m/%Y'))`,
  },
  {
    id: 'timestampMdy',
    type: 'timestamp',
    takes: ['timestampXxy', 'dateXxy'],
    needs: ['timestampXxy'],
    automatic: true,
    convert: (x) =>
      `coalesce(try_strptime(${slashes(x)}, '%m/%d/%Y %H:%M:%S'), try_strptime(${slashes(x)}, '%m/%d/%Y %H:%M'), try_strptime(${slashes(x)}, '%m/%d/%Y'))`,
  },
  // Only when a person chooses the type:
  {
    id: 'integerAny',
    type: 'integer',
    takes: ['integer', 'code', 'wholeDot', 'dot3', 'comma3', 'commaGroups', 'number'],
    automatic: false,
    convert: (x) =>
      `CASE WHEN TRY_CAST(replace(${x}, ',', '') AS DOUBLE) = trunc(TRY_CAST(replace(${x}, ',', '') AS DOUBLE)) THEN TRY_CAST(replace(${x}, ',', '') AS BIGINT) END`,
  },
  {
    id: 'numberAny',
    type: 'number',
    takes: [...plainNumbers, 'code', 'long', 'comma3', 'commaGroups', 'commaGroupsDot'],
    automatic: false,
    convert: (x) => `TRY_CAST(replace(${x}, ',', '') AS DOUBLE)`,
  },
  {
    id: 'booleanAny',
    type: 'boolean',
    takes: ['boolean', 'text', 'integer'],
    automatic: false,
    convert: (x) =>
      `CASE WHEN ${isOneOf(`lower(${x})`, ['true', 't', 'yes', 'y', '1', '是'])} THEN true WHEN ${isOneOf(`lower(${x})`, ['false', 'f', 'no', 'n', '0', '否'])} THEN false END`,
  },
  {
    id: 'dateOfTimestamp',
    type: 'date',
    takes: ['timestamp', 'dateYmd'],
    automatic: false,
    convert: (x) => `TRY_CAST(TRY_CAST(${x} AS TIMESTAMP) AS DATE)`,
  },
  {
    id: 'timestampOfDate',
    type: 'timestamp',
    takes: ['timestamp', 'dateYmd'],
    automatic: false,
    convert: (x) => `TRY_CAST(${x} AS TIMESTAMP)`,
  },
];

/** Types whose stored form is text. */
export const textTypes: readonly ColumnType[] = ['category', 'text', 'identifier'];
