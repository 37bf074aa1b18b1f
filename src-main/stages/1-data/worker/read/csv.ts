// Delimited text to Parquet. Two ways to the same result: the quick one trusts types seen in the head of a large file and checks every
// value against them while it writes; the careful one (small files, and whenever the quick one meets a surprise) first keeps all
// fields as text, looks at every value, and then decides.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnType, ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Reason } from '../detect/dialect.ts';
import { fileRows } from '../detect/recordRows.ts';
import { copyToParquet, type Engine } from '../engine.ts';
import { isOneOf, parquet, quoteList, quoteName, quoteText } from '../sql.ts';
import { classify, dayOrMonthFirst } from '../types/classify.ts';
import { decideReading, type ClassCounts, type Reading } from '../types/decideType.ts';
import { textTypes } from '../types/readingStyles.ts';
import { isTokenSql, valueClassSql } from '../types/valueClasses.ts';
import { enginePath, type ReadContext } from './context.ts';
import { refuseRejects, rejectLimit, takeRejects, type Reject } from './csvRejects.ts';
import { lineLimitBytes, type CsvPart, type CsvSource } from './csvSource.ts';
import type { ReadTable } from './readTable.ts';
import { unifyLineEnds } from './transcode.ts';

/** Below this the careful way costs less than a second more. */
const quickFromBytes = 32 * 1024 * 1024;
/** Rows of the head that the quick way takes its types from. */
const headRows = 5_000;
const surprise = 'modelkeep: a value that the head did not show';

/** Errors: those of `refuseRejects`, MK_DATA_MIXED_TYPES, MK_DATA_VALUE_TYPE, MK_DATA_COLUMN_UNKNOWN, MK_DATA_NO_ROWS. */
export async function readCsv(context: ReadContext, source: CsvSource, options: ImportOptions): Promise<ReadTable> {
  checkChosenColumns(source, options);
  try {
    if (source.textBytes >= quickFromBytes) {
      const quick = await readQuick(context, source, options);
      if (quick) return quick;
    }
    return await readCarefully(context, source, options);
  } catch (error) {
    if (!isMixedLineEnds(error)) throw error;
    for (const part of source.parts) {
      const unified = join(context.tmp, `lines-${source.parts.indexOf(part)}.csv`);
      await unifyLineEnds(part.path, unified, context.signal);
      part.path = unified;
    }
    source.warnings.push({ code: 'lineEndsMixed', params: { file: source.parts[0]!.file } });
    return readCarefully(context, source, options);
  }
}

function checkChosenColumns({ names }: CsvSource, { types }: ImportOptions): void {
  for (const field of Object.keys(types ?? {})) {
    if (!names.includes(field)) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject: 'the file' });
  }
}

function isMixedLineEnds(error: unknown): boolean {
  return error instanceof Error && error.message.includes('state machine reached an invalid state');
}

/** Columns get plain inner names (c0, c1 …), because header text has no place in the engine's options. */
function readCsvSql(part: CsvPart, names: readonly string[], types: readonly string[], options: ImportOptions, limit: number): string {
  const { delimiter, quote, escape, header, skipLines } = part.dialect;
  const columns = names.map((_, index) => `'c${index}': '${types[index] ?? 'VARCHAR'}'`).join(', ');
  const missing = options.missingTokens?.length ? `, nullstr = ${quoteList(['', ...options.missingTokens])}` : '';
  return `read_csv(${quoteText(enginePath(part.path))}, auto_detect = false, header = ${header}, skip = ${skipLines},
    delim = ${quoteText(delimiter)}, quote = ${quoteText(quote)}, escape = ${quoteText(quote === '' ? '' : escape)},
    columns = {${columns}}, max_line_size = ${lineLimitBytes}, store_rejects = true, rejects_limit = ${limit}${missing})`;
}

/** Rejects written down: all that can be set aside, or enough to name the first. */
function limitOf(options: ImportOptions): number {
  return options.brokenRows === 'setAside' ? rejectLimit : 1000;
}

// ---- the careful way

interface RawPart {
  part: CsvPart;
  file: string;
  rows: number;
  rejects: Reject[];
}

