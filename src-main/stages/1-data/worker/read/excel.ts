// Workbooks: hucre reads the cells, and a temporary CSV carries them to the readers that all tables share.
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { readXlsx, streamXlsxRows, type CellValue } from 'hucre/xlsx';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { checkColumnCount } from '../detect/columnNames.ts';
import type { Reason } from '../detect/dialect.ts';
import { fileSize, readPart } from '../detect/fileKind.ts';
import { zipDeclaredSizes } from '../detect/zipEntries.ts';
import type { ReadContext } from './context.ts';

export interface SheetText {
  /** UTF-8 CSV of the sheet, blank rows kept, so that row numbers are those of the sheet after `skippedRows`. */
  path: string;
  sheets: string[];
  sheet: string;
  warnings: Reason[];
  /** Rows above the header that were left out. */
  skippedRows: number;
  header: boolean;
}

/** hucre holds the whole file, and one sheet's worth of text. */
const fileLimitBytes = 512 * 1024 * 1024;
const unpackedLimitBytes = 4 * 1024 * 1024 * 1024;
/** Title lines above the header are looked for in so many rows. */
const lookedAt = 30;

/** Excel names the end of password protection; everything else in an OLE container is the format of before 2007.
 *  Error: MK_DATA_EXCEL_BROKEN. */
export async function refuseOldExcel(file: string): Promise<never> {
  const head = await readPart(file, 0, 1024 * 1024);
  const locked = head.includes(Buffer.from('EncryptedPackage', 'utf16le'));
  throw new ModelkeepError('MK_DATA_EXCEL_BROKEN', {
    file,
    reason: locked ? 'it is protected by a password' : 'it is in the format of before 2007 (.xls)',
  });
}

export function namedLikeExcel(file: string): boolean {
  return /^\.xls[xm]?$/i.test(extname(file));
}

/** Dates come out as ISO text in either date system, formulas as their last result, error cells as their name (`#DIV/0!`).
 *  Errors: MK_DATA_EXCEL_BROKEN, MK_DATA_EXCEL_SHEET, MK_DATA_FILE_EMPTY. */
