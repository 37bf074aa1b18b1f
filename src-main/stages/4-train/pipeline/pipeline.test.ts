import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Column } from '../../../../src-shared/domain/table.ts';
import { imageAugmenter, streamKey, type ImageAugmentation, type RowArray } from '../../../compiler/index.ts';
import { decodeImage } from '../../3-features/api.ts';
import { openDuck, quoteText, type Duck } from '../worker/table/duck.ts';
import { readTable } from '../worker/table/readTable.ts';
import { openPipeline, type Pipeline } from './openPipeline.ts';
import type { ImagesArray, PipelineArray, PipelineSettings } from './pipelineSettings.ts';

const samples = join(import.meta.dirname, '../../../../resources/samples');
const classes = ['bag', 'dress', 'shirt', 'sneaker'];
const size = { width: 20, height: 24, channels: 1 } as const;
const images: ImagesArray = { kind: 'images', name: 'images', column: 'image', size };
const augment: ImageAugmentation[] = [
  { kind: 'shift', pixels: 3 },
  { kind: 'flip', horizontal: 0.5 },
  { kind: 'imageNoise', deviation: 0.1 },
];

let duck: Duck;
let folder: string;
const open: Pipeline[] = [];
beforeEach(async () => {
  duck = await openDuck();
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-pipeline-'));
});
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
  duck[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

async function parquet(select: string, groupRows = 2048): Promise<string> {
  const file = join(folder, 'table.parquet');
  await duck.connection.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet, ROW_GROUP_SIZE ${groupRows})`);
  return file;
}
const fashion = (more = ''): Promise<string> =>
  parquet(
    `SELECT content AS image, regexp_extract(filename, '([a-z]+)[\\\\/][0-9]+.png', 1) AS label FROM read_blob(${quoteText(`${samples}/fashion/images/*/*.png`)}) ORDER BY filename ${more}`,
  );
const churn = (): Promise<string> => parquet(`SELECT * FROM read_csv(${quoteText(`${samples}/churn/churn.csv`)})`);

async function pipeline(settings: Omit<PipelineSettings, 'tmp'>): Promise<Pipeline> {
  const opened = await openPipeline({ tmp: folder, ...settings });
  open.push(opened);
  return opened;
}

/** Loads rows into arrays of the given forms. */
async function load<Arrays extends Record<string, RowArray>>(from: Pipeline, rows: number[], into: Arrays, key = 5): Promise<Arrays> {
  await from.load(Int32Array.from(rows), into, key);
  return into;
}

const rowsOf = (values: Float32Array, rows: number[], width: number): Float32Array =>
  Float32Array.from(rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));

describe('table rows', () => {
  it('are what readTable reads, of every type', async () => {
    const file = await parquet(
      `SELECT range AS i, range / 7 AS n, range % 3 = 0 AS b, DATE '2020-01-01' + range::INTEGER AS d,
         TIMESTAMP '2020-01-01 01:02:03' + INTERVAL (range) MINUTE AS t, CASE WHEN range % 5 = 0 THEN NULL ELSE range * 1e37 END AS g FROM range(9000)`,
    );
    const columns: Column[] = [
      { name: 'i', type: 'integer' },
      { name: 'n', type: 'number' },
      { name: 'b', type: 'boolean' },
      { name: 'g', type: 'number' },
    ];
    const times: Column[] = [
      { name: 'd', type: 'date' },
      { name: 't', type: 'timestamp' },
    ];
    const expected = await readTable(duck.connection, file, { columns: [...columns, ...times], capacity: 9000 });
    const loader = await pipeline({
      file,
      threads: 2,
      arrays: [
        { kind: 'numbers', name: 'features', columns, missing: 'nan' },
        { kind: 'numbers', name: 'times', columns: times, dtype: 'float64' },
        { kind: 'presence', name: 'present', columns },
      ],
    });
    expect(loader.rowCount).toBe(9000);
    const rows = [8999, 0, 5, 4096, 4095, 17, 8000];
    const {
      features,
      times: loaded,
      present,
    } = await load(loader, rows, {
      features: new Float32Array(28),
      times: new Float64Array(14),
      present: new Float32Array(28),
    });
    const cell = (name: string, row: number): number => {
      const column = expected.columns.get(name)!;
      return 'values' in column ? column.values[row]! : NaN;
    };
    expect([...features]).toEqual(rows.flatMap((row) => columns.map(({ name }) => cell(name, row))));
    expect([...loaded]).toEqual(rows.flatMap((row) => times.map(({ name }) => cell(name, row))));
    expect([...present]).toEqual([...features].map((each) => Number(!Number.isNaN(each))));
    expect(features.some((each) => Number.isNaN(each))).toBe(true);
  });

  it('of a real table are the same for any number of threads and any memory', async () => {
    const file = await churn();
    const { columns } = await describeTable(file);
    const width = columns.length;
    const expected = await readTable(duck.connection, file, { columns, capacity: 10_000 });
    const reference = new Float32Array(expected.rows * width);
    columns.forEach(({ name }, at) => {
      const column = expected.columns.get(name)!;
      if (column.kind === 'float32') column.values.forEach((value, row) => (reference[row * width + at] = value));
    });
    const rows = Array.from({ length: 300 }, (_, at) => (at * 7919) % expected.rows);
    for (const settings of [{ threads: 1 }, { threads: 2, memoryMb: 0.1 }]) {
      const loader = await pipeline({ file, arrays: [{ kind: 'numbers', name: 'features', columns, missing: 'nan' }], ...settings });
      const { features } = await load(loader, rows, { features: new Float32Array(300 * width) });
      expect(features).toEqual(rowsOf(reference, rows, width));
      const again = await load(loader, rows.toReversed(), { features: new Float32Array(300 * width) });
      expect(again.features).toEqual(rowsOf(reference, rows.toReversed(), width));
    }
  });

  it('takes whole numbers, classes, values instead of missing ones, and rows from memory', async () => {
    const file = await parquet(
      `SELECT * FROM (VALUES (1, 9007199254740993, 'b', 1.5), (NULL, -3, 'a', NULL), (7, 0, 'b', NULL)) AS t(i, l, c, n)`,
    );
    const arrays: PipelineArray[] = [
      { kind: 'numbers', name: 'ids', columns: [{ name: 'i', type: 'integer' }], dtype: 'int32', missing: -9 },
      { kind: 'numbers', name: 'long', columns: [{ name: 'l', type: 'integer' }], dtype: 'int64' },
      { kind: 'numbers', name: 'filled', columns: [{ name: 'n', type: 'number' }], missing: 0.25 },
      { kind: 'classes', name: 'class', column: 'c', classes: ['a', 'b'] },
      { kind: 'classes', name: 'shares', column: 'c', classes: ['a', 'b'], oneHot: true },
      { kind: 'memory', name: 'weights', values: Float32Array.of(10, 11, 20, 21) },
    ];
    const loader = await pipeline({ file, arrays, rowNumbers: Int32Array.of(2, 1) });
    const into = {
      ids: new Int32Array(2),
      long: new BigInt64Array(2),
      filled: new Float32Array(2),
      class: new Int32Array(2),
      shares: new Float32Array(4),
      weights: new Float32Array(4),
    };
    expect(loader.rowCount).toBe(2);
    expect(await load(loader, [1, 0], into)).toEqual({
      ids: Int32Array.of(-9, 7),
      long: BigInt64Array.of(-3n, 0n),
      filled: Float32Array.of(0.25, 0.25),
      class: Int32Array.of(0, 1),
      shares: Float32Array.of(1, 0, 0, 1),
      weights: Float32Array.of(20, 21, 10, 11),
    });
    const whole = await pipeline({ file, arrays: arrays.slice(1, 2) });
    expect((await load(whole, [0], { long: new BigInt64Array(1) })).long[0]).toBe(9007199254740993n);
  });

  it('are mixed within their batch by swap noise', async () => {
    const file = await parquet('SELECT range AS i FROM range(50)');
    const loader = await pipeline({
      file,
      arrays: [{ kind: 'numbers', name: 'features', columns: [{ name: 'i', type: 'integer' }] }],
      batch: [{ kind: 'swapNoise', input: 'features', columns: 1, rate: 1 }],
    });
    const rows = [3, 8, 30];
    const { features } = await load(loader, rows, { features: new Float32Array(3) });
    features.forEach((each, at) => expect(rows.filter((row) => row !== rows[at])).toContain(each));
  });
});

describe('image rows', () => {
  it('are decodeImage’s pixels, channels first, decoded once or twice', async () => {
    const file = await fashion();
    const cells = await duck.connection.runAndReadAll(`SELECT image FROM read_parquet(${quoteText(file)})`);
    const blobs = cells.getRows().map(([cell]) => (cell as { bytes: Uint8Array }).bytes);
    const colour = { ...size, channels: 3 } as const;
    const rows = [1, blobs.length - 1, 40, 7];
    for (const memoryMb of [64, 0.1]) {
      const loader = await pipeline({
        file,
        memoryMb,
        threads: 2,
        arrays: [{ ...images, size: colour, mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.3, 0.5] }],
      });
      for (let epoch = 0; epoch < 2; epoch++) {
        const { images: loaded } = await load(loader, rows, { images: new Float32Array(4 * 3 * 480) });
        for (const [place, row] of rows.entries()) {
          const pixels = (await decodeImage(blobs[row]!, colour))!;
          for (let pixel = 0; pixel < 480; pixel += 7)
            for (let channel = 0; channel < 3; channel++)
              expect(loaded[(place * 3 + channel) * 480 + pixel]).toBeCloseTo(
                (pixels[pixel * 3 + channel]! / 255 - [0.5, 0.4, 0.3][channel]!) / [0.2, 0.3, 0.5][channel]!,
                5,
              );
        }
      }
    }
  });

  it('are augmented by epoch and row, whatever the batch, the threads or what was loaded before', async () => {
    const file = await fashion();
    const plain = await pipeline({ file, arrays: [images] });
    const one = await pipeline({ file, arrays: [{ ...images, augment }] });
    const three = await pipeline({ file, arrays: [{ ...images, augment }], threads: 3, memoryMb: 0.1 });
    const rows = [5, 90, 14, 33];
    const first = (await load(one, rows, { images: new Float32Array(4 * 480) })).images;
    await load(three, [33, 60], { images: new Float32Array(2 * 480) }, 6);
    expect((await load(three, rows, { images: new Float32Array(4 * 480) })).images).toEqual(first);
    expect((await load(one, rows, { images: new Float32Array(4 * 480) }, 6)).images).not.toEqual(first);
    const alone = (await load(one, [14], { images: new Float32Array(480) })).images;
    expect(alone).toEqual(first.subarray(960, 1440));
    // The same augmentation, called by hand.
    const expected = (await load(plain, [14], { images: new Float32Array(480) })).images;
    imageAugmenter(augment, size)(expected, streamKey(5, 14, -1));
    expect(alone).toEqual(expected);
  });

  it('mixes images and targets of a batch', async () => {
    const file = await fashion();
    const label: PipelineArray = { kind: 'classes', name: 'targets', column: 'label', classes, oneHot: true };
    const settings = { file, arrays: [images, label], threads: 2 };
    const plain = await pipeline(settings);
    const mixed = await pipeline({ ...settings, batch: [{ kind: 'mixup', alpha: 0.4, arrays: ['images', 'targets'] }] });
    const arrays = (): { images: Float32Array; targets: Float32Array } => ({
      images: new Float32Array(4 * 480),
      targets: new Float32Array(16),
    });
    const before = await load(plain, [0, 40, 80, 119], arrays());
    const after = await load(mixed, [0, 40, 80, 119], arrays());
    expect(before.targets.subarray(0, 4)).toEqual(Float32Array.of(1, 0, 0, 0));
    const share = after.targets[0]!;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    for (let at = 0; at < 480; at++)
      expect(after.images[at]).toBeCloseTo(share * before.images[at]! + (1 - share) * before.images[3 * 480 + at]!, 5);
    expect(await load(mixed, [0, 40, 80, 119], arrays())).toEqual(after);
    expect(await load(mixed, [0, 40, 80, 119], arrays(), 9)).not.toEqual(after);
  });
});

describe('errors', () => {
  const broken = `SELECT CASE WHEN row = 3 THEN content[1:200] WHEN row = 4 THEN NULL ELSE content END AS image FROM
    (SELECT content, row_number() OVER (ORDER BY filename) - 1 AS row FROM read_blob(${quoteText(`${samples}/fashion/images/bag/*.png`)}))`;

  it('name the row of a truncated and of a missing image, and the pipeline works on', async () => {
    const file = await parquet(broken, 2048);
    const loader = await pipeline({ file, arrays: [images], rowNumbers: Int32Array.of(1, 2, 3) });
    await expect(load(loader, [0, 2], { images: new Float32Array(960) })).rejects.toMatchObject({
      code: 'MK_TRAIN_ROW_UNREADABLE',
      params: { row: 3, column: 'image' },
    });
    expect((await load(loader, [0, 1], { images: new Float32Array(960) })).images.some((each) => each > 0)).toBe(true);
    const all = await pipeline({ file, arrays: [images] });
    await expect(load(all, [0], { images: new Float32Array(480) })).rejects.toMatchObject({
      code: 'MK_TRAIN_ROW_UNREADABLE',
      params: { row: 4 },
    });
  });

  it('can be black images instead, as readTable has them', async () => {
    const file = await parquet(broken);
    const loader = await pipeline({ file, arrays: [{ ...images, unreadable: 'black' }] });
    const { images: loaded } = await load(loader, [3, 4], { images: new Float32Array(960).fill(7) });
    expect(loaded).toEqual(new Float32Array(960));
  });

  it('name the row and column of a cell that is missing, fractional or of no class', async () => {
    const file = await parquet(`SELECT * FROM (VALUES (1, 1.0, 'a'), (2, 2.5, 'x'), (NULL, 3.0, 'a')) AS t(i, n, c)`);
    const refused = async (array: PipelineArray, into: RowArray, row: number, column: string): Promise<void> => {
      const loader = await pipeline({ file, arrays: [array] });
      await expect(load(loader, [0], { [array.name]: into })).rejects.toMatchObject({
        code: 'MK_TRAIN_ROW_UNREADABLE',
        params: { row, column },
      });
    };
    await refused({ kind: 'numbers', name: 'a', columns: [{ name: 'i', type: 'integer' }] }, new Float32Array(1), 2, 'i');
    await refused({ kind: 'numbers', name: 'a', columns: [{ name: 'n', type: 'number' }], dtype: 'int32' }, new Int32Array(1), 1, 'n');
    await refused({ kind: 'classes', name: 'a', column: 'c', classes: ['a', 'b'] }, new Int32Array(1), 1, 'c');
  });

  it('refuse settings, files, columns and rows that do not exist, and leave no thread', async () => {
    const file = await parquet('SELECT 1 AS i');
    const column: Column = { name: 'i', type: 'integer' };
    const array: PipelineArray = { kind: 'numbers', name: 'a', columns: [column] };
    const codeOf = (settings: Partial<PipelineSettings>): Promise<unknown> =>
      openPipeline({ file, arrays: [array], tmp: folder, ...settings }).catch((error: { code?: string }) => error.code);
    const before = threadCount();
    expect(await codeOf({ file: join(folder, 'absent.parquet') })).toBe('MK_FILE_UNREADABLE');
    expect(await codeOf({ arrays: [{ ...array, columns: [{ name: 'z', type: 'integer' }] }] })).toBe('MK_DATA_COLUMN_UNKNOWN');
    expect(await codeOf({ arrays: [{ ...array, columns: [{ name: 'i', type: 'text' }] }] })).toBe('MK_TRAIN_COLUMN_UNFIT');
    expect(await codeOf({ rowNumbers: Int32Array.of(0, 1), threads: 3 })).toBe('MK_DATA_NO_SUCH_ROW');
    expect(await codeOf({ threads: 0 })).toBe('MK_COMPILER_SETTING_INVALID');
    expect(await codeOf({ arrays: [{ ...images, column: 'i', augment: [{ kind: 'shift', pixels: 99 }] }] })).toBe(
      'MK_COMPILER_SETTING_INVALID',
    );
    expect(await codeOf({ arrays: [array, { kind: 'memory', name: 'b', values: new Float32Array(0) }] })).toBe(
      'MK_COMPILER_TRAINING_DATA_INVALID',
    );
    expect(threadCount()).toBe(before);
    expect(await readdir(folder)).toEqual(['table.parquet']);
  });

  it('refuse a network that takes other arrays', async () => {
    const file = await parquet('SELECT 1 AS i');
    const loader = await pipeline({ file, arrays: [{ kind: 'numbers', name: 'a', columns: [{ name: 'i', type: 'integer' }] }] });
    await expect(load(loader, [0], { a: new Float32Array(1), b: new Float32Array(1) })).rejects.toThrow(/"b".*no array/);
    await expect(load(loader, [0], { a: new Float32Array(2) })).rejects.toThrow(/1 numbers a row, not 2/);
    await expect(load(loader, [0], { a: new Int32Array(1) })).rejects.toThrow(/float32, not int32/);
    await expect(load(loader, [1], { a: new Float32Array(1) })).rejects.toThrow(/row 1 of 1/);
  });

  it('tell that the file is gone', async () => {
    const file = await parquet('SELECT range AS i FROM range(5000)');
    const loader = await pipeline({ file, arrays: [{ kind: 'numbers', name: 'a', columns: [{ name: 'i', type: 'integer' }] }] });
    await load(loader, [0], { a: new Float32Array(1) });
    await rm(file);
    await expect(load(loader, [4999], { a: new Float32Array(1) })).rejects.toMatchObject({ code: 'MK_FILE_UNREADABLE' });
    // What was read is still there.
    expect((await load(loader, [2047], { a: new Float32Array(1) })).a[0]).toBe(2047);
  });
});

describe('closing', () => {
  it('leaves no thread and no scratch file, also while a batch is loaded', async () => {
    const file = await fashion();
    const before = threadCount();
    const loader = await openPipeline({ file, arrays: [images], threads: 2, memoryMb: 0.1, tmp: folder });
    expect(threadCount()).toBe(before + 2);
    await load(loader, [0, 1], { images: new Float32Array(960) });
    expect((await readdir(folder, { recursive: true })).filter((name) => /images-0-[01]$/.test(name))).toHaveLength(2);
    const all = Int32Array.from({ length: loader.rowCount }, (_, row) => row);
    const loading = loader.load(all, { images: new Float32Array(all.length * 480) }, 1);
    const refused = expect(loading).rejects.toMatchObject({ code: 'MK_TRAIN_PIPELINE_ENDED' });
    await loader[Symbol.asyncDispose]();
    await refused;
    expect(threadCount()).toBe(before);
    expect(await readdir(folder)).toEqual(['table.parquet']);
    await expect(load(loader, [0], { images: new Float32Array(480) })).rejects.toMatchObject({ code: 'MK_TRAIN_PIPELINE_ENDED' });
    await loader[Symbol.asyncDispose]();
  });
});

/** Worker threads keep a message port open each. */
function threadCount(): number {
  return process.getActiveResourcesInfo().filter((each) => each === 'Worker' || each === 'MessagePort').length;
}

async function describeTable(file: string): Promise<{ columns: Column[] }> {
  const found = await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quoteText(file)})`);
  return {
    columns: found
      .getRows()
      .filter(([, type]) => ['BIGINT', 'DOUBLE', 'BOOLEAN'].includes(String(type)))
      .map(([name, type]) => ({ name: String(name), type: type === 'BIGINT' ? 'integer' : type === 'DOUBLE' ? 'number' : 'boolean' })),
  };
}
