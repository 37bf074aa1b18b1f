// A folder or a list of images: one row each, with the bytes as they are, class, size and format. Every image is decoded once, because
// a header does not show that the rest is missing.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { ReadContext } from './context.ts';
import type { FolderFile } from './folderFiles.ts';
import { FolderTable } from './folderTable.ts';
import type { ReadTable } from './readTable.ts';

/** Once decoded, 50 million pixels are 200 MB. */
const pixelLimit = 50_000_000;
const fileLimitBytes = 32 * 1024 * 1024;
const atOnce = 4;

sharp.cache(false);
sharp.concurrency(1);

export interface ImageFacts {
  bytes: Buffer;
  width: number;
  height: number;
  format: string;
}

/** Errors: MK_DATA_IMAGES_BROKEN, MK_DATA_IMAGE_TOO_LARGE, MK_JOB_CANCELLED. */
export async function readImages(context: ReadContext, files: readonly FolderFile[], options: ImportOptions): Promise<ReadTable> {
  const classes = files.some((file) => file.class !== null);
  const table = new FolderTable(context, [
    { name: 'path', type: 'VARCHAR' },
    ...(classes ? [{ name: 'class', type: 'VARCHAR' } as const] : []),
    { name: 'image', type: 'BLOB' },
    { name: 'width', type: 'INTEGER' },
    { name: 'height', type: 'INTEGER' },
    { name: 'format', type: 'VARCHAR' },
  ]);
  const broken: { path: string; reason: string }[] = [];
  let rows = 0;
  for (let from = 0; from < files.length; from += atOnce) {
    if (context.signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
    const group = files.slice(from, from + atOnce);
    const read = await Promise.all(group.map((file) => readImage(file.file).catch((error: unknown) => reasonOf(error))));
    for (const [index, facts] of read.entries()) {
      const file = group[index]!;
      if (typeof facts === 'string') broken.push({ path: file.path, reason: facts });
      else {
        rows++;
        await table.append([file.path, ...(classes ? [file.class] : []), facts.bytes, facts.width, facts.height, facts.format]);
      }
    }
    context.progress((from + group.length) / files.length, 'reading');
  }
  const [first] = broken;
  if (first && (options.brokenRows !== 'setAside' || rows === 0)) {
    throw new ModelkeepError('MK_DATA_IMAGES_BROKEN', {
      count: broken.length,
      total: files.length,
      file: first.path,
      reason: first.reason,
    });
  }
  const file = join(context.tmp, 'table.parquet');
  await table.finish(file);
  return {
    file,
    rows,
    columns: [
      { name: 'path', type: 'identifier', chosen: true },
      ...(classes ? [{ name: 'class', type: 'category', chosen: true } as const] : []),
      { name: 'image', type: 'image', chosen: true },
      { name: 'width', type: 'integer', chosen: true },
      { name: 'height', type: 'integer', chosen: true },
      { name: 'format', type: 'category', chosen: true },
    ],
    warnings: first
      ? [
          {
            code: 'imagesSetAside',
            params: {
              count: broken.length,
              files:
                broken
                  .slice(0, 5)
                  .map(({ path }) => path)
                  .join(', ') + (broken.length > 5 ? ' …' : ''),
              reason: first.reason,
            },
          },
        ]
      : [],
    rowsSetAside: broken.length,
  };
}

/** Reads and checks one image. Error: MK_DATA_IMAGE_TOO_LARGE; sharp's own for what is no whole image. */
export async function readImage(file: string): Promise<ImageFacts> {
  const { size } = await stat(file);
  if (size > fileLimitBytes) tooLarge(file, `${Math.round(size / 1024 / 1024)} MB`, '32 MB');
  const bytes = await readFile(file);
  const { width, height, format, pages } = await sharp(bytes, { limitInputPixels: false, failOn: 'none' }).metadata();
  if (width * height > pixelLimit) tooLarge(file, `${width} × ${height} pixels`, '50 million pixels');
  // The first page is what a model sees; shrinking on load makes a JPEG cheap, and the whole file is read all the same.
  await sharp(bytes, { limitInputPixels: pixelLimit, failOn: 'truncated', ...(pages && pages > 1 ? { pages: 1 } : {}) })
    .resize(8, 8, { fit: 'fill' })
    .raw()
    .toBuffer();
  return { bytes, width, height, format };
}

function tooLarge(file: string, found: string, limit: string): never {
  throw new ModelkeepError('MK_DATA_IMAGE_TOO_LARGE', { file, found, limit });
}

function reasonOf(error: unknown): string {
  if ((error as Error).name === 'ModelkeepError') throw error;
  const text = (error as Error).message.split('\n')[0]!;
  if (/unsupported image format/i.test(text)) return 'it is no image of a known format';
  if (/truncated|premature end|end of file|read error/i.test(text)) return 'it is cut off';
  return text.slice(0, 120);
}
