// Files to Parquet: opens, reads with the reader of the format, and puts what was found into the words of the person's files.
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Dialect, Reason } from '../detect/dialect.ts';
import type { DetectedEncoding } from '../detect/encoding.ts';
import type { ReadContext } from './context.ts';
import { readCsv } from './csv.ts';
import { openCsv, type CsvSource } from './csvSource.ts';
import { sheetToText } from './excel.ts';
import { readImages } from './images.ts';
import { readJson } from './jsonFile.ts';
import type { Input } from './openInput.ts';
import { readParquetFiles } from './parquetFile.ts';
import type { ReadTable } from './readTable.ts';
import { readTexts } from './texts.ts';

export interface ReadInput {
  table: ReadTable;
  /** What was detected, where the format has it. */
  encoding: DetectedEncoding | null;
  dialect: Dialect | null;
  sheets: string[];
  sheet: string | null;
  reasons: Reason[];
  /** Text that was read of all the text there is; 1 when everything was. */
  share: number;
}

/** With `headOnly` as much as a preview needs. */
export async function readInput(context: ReadContext, input: Input, options: ImportOptions, { headOnly = false } = {}): Promise<ReadInput> {
  const plain = { encoding: null, dialect: null, sheets: [], sheet: null, reasons: [], share: 1 };
  if (input.kind === 'images') {
    const files = headOnly ? input.files.slice(0, 60) : input.files;
    return { ...plain, table: await readImages(context, files, options), share: files.length / input.files.length };
  }
  if (input.kind === 'texts') {
    const files = headOnly ? input.files.slice(0, 200) : input.files;
    return { ...plain, table: await readTexts(context, files, options), share: files.length / input.files.length };
  }
  if (input.format === 'parquet') return { ...plain, table: await readParquetFiles(context, input.files, options) };
  if (input.format === 'json' || input.format === 'jsonl') {
    return { ...plain, table: await readJson(context, input.files, input.format, options, { headOnly }) };
  }
  if (input.format === 'excel') return readExcel(context, input.files[0]!, options, headOnly);
  const source = await openCsv(context, input.files, options, { headOnly });
  const table = await readCsv(context, source, options);
  const read = source.textBytes / Math.max(1, source.sizeBytes);
  return { ...detectedOf(source), sheets: [], sheet: null, table, share: source.whole ? 1 : Math.min(1, read) };
}

function detectedOf(source: CsvSource): Pick<ReadInput, 'encoding' | 'dialect' | 'reasons'> {
  return { encoding: source.encoding, dialect: source.dialect, reasons: source.reasons };
}

async function readExcel(context: ReadContext, file: string, options: ImportOptions, headOnly: boolean): Promise<ReadInput> {
  const sheet = await sheetToText(context, file, options, headOnly ? { limit: 2000 } : {});
  const csvOptions: ImportOptions = { ...options, delimiter: ',', quote: '"', encoding: 'utf-8', header: sheet.header };
  try {
    const source = await openCsv(context, [sheet.path], csvOptions, { headOnly });
    const table = await readCsv(context, source, csvOptions);
    table.warnings.unshift(...sheet.warnings);
    for (const { params } of table.warnings) if (params.file === sheet.path) params.file = file;
    return { encoding: null, dialect: source.dialect, sheets: sheet.sheets, sheet: sheet.sheet, reasons: [], table, share: 1 };
  } catch (error) {
    if (!isModelkeepError(error) || error.params.file !== sheet.path) throw error;
    const row = typeof error.params.row === 'number' ? { row: error.params.row + sheet.skippedRows } : {};
    throw new ModelkeepError(error.code, { ...error.params, file, ...row }, { cause: error });
  }
}
