import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Column } from '../../../../src-shared/domain/table.ts';
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

  it('decodes images to one size and counts those that it cannot', async () => {
    const samples = new URL('../../../../resources/samples/fashion/images/bag/00144.png', import.meta.url).pathname;
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