export async function sheetToText(
  context: ReadContext,
  file: string,
  options: ImportOptions,
  { limit = Infinity } = {},
): Promise<SheetText> {
  const bytes = await readWorkbook(file);
  const explain = (error: unknown): ModelkeepError =>
    new ModelkeepError(
      'MK_DATA_EXCEL_BROKEN',
      { file, reason: (error instanceof Error ? error.message : String(error)).slice(0, 200) },
      { cause: error },
    );
  const all: { name: string; hidden: boolean }[] = [];
  await readXlsx(bytes, {
    sheets: (info) => {
      all.push({ name: info.name, hidden: Boolean(info.hidden || info.veryHidden) });
      return false;
    },
  }).catch((error: unknown) => {
    throw explain(error);
  });
  const sheets = all.map(({ name }) => name);
  if (options.sheet !== undefined && !sheets.includes(options.sheet)) {
    throw new ModelkeepError('MK_DATA_EXCEL_SHEET', { file, sheet: options.sheet, sheets: sheets.map((name) => `“${name}”`).join(', ') });
  }
  const visible = all.filter(({ hidden }) => !hidden).map(({ name }) => name);
  const tried = options.sheet !== undefined ? [options.sheet] : [...visible, ...sheets.filter((name) => !visible.includes(name))];
  for (const sheet of tried) {
    const path = join(context.tmp, 'sheet.csv');
    const written = await writeSheet(context, bytes, sheet, path, file, options.header, limit).catch((error: unknown) => {
      if ((error as Error).name === 'ModelkeepError' || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
      throw explain(error);
    });
    if (!written) continue;
    const warnings: Reason[] = [];
    if (written.skippedRows > 0) warnings.push({ code: 'rowsAboveHeader', params: { file, count: written.skippedRows } });
    if (options.sheet === undefined && visible.length > 1)
      warnings.push({ code: 'sheetChosen', params: { file, sheet, count: visible.length } });
    return { path, sheets, sheet, warnings, ...written };
  }
  throw new ModelkeepError('MK_DATA_FILE_EMPTY', { file });
}

async function readWorkbook(file: string): Promise<Buffer> {
  const sizeBytes = await fileSize(file);
  const broken = (reason: string): ModelkeepError => new ModelkeepError('MK_DATA_EXCEL_BROKEN', { file, reason });
  if (sizeBytes > fileLimitBytes) throw broken('it is larger than 512 MB; save the sheet as CSV');
  const sizes = await zipDeclaredSizes(file);
  if (!sizes) throw broken('the ZIP directory is damaged');
  const unpacked = sizes.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (unpacked > unpackedLimitBytes) throw broken('it unpacks to more than 4 GB; save the sheet as CSV');
  return readFile(file);
}

async function writeSheet(
  context: ReadContext,
  bytes: Buffer,
  sheet: string,
  path: string,
  file: string,
  header: boolean | undefined,
  limit: number,
): Promise<{ skippedRows: number; header: boolean } | null> {
  const head: { index: number; values: CellValue[] }[] = [];
  let started: { skippedRows: number; header: boolean; width: number } | null = null;
  let out: ReturnType<typeof createWriteStream> | null = null;
  let nextIndex = 0;
  let written = 0;
  const write = async (index: number, values: readonly CellValue[]): Promise<void> => {
    // Blank rows between keep the numbering; the readers pass over them.
    const line = `${'\n'.repeat(index - nextIndex)}${csvLine(values, started!.width)}\n`;
    nextIndex = index + 1;
    written++;
    if (!out!.write(line)) await new Promise<void>((resolve) => void out!.once('drain', resolve));
  };
  const begin = async (): Promise<void> => {
    started = layoutOf(
      head.map(({ values }) => values),
      header,
    );
    const first = head[started.skippedRows];
    if (!first) return;
    started.width = Math.max(...head.slice(started.skippedRows).map(({ values }) => filledWidth(values)));
    checkColumnCount(file, started.width);
    out = createWriteStream(path);
    nextIndex = first.index;
    started.skippedRows = first.index;
    for (const { index, values } of head) if (index >= first.index) await write(index, values);
  };
  for await (const { index, values } of streamXlsxRows(bytes, { sheet })) {
    if (context.signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
    if (filledWidth(values) === 0) continue;
    if (started) {
      if (written > limit) break;
      await write(index, values);
    } else {
      head.push({ index, values: [...values] });
      if (head.length >= lookedAt) await begin();
    }
  }
  if (!started && head.length > 0) await begin();
  const finished = started as { skippedRows: number; header: boolean } | null;
  if (!out || !finished) return null;
  await new Promise<void>((resolve, reject) => void out!.on('error', reject).end(resolve));
  return { skippedRows: finished.skippedRows, header: finished.header };
}

/** Titles stand in one or two cells; the header is the first row as wide as the table. */
function layoutOf(rows: readonly CellValue[][], header: boolean | undefined): { skippedRows: number; header: boolean; width: number } {
  const widths = rows.map((values) => values.filter((value) => value !== null && value !== '').length);
  const usual = widths.toSorted((a, b) => a - b)[widths.length >> 1] ?? 1;
  const skippedRows =
    usual >= 3
      ? Math.max(
          0,
          widths.findIndex((width) => width >= usual * 0.6),
        )
      : 0;
  const first = rows[skippedRows] ?? [];
  const named = first.filter((value) => value !== null).every((value) => typeof value === 'string');
  return { skippedRows, header: header ?? named, width: 0 };
}

function filledWidth(values: readonly CellValue[]): number {
  let width = values.length;
  while (width > 0 && (values[width - 1] === null || values[width - 1] === '' || values[width - 1] === undefined)) width--;
  return width;
}

function csvLine(values: readonly CellValue[], width: number): string {
  const cells: string[] = [];
  for (let column = 0; column < Math.max(width, filledWidth(values)); column++) cells.push(csvCell(values[column] ?? null));
  return cells.join(',') || '""';
}

function csvCell(value: CellValue): string {
  if (value === null) return '';
  if (value instanceof Date) return dateText(value);
  if (typeof value !== 'string') return String(value);
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Days before 1900 are times without a day. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return '';
  const iso = date.toISOString();
  const time = iso.slice(11, 19);
  if (date.getUTCFullYear() < 1900) return time;
  return time === '00:00:00' && date.getUTCMilliseconds() === 0 ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`;
}