async function readCarefully(context: ReadContext, source: CsvSource, options: ImportOptions): Promise<ReadTable> {
  const { engine, signal } = context;
  const setAside = options.brokenRows === 'setAside';
  const raws: RawPart[] = [];
  for (const [index, part] of source.parts.entries()) {
    const file = join(context.tmp, `raw-${index}.parquet`);
    const select = `SELECT ${source.names.map((name, column) => `c${column} AS ${quoteName(name)}`).join(', ')} FROM ${readCsvSql(part, source.names, [], options, limitOf(options))}`;
    await engine.run(copyToParquet(select, file), { signal, progress: (fraction) => context.progress(0.1 + fraction * 0.3, 'reading') });
    const { rows } = await engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(file)}`);
    const rejects = await takeRejects(engine, part.dialect);
    refuseRejects(part, rejects, source.names.length, rows, setAside);
    raws.push({ part, file, rows, rejects });
  }
  const total = raws.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) throw new ModelkeepError('MK_DATA_NO_ROWS', { file: source.parts[0]!.file });
  const relation = await oneRelation(context, raws);
  const watch = { signal, progress: (fraction: number) => context.progress(0.4 + fraction * 0.2, 'typing') };
  const counts = await classify(engine, relation, source.names, watch);
  const warnings: Reason[] = [...source.warnings];
  const readings = await decideAll(engine, relation, source.names, counts, options, warnings);

  const where = await judgeMisfits(context, relation, raws, source.names, readings, setAside, warnings);
  const file = join(context.tmp, 'table.parquet');
  const select = source.names.map((name) => `${valueSql(quoteName(name), readings.get(name)!)} AS ${quoteName(name)}`).join(', ');
  const condition = where.condition ? ` WHERE NOT (${where.condition})` : '';
  await engine.run(copyToParquet(`SELECT ${select} FROM ${relation}${condition}`, file), {
    signal,
    progress: (fraction) => context.progress(0.6 + fraction * 0.4, 'writing'),
  });
  for (const { file: raw } of raws) await rm(raw, { force: true });
  const { rows } = await engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(file)}`);
  const rejected = raws.reduce((sum, { rejects }) => sum + new Set(rejects.map(({ row }) => row)).size, 0);
  if (rejected > 0) {
    const { part, rejects } = raws.find((raw) => raw.rejects.length > 0)!;
    warnings.push({
      code: 'brokenRowsSetAside',
      params: { file: part.file, count: rejected, rows: rowList(rejects.map(({ row }) => row)), text: rejects[0]!.text.slice(0, 80) },
    });
  }
  if (rows === 0) {
    const first = await place(raws, where.firstRow);
    throw new ModelkeepError('MK_DATA_ALL_ROWS_BROKEN', {
      file: first.file,
      count: rejected + where.rows,
      kept: 0,
      row: first.row,
      text: where.firstText,
    });
  }
  return { file, rows, columns: columnsOf(source.names, readings, options), warnings, rowsSetAside: rejected + where.rows };
}

/** Several files are put together first, so that positions run on. */
async function oneRelation(context: ReadContext, raws: readonly RawPart[]): Promise<string> {
  if (raws.length === 1) return parquet(raws[0]!.file, { rowNumbers: true });
  const file = join(context.tmp, 'raw.parquet');
  await context.engine.run(copyToParquet(`SELECT * FROM read_parquet(${quoteList(raws.map((raw) => raw.file))})`, file), {
    signal: context.signal,
  });
  return parquet(file, { rowNumbers: true });
}

async function decideAll(
  engine: Engine,
  relation: string,
  names: readonly string[],
  counts: ReadonlyMap<string, ClassCounts>,
  options: ImportOptions,
  warnings: Reason[],
): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>();
  for (const name of names) {
    const reading = decideReading(counts.get(name)!, options.types?.[name]);
    if (reading.style) {
      const { style, ambiguous } = await dayOrMonthFirst(engine, relation, name, reading.style);
      reading.style = style;
      if (ambiguous)
        warnings.push({
          code: 'dateOrderAmbiguous',
          params: { field: name, read: style.id.endsWith('Mdy') ? 'month/day/year' : 'day/month/year' },
        });
      if (style.id === 'timestampOffset') warnings.push({ code: 'timesInUtc', params: { field: name } });
      if (reading.tokens > 0) warnings.push({ code: 'missingTokens', params: { field: name, count: reading.tokens } });
    }
    readings.set(name, reading);
  }
  return readings;
}

/** Whether a value is there and cannot be read in the column's style. `x` is the quoted name. */
function misfitSql(x: string, { style }: Reading): string {
  const trimmed = `trim(${x})`;
  return `(${x} IS NOT NULL AND ${trimmed} <> '' AND NOT ${isTokenSql(trimmed)} AND (NOT ${isOneOf(valueClassSql(x), style!.takes)} OR (${style!.convert(trimmed)}) IS NULL))`;
}

function valueSql(x: string, { style }: Reading): string {
  if (!style) return x;
  const trimmed = `trim(${x})`;
  return `CASE WHEN ${x} IS NULL OR ${trimmed} = '' OR ${isTokenSql(trimmed)} THEN NULL ELSE ${style.convert(trimmed)} END`;
}

interface SetAside {
  condition: string;
  rows: number;
  firstRow: number;
  firstText: string;
}

