import sharp from 'sharp';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';

export interface ImageRequest {
  file: string;
  subject: string;
  columns: Column[];
  rows: number;
  row: number;
  column?: string;
}

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
  { file, subject, columns, rows, row, column }: ImageRequest,
  watch: Watch = {},
): Promise<{ base64: string; mime: string; width: number; height: number }> {
  if (row >= rows) throw new ModelkeepError('MK_DATA_NO_SUCH_ROW', { row, subject, total: rows });
  if (column !== undefined && !columns.some(({ name }) => name === column))
    throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field: column, subject });
  const found = columns.find(({ name, type }) => (column === undefined ? type === 'image' : name === column));
  if (!found || found.type !== 'image') throw new ModelkeepError('MK_DATA_NOT_AN_IMAGE', { field: column ?? '' });
  const { bytes } = await engine.one<{ bytes: Uint8Array | null }>(
    `SELECT ${quoteName(found.name)} AS bytes FROM ${parquet(file, { rowNumbers: true })} WHERE file_row_number = ${row}`,
    watch,
  );
  if (!bytes) throw new ModelkeepError('MK_DATA_NOT_AN_IMAGE', { field: found.name });
  const image = Buffer.from(bytes);
  const { width, height, format } = await sharp(image, { limitInputPixels: 50_000_000 }).metadata();
  const mime = mimes[format];
  if (mime) return { base64: image.toString('base64'), mime, width, height };
  return { base64: (await sharp(image).png().toBuffer()).toString('base64'), mime: 'image/png', width, height };
}
