import sharp from 'sharp';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { DataOperations } from '../../operations.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';

const mimes: Record<string, string> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
  heif: 'image/avif',
};

/** The bytes as they were imported; formats that no browser shows come as PNG.
 *  Errors: MK_DATA_NO_SUCH_ROW, MK_DATA_COLUMN_UNKNOWN, MK_DATA_NOT_AN_IMAGE. */
export async function imageCell(
  engine: Engine,
  { table, row, column }: Omit<Parameters<DataOperations['image']>[0], 'tmp'>,
  watch: Watch = {},
): Promise<ReturnType<DataOperations['image']>> {
  const { file, columns, rows } = table;
  if (row >= rows) throw new ModelkeepError('MK_DATA_NO_SUCH_ROW', { row, subject: 'this version', total: rows });
  const found = columns.find(({ name, type }) => (column === undefined ? type === 'image' : name === column));
  if (column !== undefined && !found) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field: column, subject: 'this version' });
  if (!found || found.type !== 'image') throw new ModelkeepError('MK_DATA_NOT_AN_IMAGE', { field: column ?? '' });
  const { bytes } = await engine.one<{ bytes: Uint8Array | null }>(
    `SELECT ${quoteName(found.name)} AS bytes FROM ${parquet(file, { rowNumbers: true })} WHERE file_row_number = ${row}`,
    watch,
  );
  if (!bytes) throw new ModelkeepError('MK_DATA_NOT_AN_IMAGE', { field: found.name });
  const { width, height, format } = await sharp(bytes, { limitInputPixels: 50_000_000 }).metadata();
  const mime = mimes[format];
  if (mime) return { bytes, mime, width, height };
  return { bytes: await sharp(bytes).png().toBuffer(), mime: 'image/png', width, height };
}
