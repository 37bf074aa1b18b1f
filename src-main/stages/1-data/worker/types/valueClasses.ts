// What a piece of text could be read as. One value has one class; the classes of all values decide the type of a column.
import { isOneOf, quoteText } from '../sql.ts';

export const valueClasses = [
  'missing',
  'token', // a usual word for "missing", such as NA: missing in a typed column, a value in a category
  'integer', // 42, at most 18 digits, no leading zero
  'wholeDot', // 42.0
  'code', // 007: a leading zero makes it a name, not a number
  'long', // more than 18 digits
  'number', // 4.2, 4e2
  'dot3', // 4.200: a number, or 4200 where dots group
  'dotGroups', // 1.234.567
  'dotGroupsComma', // 1.234,5
  'comma3', // 4,200: 4200, or 4.2 where commas are decimal
  'commaGroups', // 1,234,567
  'commaGroupsDot', // 1,234.5
  'decimalComma', // 4,2
  'boolean', // true, false
  'dateYmd', // 2024-01-31, 2024/1/31
  'dateCjk', // 2024年1月31日
  'dateXxy', // 31/01/2024 or 01/31/2024
  'dateNamed', // 31-Jan-2024
  'timestamp', // 2024-01-31 10:00[:00[.000]]
  'timestampOffset', // … with Z or +08:00
  'timestampXxy', // 31/01/2024 10:00
  'text',
] as const;
export type ValueClass = (typeof valueClasses)[number];

/** Words that people write where nothing is known. `None` and `NA` are also honest categories, so they count only in typed columns. */
// prettier-ignore
export const missingTokens = [
  'NA', 'N/A', 'n/a', 'na', '#N/A', '#NA', 'NaN', 'nan', 'NAN', 'NULL', 'null', 'Null', 'None', 'none', 'NONE', '\\N',
  '-', '--', '---', '?', '.', '#NULL!', '#DIV/0!', '#VALUE!', '#REF!',
] as const;

/** Whether the trimmed text `x` is such a word. */
export function isTokenSql(x: string): string {
  return `(length(${x}) <= 7 AND ${isOneOf(x, missingTokens)})`;
}

const match = (x: string, pattern: string): string => `regexp_full_match(${x}, ${quoteText(pattern)})`;

/** The class of `raw` (a VARCHAR expression; NULL is missing) as a DuckDB expression. Cheap tests stand first: most values of most
 *  columns are plain numbers or words. */
export function valueClassSql(raw: string): string {
  const x = `trim(${raw})`;
  const first = `ascii(${x})`;
  return `CASE
    WHEN ${raw} IS NULL OR ${x} = '' THEN 'missing'
    WHEN ${isTokenSql(x)} THEN 'token'
    WHEN length(${x}) > 40 THEN 'text'
    WHEN (${first} BETWEEN 48 AND 57) OR ${first} IN (43, 45, 46) THEN CASE
      WHEN ${match(x, '[+-]?(0|[1-9][0-9]{0,17})')} THEN 'integer'
      WHEN ${match(x, '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?')} THEN CASE
        WHEN ${match(x, '[+-]?0[0-9]+')} THEN 'code'
        WHEN ${match(x, '[+-]?[0-9]+')} THEN 'long'
        WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}\\.000')} THEN 'dot3'
        WHEN ${match(x, '[+-]?[0-9]{1,15}\\.0*')} THEN 'wholeDot'
        WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}\\.[0-9]{3}')} THEN 'dot3'
        WHEN NOT isfinite(TRY_CAST(${x} AS DOUBLE)) THEN 'text'
        ELSE 'number' END
      WHEN ${match(x, '[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}')} THEN
        CASE WHEN TRY_CAST(replace(${x}, '.', '-') AS DATE) IS NULL THEN 'text' ELSE 'dateYmd' END
      WHEN ${match(x, '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?')} THEN
        CASE WHEN TRY_CAST(${x} AS TIMESTAMP) IS NULL THEN 'text' ELSE 'timestamp' END
      WHEN ${match(x, '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)')} THEN
        CASE WHEN TRY_CAST(${x} AS TIMESTAMPTZ) IS NULL THEN 'text' ELSE 'timestampOffset' END
      WHEN ${match(x, '[+-]?[1-9][0-9]{0,2},[0-9]{3}')} THEN 'comma3'
      WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+')} THEN 'commaGroups'
      WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+\\.[0-9]+')} THEN 'commaGroupsDot'
      WHEN ${match(x, '[+-]?[0-9]+,[0-9]+')} THEN 'decimalComma'
      WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}(\\.[0-9]{3}){2,}')} THEN 'dotGroups'
      WHEN ${match(x, '[+-]?[1-9][0-9]{0,2}(\\.[0-9]{3})+,[0-9]+')} THEN 'dotGroupsComma'
      WHEN ${match(x, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}')} THEN 'dateXxy'
      WHEN ${match(x, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4} [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?')} THEN 'timestampXxy'
      WHEN ${match(x, '[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日')} THEN 'dateCjk'
      WHEN ${match(x, '[0-9]{1,2}[- ][A-Za-z]{3}[- ][0-9]{4}')} AND try_strptime(replace(${x}, ' ', '-'), '%d-%b-%Y') IS NOT NULL THEN 'dateNamed'
      ELSE 'text' END
    WHEN lower(${x}) IN ('true', 'false') THEN 'boolean'
    ELSE 'text' END`;
}
