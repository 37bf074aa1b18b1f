// One quick pass over the bytes of a text file, before any parser sees it: 1 GB takes about 0.4 s from the page cache.
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { completeUtf8Length } from './encoding.ts';
import { describeFileError } from './fileKind.ts';

export interface TextScan {
  /** False when the pass ended before the file did. */
  whole: boolean;
  /** Where the first bytes stand that are not UTF-8; null when all are. */
  invalidUtf8At: number | null;
  nulAt: number | null;
  /** Start of the first line that is longer than the limit. The engine passes over such a line in silence, so it must not get one. */
  longLineAt: number | null;
  /** Up to 64 KiB around the first bytes that are not UTF-8, cut at line ends; where the encoding shows. */
  foreign: Buffer | null;
}

export interface ScanOptions {
  limitBytes?: number;
  lineLimitBytes?: number;
  signal?: AbortSignal;
  progress?: (fraction: number) => void;
}

const pieceBytes = 4 * 1024 * 1024;
const foreignBytes = 65_536;

/** Errors: MK_JOB_CANCELLED and those of reading. */
export async function scanText(
  file: string,
  sizeBytes: number,
  { limitBytes = Infinity, lineLimitBytes = Infinity, signal, progress }: ScanOptions = {},
): Promise<TextScan> {
  const result: TextScan = { whole: sizeBytes <= limitBytes, invalidUtf8At: null, nulAt: null, longLineAt: null, foreign: null };
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw describeFileError(error, file);
  });
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes + 4);
    let carried = 0; // bytes of a character that the last piece cut
    let lineStart = 0;
    for (let offset = 0; offset < Math.min(sizeBytes, limitBytes);) {
      if (signal?.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
      const { bytesRead } = await handle.read(buffer, carried, pieceBytes, offset);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, carried + bytesRead);
      const start = offset - carried;
      offset += bytesRead;
      if (result.nulAt === null) {
        const at = piece.indexOf(0);
        if (at >= 0) result.nulAt = start + at;
      }
      if (result.longLineAt === null) {
        // Only the last line end within reach is looked for, so this costs nothing where lines are short.
        while (offset - lineStart > lineLimitBytes && result.longLineAt === null) {
          const end = piece.lastIndexOf(10, lineStart + lineLimitBytes - start);
          if (end < 0 || start + end < lineStart) result.longLineAt = lineStart;
          else lineStart = start + end + 1;
        }
        const end = piece.lastIndexOf(10);
        if (end >= 0) lineStart = Math.max(lineStart, start + end + 1);
      }
      if (result.invalidUtf8At === null) {
        const complete = offset >= sizeBytes ? piece.length : completeUtf8Length(piece);
        if (!isUtf8(piece.subarray(0, complete))) {
          const at = firstInvalid(piece.subarray(0, complete));
          result.invalidUtf8At = start + at;
          result.foreign = linesAround(piece, at);
        }
        carried = piece.length - complete;
        piece.copyWithin(0, complete);
      } else {
        carried = 0;
      }
      progress?.(offset / sizeBytes);
    }
    return result;
  } catch (error) {
    throw describeFileError(error, file);
  } finally {
    await handle.close();
  }
}

/** Row that holds the byte at `at`, from 1: lines before it, which is what a person can go to in an editor. */
export async function rowOfByte(file: string, at: number): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let row = 1;
    for (let offset = 0; offset < at;) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(pieceBytes, at - offset), offset);
      if (bytesRead === 0) break;
      for (let found = buffer.indexOf(10); found >= 0 && found < bytesRead; found = buffer.indexOf(10, found + 1)) row++;
      offset += bytesRead;
    }
    return row;
  } finally {
    await handle.close();
  }
}

/** Bisection: a prefix is valid up to the last character that it cuts. */
function firstInvalid(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (high - low > 4) {
    const middle = (low + high) >> 1;
    const end = low + completeUtf8Length(bytes.subarray(low, middle));
    if (end > low && isUtf8(bytes.subarray(low, end))) low = end;
    else if (end === low) break;
    else high = middle;
  }
  return low;
}

function linesAround(piece: Buffer, at: number): Buffer {
  const from = Math.max(0, piece.lastIndexOf(10, Math.max(0, at - 1024)) + 1);
  return Buffer.from(piece.subarray(from, Math.min(piece.length, from + foreignBytes)));
}
