import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Column } from '../../../src-shared/domain/table.ts';

/** Rows as JSON lines for the worker's `appendRows`: every value as text under c0, c1 … in the order of the columns, missing ones left out. */
export async function writeRowsFile(file: string, rows: readonly Record<string, unknown>[], columns: readonly Column[]): Promise<void> {
  await pipeline(Readable.from(lines(rows, columns)), createWriteStream(file, { flags: 'wx' }));
}

function* lines(rows: readonly Record<string, unknown>[], columns: readonly Column[]): Generator<string> {
  for (const row of rows) {
    const members: Record<string, string> = {};
    columns.forEach(({ name }, index) => {
      const value = row[name];
      if (value !== null && value !== undefined && value !== '') members[`c${index}`] = String(value as string | number | boolean);
    });
    yield `${JSON.stringify(members)}\n`;
  }
}
