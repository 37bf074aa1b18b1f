// Rows that the engine could not split, with their place in the file.
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Dialect } from '../detect/dialect.ts';
import { splitRecords } from '../detect/records.ts';
import type { Engine } from '../engine.ts';
import type { CsvPart } from './csvSource.ts';

export interface Reject {
  /** From 1, the header counted. */
  row: number;
  kind: string;
  text: string;
  found: number;
}

/** More are not written down: then the settings are wrong, not the rows. */
export const rejectLimit = 100_000;

/** Takes the rejects of the last read and clears them. */
export async function takeRejects(engine: Engine, dialect: Dialect): Promise<Reject[]> {
  const rows = await engine.all<{ row: number; kind: string; text: string | null; message: string }>(
    `SELECT line AS row, error_type::VARCHAR AS kind, left(first(csv_line ORDER BY byte_position), 10000) AS text, first(error_message ORDER BY byte_position) AS message
     FROM reject_errors GROUP BY line, error_type ORDER BY line`,
  );
  await engine.run('DELETE FROM reject_errors');
  await engine.run('DELETE FROM reject_scans');
  return rows.map(({ row, kind, text, message }) => ({ row, kind, text: text ?? '', found: fieldsOf(text ?? '', dialect, message) }));
}

/** The engine stops counting at the first field too many. */
function fieldsOf(text: string, dialect: Dialect, message: string): number {
  const { records } = splitRecords(text, dialect, { limit: 1, whole: true });
  return text.length < 10_000 && records[0] ? records[0].length : Number(/Found: (\d+)/.exec(message)?.[1] ?? 0);
}

/** The error for the first broken row. Where an unclosed quote ends nobody knows, so it can never be set aside. */
export function refuseRejects(part: CsvPart, rejects: readonly Reject[], expected: number, kept: number, setAside: boolean): void {
  const [first] = rejects;
  if (!first) return;
  const show = (text: string): string => [...text.replace(/\s+/g, ' ')].slice(0, 80).join('');
  const { file } = part;
  const tooLong = rejects.find(({ kind }) => kind === 'LINE SIZE OVER MAXIMUM');
  if (tooLong) throw new ModelkeepError('MK_DATA_TOO_LONG', { file, row: tooLong.row, limit: '8 MB' });
  const quote = rejects.find(({ kind }) => kind === 'UNQUOTED VALUE' || kind === 'INVALID STATE');
  if (quote && (setAside || quote.row <= first.row)) {
    throw new ModelkeepError('MK_DATA_UNCLOSED_QUOTE', { file, row: quote.row, text: show(quote.text) });
  }
  const encoding = rejects.find(({ kind }) => kind === 'INVALID ENCODING');
  if (encoding) throw new ModelkeepError('MK_DATA_ENCODING', { file, row: encoding.row, encoding: 'UTF-8' });
  if (!setAside) {
    throw new ModelkeepError('MK_DATA_BROKEN_ROW', { file, row: first.row, found: first.found, expected, text: show(first.text) });
  }
  if (rejects.length >= rejectLimit || kept === 0) {
    throw new ModelkeepError('MK_DATA_ALL_ROWS_BROKEN', { file, count: rejects.length, kept, row: first.row, text: show(first.text) });
  }
}
