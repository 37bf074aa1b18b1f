// Legacy encodings become UTF-8 in a temporary file before the engine sees them: it has no other.
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import iconv from 'iconv-lite';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Encoding } from '../detect/encoding.ts';

export const iconvNames: Record<Encoding, string> = {
  'utf-8': 'utf8',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  gb18030: 'gb18030',
  big5: 'big5hkscs',
  shift_jis: 'shift_jis',
  'euc-kr': 'cp949',
  'windows-1252': 'windows-1252',
  'windows-1251': 'windows-1251',
};

/** Errors: MK_DATA_ENCODING (bytes that are nothing in this encoding), MK_JOB_CANCELLED, system errors of the disk. */
export async function transcode(
  source: string,
  target: string,
  encoding: Encoding,
  {
    signal,
    bomBytes = 0,
    sizeBytes = 0,
    progress,
  }: { signal?: AbortSignal; bomBytes?: number; sizeBytes?: number; progress?: (fraction: number) => void } = {},
): Promise<void> {
  const decoder = iconv.getDecoder(iconvNames[encoding], { stripBOM: true });
  let row = 1;
  let done = 0;
  const decode = (text: string | undefined): string => {
    if (!text) return '';
    const wrong = text.indexOf('\ufffd');
    if (wrong >= 0) {
      for (let at = text.indexOf('\n'); at >= 0 && at < wrong; at = text.indexOf('\n', at + 1)) row++;
      throw new ModelkeepError('MK_DATA_ENCODING', { file: source, row, encoding });
    }
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) row++;
    return text;
  };
  try {
    await pipeline(
      createReadStream(source, { start: bomBytes, highWaterMark: 1024 * 1024 }),
      new Transform({
        transform(bytes: Buffer, _encoding, callback) {
          try {
            done += bytes.length;
            if (sizeBytes > 0) progress?.(Math.min(1, done / sizeBytes));
            callback(null, decode(decoder.write(bytes)));
          } catch (error) {
            callback(error as Error);
          }
        },
        flush(callback) {
          try {
            callback(null, decode(decoder.end()));
          } catch (error) {
            callback(error as Error);
          }
        },
      }),
      createWriteStream(target, { highWaterMark: 1024 * 1024 }),
      ...(signal ? [{ signal }] : []),
    );
  } catch (error) {
    if (signal?.aborted) throw new ModelkeepError('MK_JOB_CANCELLED', {}, { cause: error });
    throw error;
  }
}

/** Mixed `\r\n`, `\n` and `\r` become `\n`: the engine refuses a file that mixes them. */
export async function unifyLineEnds(source: string, target: string, signal?: AbortSignal): Promise<void> {
  let pendingReturn = false;
  await pipeline(
    createReadStream(source, { highWaterMark: 1024 * 1024 }),
    new Transform({
      transform(bytes: Buffer, _encoding, callback) {
        let text = bytes.toString('latin1'); // one character a byte: UTF-8 goes through untouched
        if (pendingReturn) text = `\r${text}`;
        pendingReturn = text.endsWith('\r');
        if (pendingReturn) text = text.slice(0, -1);
        callback(null, Buffer.from(text.replace(/\r\n?/g, '\n'), 'latin1'));
      },
      flush(callback) {
        callback(null, pendingReturn ? '\n' : '');
      },
    }),
    createWriteStream(target, { highWaterMark: 1024 * 1024 }),
    ...(signal ? [{ signal }] : []),
  );
}
