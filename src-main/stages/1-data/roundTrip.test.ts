// Any table of texts, written in any dialect and encoding, comes back equal.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { encodings } from '../../../src-shared/domain/table.ts';
import { Engine } from './worker/engine.ts';
import { openCsv } from './worker/read/csvSource.ts';
import { readCsv } from './worker/read/csv.ts';
import { iconvNames } from './worker/read/transcode.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-trip-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Encoding = (typeof encodings)[number];

/** Characters that each encoding has, with those that dialects stumble over. */
const alphabets: Record<Encoding, string> = {
  'utf-8': 'abcXYZ019 ,;|\t"\'\\\n-=+.中文é漢한𠮷ß',
  'utf-16le': 'abcXYZ019 ,;|\t"\'\\\n-=+.中文é漢한𠮷ß',
  'utf-16be': 'abcXYZ019 ,;|\t"\'\\\n-=+.中文é漢한𠮷ß',
  gb18030: 'abcXYZ019 ,;|\t"\'\\\n-=+.中文客户订单𠮷',
  big5: 'abcXYZ019 ,;|\t"\'\\\n-=+.中文客戶訂單',
  shift_jis: 'abcXYZ019 ,;|\t"\'\n-=+.日本語カナかな',
  'euc-kr': 'abcXYZ019 ,;|\t"\'\n-=+.한국어주문',
  'windows-1252': 'abcXYZ019 ,;|\t"\'\\\n-=+.éßü€ñ',
  'windows-1251': 'abcXYZ019 ,;|\t"\'\\\n-=+.Привет',
};

const quoted = (cell: string, delimiter: string): string =>
  cell === '' ? '' : new RegExp(`["\\n\\r\\${delimiter}]|^\\s|\\s$`).test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

const tables = fc
  .record({
    encoding: fc.constantFrom(...(Object.keys(alphabets) as Encoding[])),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    width: fc.integer({ min: 1, max: 5 }),
    lastEnd: fc.boolean(),
  })
  .chain((settings) => {
    const cell = fc.string({ unit: fc.constantFrom(...Array.from(alphabets[settings.encoding])), maxLength: 12 });
    const row = fc.array(cell, { minLength: settings.width, maxLength: settings.width });
    return fc.record({ settings: fc.constant(settings), rows: fc.array(row, { minLength: 1, maxLength: 12 }) });
  });

test('a table of texts survives every dialect and encoding', async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ settings, rows }) => {
      const { encoding, delimiter, lineEnd, width, lastEnd } = settings;
      // A row of nothing but missing values in one column is a blank line, which no CSV reader can tell from none.
      const kept = rows.filter((row) => width > 1 || row[0]!.trim() !== '');
      fc.pre(kept.length > 0);
      const names = Array.from({ length: width }, (_, column) => `name${column}`);
      const text =
        [names, ...kept].map((row) => row.map((cell) => quoted(cell, delimiter)).join(delimiter)).join(lineEnd) + (lastEnd ? lineEnd : '');
      const path = join(folder, 'table.csv');
      await writeFile(path, iconv.encode(text, iconvNames[encoding], { addBOM: encoding.startsWith('utf-16') }));
      const tmp = await mkdtemp(join(folder, 'run-'));
      using engine = await Engine.open({ tmp, memoryMb: 256, threads: 2, files: [path] });
      const context = { engine, tmp, signal: new AbortController().signal, progress: () => {} };
      const options = {
        encoding,
        delimiter,
        quote: '"',
        header: true,
        types: Object.fromEntries(names.map((name) => [name, 'text' as const])),
      };
      const table = await readCsv(context, await openCsv(context, [path], options), options);
      const back = await engine.all(`SELECT * FROM read_parquet('${table.file}')`);
      expect(back.map((row) => names.map((name) => row[name] ?? ''))).toEqual(kept);
      await rm(tmp, { recursive: true });
    }),
    { numRuns: 150, seed: 20_241_125 },
  );
}, 120_000);

const numbers = fc.record({
  rows: fc.array(
    fc.tuple(
      fc.option(fc.integer({ min: -1e15, max: 1e15 })),
      fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      fc.option(fc.boolean()),
    ),
    { minLength: 3, maxLength: 40 },
  ),
});

test('numbers and truth values come back to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(numbers, async ({ rows }) => {
      fc.pre([0, 1, 2].every((column) => rows.some((row) => row[column] !== null)));
      const path = join(folder, 'numbers.csv');
      await writeFile(
        path,
        `i,d,b\n${rows.map((row) => row.map((cell) => (cell === null ? '' : Object.is(cell, -0) ? '-0.0' : String(cell))).join(',')).join('\n')}\n`,
      );
      const tmp = await mkdtemp(join(folder, 'run-'));
      using engine = await Engine.open({ tmp, memoryMb: 256, threads: 2, files: [path] });
      const context = { engine, tmp, signal: new AbortController().signal, progress: () => {} };
      const table = await readCsv(context, await openCsv(context, [path], { delimiter: ',', header: true }), {
        types: { i: 'integer', d: 'number', b: 'boolean' },
      });
      const back = await engine.all<{ i: number | null; d: number | null; b: boolean | null }>(
        `SELECT * FROM read_parquet('${table.file}')`,
      );
      // An empty row of three columns is still a row.
      expect(back.map(({ i, d, b }) => [i, d, b])).toEqual(rows.map(([i, d, b]) => [i, d, b]));
      await rm(tmp, { recursive: true });
    }),
    { numRuns: 60, seed: 7 },
  );
}, 60_000);
