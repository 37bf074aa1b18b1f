import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { stringColumn } from '../../../3-features/api.ts';
import { openDuck, quoteText, type Duck } from './duck.ts';
import { readTable, type ReadOptions, type ReadTable } from './readTable.ts';
import { readNumbers, readTimes } from './readColumn.ts';
import { readTarget } from './readTarget.ts';

let duck: Duck;
let folder: string;
beforeEach(async () => {
  duck = await openDuck();
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-read-'));
});
afterEach(async () => {
  duck[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

async function parquet(select: string): Promise<string> {
  const file = join(folder, 'table [1].parquet');
  await duck.connection.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet)`);
  return file;
}
const read = async (select: string, columns: Column[], more: Partial<ReadOptions> = {}): Promise<ReadTable> =>
  readTable(duck.connection, await parquet(select), { columns, capacity: 10_000, ...more });

describe('reading columns for a model', () => {
  it('turns every type into the model’s form, missing cells into NaN or empty text', async () => {
    const table = await read(
      `SELECT * FROM (VALUES (1, 1.5, true, 'a', DATE '1970-01-02', TIMESTAMP '1970-01-01 12:00:00'), (NULL, NULL, NULL, NULL, NULL, NULL)) AS t(i, n, b, c, d, t)`,
      [
        { name: 'i', type: 'integer' },
        { name: 'n', type: 'number' },
        { name: 'b', type: 'boolean' },
        { name: 'c', type: 'category' },
        { name: 'd', type: 'date' },
        { name: 't', type: 'timestamp' },
      ],
    );
    const column = (name: string): unknown => table.columns.get(name);
    expect(column('i')).toEqual({ kind: 'float32', values: Float32Array.of(1, NaN) });
    expect(column('n')).toEqual({ kind: 'float32', values: Float32Array.of(1.5, NaN) });
    expect(column('b')).toEqual({ kind: 'float32', values: Float32Array.of(1, NaN) });
    expect(column('c')).toEqual({ kind: 'string', codes: Int32Array.of(0, 1), dictionary: ['a', ''] });
    expect(column('d')).toEqual({ kind: 'float64', values: Float64Array.of(1, NaN) });
    expect(column('t')).toEqual({ kind: 'float64', values: Float64Array.of(0.5, NaN) });
  });

  it('survives infinities, NaN and numbers beyond float32', async () => {
    const { columns } = await read(`SELECT unnest(['Infinity', '-Infinity', 'NaN', '1e300', '3e38']::DOUBLE[]) AS x`, [
      { name: 'x', type: 'number' },
    ]);
    expect(columns.get('x')).toEqual({ kind: 'float32', values: Float32Array.of(Infinity, -Infinity, NaN, NaN, 3e38) });
  });

  it('keeps the order of the file over many chunks, and only the rows asked for', async () => {
    const table = await read(
      `SELECT range AS x, 'v' || (range % 7) AS c FROM range(9000)`,
      [
        { name: 'x', type: 'integer' },
        { name: 'c', type: 'category' },
      ],
      {
        keep: (row) => row % 1000 === 3,
      },
    );
    expect([...table.rowNumbers]).toEqual([3, 1003, 2003, 3003, 4003, 5003, 6003, 7003, 8003]);
    expect(table.columns.get('x')).toEqual({ kind: 'float32', values: Float32Array.from(table.rowNumbers) });
    const c = table.columns.get('c') as { codes: Int32Array; dictionary: string[] };
    expect([...c.codes].map((code) => c.dictionary[code])).toEqual([...table.rowNumbers].map((row) => `v${row % 7}`));
  });

  describe('texts', () => {
    /** What reading cell by cell would give: distinct texts in the order in which rows first have them. */
    const expected = (texts: readonly (string | null)[]): { codes: Int32Array; dictionary: string[] } => {
      const { codes, dictionary } = stringColumn(texts);
      return { codes, dictionary };
    };
    /** By row of 30,000, more than two parts and two chunks of the engine. */
    const rows = 30_000;
    const odd = ['', null, '😀', 'a\0b', 'a', '\ufeffa', 'e\u0301', 'é', ' ', '中文', "it's", 'null', 'x'.repeat(5000)];
    const kinds: Record<string, (row: number) => string | null> = {
      'few values': (row) => odd[(row * 7 + (row >> 5)) % odd.length]!,
      'one value': () => 'same',
      'nothing at all': () => null,
      '20,000 values': (row) => (row % 11 === 0 ? null : `value ${(row * 7919) % 20_000}`),
      'a value a row': (row) => (row % 5000 === 0 ? odd[(row / 5000) % odd.length]! : `${row} ${odd[row % 12] ?? 'nothing'} 行${row}`),
      'long texts': (row) => (row % 3000 === 0 ? `${row}${'long 长 '.repeat(20_000)}` : `short ${row}`),
    };

    async function fileOf(
      texts: Record<string, (row: number) => string | null>,
      count: number,
    ): Promise<{ file: string; columns: Column[] }> {
      const columns = Object.keys(texts).map((name): Column => ({ name, type: 'text' }));
      const json = join(folder, 'rows.json');
      const lines = Array.from({ length: count }, (_, row) =>
        JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, texts[name]!(row)]))),
      );
      await writeFile(json, lines.join('\n'));
      const types = columns.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
      const file = await parquet(`SELECT * FROM read_json(${quoteText(json)}, columns = {${types}}, maximum_object_size = 100000000)`);
      return { file, columns };
    }

    it('come as they would cell by cell, whatever the way: missing, empty, with NUL, emoji, a byte order mark', async () => {
      const { file, columns } = await fileOf(kinds, rows);
      const { columns: found } = await readTable(duck.connection, file, { columns, capacity: rows });
      for (const [name, text] of Object.entries(kinds))
        expect({ name, ...found.get(name) }).toEqual({
          name,
          kind: 'string',
          ...expected(Array.from({ length: rows }, (_, row) => text(row))),
        });
      expect([...found.keys()]).toEqual(columns.map(({ name }) => name));
    });

    it('come for the kept rows alone, and without values that no kept row has', async () => {
      const { file, columns } = await fileOf(kinds, rows);
      const keep = (row: number): boolean => row % 1001 === 5 || (row > 8190 && row < 8200);
      const table = await readTable(duck.connection, file, { columns, keep, capacity: rows });
      for (const [name, text] of Object.entries(kinds))
        expect(table.columns.get(name)).toEqual({ kind: 'string', ...expected(Array.from(table.rowNumbers, text)) });
    });

    it('of few rows are the same as of many', async () => {
      const { file, columns } = await fileOf(kinds, 500);
      const { columns: found } = await readTable(duck.connection, file, { columns, capacity: 500 });
      for (const [name, text] of Object.entries(kinds))
        expect(found.get(name)).toEqual({ kind: 'string', ...expected(Array.from({ length: 500 }, (_, row) => text(row))) });
    });

    it('of 100,000 values over several blocks of rows keep their order', async () => {
      const { columns } = await read(`SELECT 'id ' || (range * 7919) % 100000 AS id, 'day ' || (range // 100) AS day FROM range(300000)`, [{ name: 'id', type: 'category' }, { name: 'day', type: 'category' }], { capacity: 300_000 }); // prettier-ignore
      expect(columns.get('id')).toEqual({ kind: 'string', ...expected(Array.from({ length: 300_000 }, (_, row) => `id ${(row * 7919) % 100_000}`)) }); // prettier-ignore
      expect(columns.get('day')).toEqual({ kind: 'string', ...expected(Array.from({ length: 300_000 }, (_, row) => `day ${Math.floor(row / 100)}`)) }); // prettier-ignore
    });

    it('are read whole when reading stops half way and begins again on the same connection', async () => {
      const { file, columns } = await fileOf(kinds, rows);
      for (const after of [1, 12, 20]) {
        let calls = 0;
        const pause = (): Promise<void> => (++calls >= after ? Promise.reject(new Error('stopped')) : Promise.resolve());
        await expect(readTable(duck.connection, file, { columns, capacity: rows, pause })).rejects.toThrow('stopped');
      }
      const { columns: found } = await readTable(duck.connection, file, { columns, capacity: rows });
      expect(found.get('few values')).toEqual({ kind: 'string', ...expected(Array.from({ length: rows }, (_, row) => kinds['few values']!(row))) }); // prettier-ignore
    });
  });

  it('decodes images to one size and counts those that it cannot', async () => {
    const samples = new URL('../../../../../resources/samples/fashion/images/bag/00144.png', import.meta.url).pathname;
    const png = (await readFile(samples)).toString('hex');
    const table = await read(
      `SELECT unnest([from_hex('${png}'), from_hex('${png.slice(0, 300)}'), NULL]) AS i`,
      [{ name: 'i', type: 'image' }],
      {
        images: new Map([['i', { width: 14, height: 7, channels: 3 as const }]]),
      },
    );
    const image = table.columns.get('i') as unknown as { values: Uint8Array; shape: number[] };
    expect(table.unreadableImages).toBe(2);
    expect(image.shape).toEqual([7, 14, 3]);
    expect(image.values).toHaveLength(3 * 7 * 14 * 3);
    expect(image.values.subarray(0, 294).some((pixel) => pixel > 0)).toBe(true);
    expect(image.values.subarray(294).every((pixel) => pixel === 0)).toBe(true);
  });
});

