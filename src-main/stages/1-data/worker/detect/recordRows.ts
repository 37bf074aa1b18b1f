// From a row that was kept back to its place in the file, for messages: blank and broken lines count there, though they were not kept.
import { createReadStream } from 'node:fs';
import type { Dialect } from './dialect.ts';

/** Row in the file, from 1, of each kept row (positions from 0, ascending). `broken` are rows that were not kept. */
export async function fileRows(file: string, dialect: Dialect, kept: readonly number[], broken: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  const skipped = new Set(broken);
  let wanted = 0;
  let position = 0;
  let headers = dialect.header ? 1 : 0;
  for await (const row of recordRows(file, dialect)) {
    if (row <= dialect.skipLines) continue;
    if (headers > 0) headers--;
    else if (!skipped.has(row)) {
      while (kept[wanted] === position) {
        found.push(row);
        wanted++;
      }
      if (wanted >= kept.length) return found;
      position++;
    }
  }
  return found;
}

/** Numbers of the records that are not blank; a quoted field may run over lines, and the record counts once. */
async function* recordRows(file: string, { quote, escape, delimiter }: Dialect): AsyncGenerator<number> {
  const [quoteByte, delimiterByte] = [quote ? quote.charCodeAt(0) : -1, delimiter.charCodeAt(0)];
  const backslash = escape && escape !== quote ? escape.charCodeAt(0) : -1;
  let row = 1;
  let empty = true;
  let fieldStart = true;
  let quoted = false;
  /** The byte before closed a quoted field: a quote now is the second of a doubled one. */
  let closed = false;
  let afterReturn = false;
  let escaped = false;
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    for (const byte of piece) {
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quoteByte) {
          quoted = false;
          closed = true;
        }
        continue;
      }
      if (byte === 10 && afterReturn) {
        afterReturn = false;
        continue;
      }
      afterReturn = byte === 13;
      if (byte === 10 || byte === 13) {
        if (!empty) yield row;
        row++;
        empty = true;
        fieldStart = true;
      } else {
        if (byte === quoteByte && (fieldStart || closed)) quoted = true;
        empty = false;
        fieldStart = byte === delimiterByte;
      }
      closed = false;
    }
  }
  if (!empty) yield row;
}