/** Values of a class the style takes can still fail (31/02/2024), so styles that a class does not prove are asked value by value. */
async function judgeMisfits(
  context: ReadContext,
  relation: string,
  raws: readonly RawPart[],
  names: readonly string[],
  readings: ReadonlyMap<string, Reading>,
  setAside: boolean,
  warnings: Reason[],
): Promise<SetAside> {
  const result: SetAside = { condition: '', rows: 0, firstRow: 0, firstText: '' };
  const conditions: string[] = [];
  for (const name of names) {
    const reading = readings.get(name)!;
    if (!reading.style || !(reading.misfits > 0 || reading.chosen || /Dmy|Mdy|Cjk/.test(reading.style.id))) continue;
    const x = quoteName(name);
    const condition = misfitSql(x, reading);
    const found = await context.engine.one<{ count: number; first: number | null; text: string | null }>(
      `SELECT count(*) AS count, min(file_row_number) AS first, left(arg_min(${x}, file_row_number), 80) AS text FROM ${relation} WHERE ${condition}`,
      { signal: context.signal },
    );
    if (found.count === 0) continue;
    const { file, row } = await place(raws, found.first!);
    const params = { file, row, field: name, found: found.text ?? '', expected: reading.style.type };
    if (!setAside) {
      throw reading.chosen
        ? new ModelkeepError('MK_DATA_VALUE_TYPE', params)
        : new ModelkeepError('MK_DATA_MIXED_TYPES', { ...params, count: found.count, total: reading.values });
    }
    conditions.push(condition);
    warnings.push({ code: 'misfitsSetAside', params: { ...params, count: found.count } });
    if (result.firstText === '' || found.first! < result.firstRow)
      Object.assign(result, { firstRow: found.first!, firstText: found.text ?? '' });
  }
  if (conditions.length === 0) return result;
  result.condition = conditions.join(' OR ');
  result.rows = (await context.engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${relation} WHERE ${result.condition}`)).rows;
  return result;
}

/** Where a kept row stands in its file. */
async function place(raws: readonly RawPart[], position: number): Promise<{ file: string; row: number }> {
  let before = 0;
  for (const { part, rows, rejects } of raws) {
    if (position < before + rows) {
      const [row] = await fileRows(
        part.path,
        part.dialect,
        [position - before],
        rejects.map((reject) => reject.row),
      );
      return { file: part.file, row: row ?? position - before + 1 };
    }
    before += rows;
  }
  return { file: raws[0]!.part.file, row: position + 1 };
}

function rowList(rows: readonly number[]): string {
  const unique = [...new Set(rows)];
  return unique.slice(0, 5).join(', ') + (unique.length > 5 ? ' …' : '');
}

function columnsOf(names: readonly string[], readings: ReadonlyMap<string, Reading>, options: ImportOptions): ReadTable['columns'] {
  return names.map((name) => {
    const chosen = options.types?.[name];
    const type: ColumnType = chosen && textTypes.includes(chosen) ? chosen : (readings.get(name)!.style?.type ?? 'category');
    return { name, type, chosen: chosen !== undefined };
  });
}

// ---- the quick way

/** null when a value surprised it, or when a row was broken in a way that the careful way explains better. */
async function readQuick(context: ReadContext, source: CsvSource, options: ImportOptions): Promise<ReadTable | null> {
  const { engine, signal } = context;
  const head = join(context.tmp, 'head.parquet');
  const [first] = source.parts;
  const fields = source.names.map((name, column) => `c${column} AS ${quoteName(name)}`).join(', ');
  await engine.run(copyToParquet(`SELECT ${fields} FROM ${readCsvSql(first!, source.names, [], options, 1000)} LIMIT ${headRows}`, head), {
    signal,
  });
  await takeRejects(engine, first!.dialect); // the whole read below finds them again
  const relation = parquet(head, { rowNumbers: true });
  const warnings: Reason[] = [...source.warnings];
  const readings = await decideAll(
    engine,
    relation,
    source.names,
    await classify(engine, relation, source.names, { signal }),
    options,
    warnings,
  );
  const styles = [...readings.values()];
  if (
    styles.some(
      ({ style, misfits, tokens, chosen }) => style && (misfits > 0 || tokens > 0 || chosen || !(style.quick || style.id === 'number')),
    )
  )
    return null;

  const types = source.names.map((name) => (readings.get(name)!.style?.id === 'number' ? 'DOUBLE' : 'VARCHAR'));
  const select = source.names.map((name, column) => `${quickValueSql(`c${column}`, readings.get(name)!)} AS ${quoteName(name)}`).join(', ');
  const scans = source.parts.map((part) => `SELECT ${select} FROM ${readCsvSql(part, source.names, types, options, 1000)}`);
  const file = join(context.tmp, 'table.parquet');
  try {
    await engine.run(copyToParquet(scans.join(' UNION ALL '), file), {
      signal,
      progress: (fraction) => context.progress(0.05 + fraction * 0.9, 'reading'),
    });
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof Error && (error.message.includes(surprise) || error.message.startsWith('Conversion Error'))) return null;
    throw error;
  }
  if ((await takeRejects(engine, source.dialect)).length > 0) return null;
  const { rows } = await engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(file)}`);
  return { file, rows, columns: columnsOf(source.names, readings, options), warnings, rowsSetAside: 0 };
}

function quickValueSql(x: string, { style }: Reading): string {
  if (!style) return x;
  const otherwise = `error(${quoteText(surprise)})`;
  if (style.id === 'number') return `CASE WHEN ${x} IS NULL OR isfinite(${x}) THEN ${x} ELSE ${otherwise} END`;
  return `CASE WHEN ${x} IS NULL THEN NULL ELSE ${style.quick!(x, otherwise)} END`;
}