describe('reading the target', () => {
  const columns: Column[] = [
    { name: 'y', type: 'boolean' },
    { name: 'n', type: 'number' },
    { name: 't', type: 'date' },
  ];
  const select = `SELECT * FROM (VALUES (true, 16777217.0, DATE '2024-01-05'), (false, NULL, NULL), (NULL, 2.0, DATE '2024-01-06')) AS t(y, n, t)`;

  it('takes classes by name, numbers in double precision, and leaves missing answers open', async () => {
    const dataset = { file: await parquet(select), rows: 3, columns };
    const target = { kind: 'column', column: 'y' } as const;
    expect(await readTarget(duck.connection, dataset, { target, task: 'binary', classes: ['false', 'true'] }, null)).toEqual({
      kind: 'class',
      codes: Int32Array.of(1, 0, -1),
      classes: ['false', 'true'],
    });
    const number = { target: { kind: 'column', column: 'n' }, task: 'regression', classes: [] } as const;
    expect(await readTarget(duck.connection, dataset, { ...number, classes: [] }, null)).toEqual({
      kind: 'number',
      values: Float64Array.of(16777217, NaN, 2),
    });
    expect(await readNumbers(duck.connection, dataset, 'n * 2')).toEqual(Float64Array.of(33554434, NaN, 4));
    const [first, missing, last] = await readTimes(duck.connection, dataset, 't');
    expect(last! - first!).toBe(1);
    expect(missing).toBeNaN();
  });

  it('puts labels on their rows', async () => {
    const dataset = { file: await parquet(select), rows: 3, columns };
    const labels = { rows: Int32Array.of(2, 0), codes: Int32Array.of(0, 1), classes: ['spare', 'used'] };
    const target = { kind: 'labels', labelSet: 's', version: 1 } as const;
    expect(await readTarget(duck.connection, dataset, { target, task: 'binary', classes: ['used', 'spare'] }, labels)).toMatchObject({
      codes: Int32Array.of(0, -1, 1),
    });
  });
});
