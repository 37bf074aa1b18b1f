import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { badInputs, makeBad } from '../../../test/fixtures/makeBad.ts';
import { openDataBench, type DataBench } from './dataBench.ts';

let folder: string;
let bench: DataBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-bad-'));
  await makeBad(folder);
  bench = await openDataBench();
}, 60_000);
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('input that is refused', () => {
  test.each(badInputs.filter(({ expectedErrorCode }) => expectedErrorCode !== null))(
    '$file: $expectedErrorCode ($note)',
    async ({ file, options = {}, expectedErrorCode, expectedParams = {} }) => {
      const before = await bench.leftovers();
      const job = await bench.import(join(folder, file), options, 'refused');
      expect(job.error).toMatchObject({ code: expectedErrorCode, params: expectedParams });
      expect(await bench.leftovers()).toEqual(before);
      expect(before.tmp).toEqual([]);
    },
    30_000,
  );
});

describe('good data that looks odd', () => {
  test.each(badInputs.filter(({ expectedErrorCode }) => expectedErrorCode === null))(
    '$file: $note',
    async ({ file, options = {}, expected = { rows: 0 } }) => {
      const name = file.replace(/\W/g, '-');
      const { version } = await bench.mustImport(join(folder, file), options, name);
      const stored = bench.data.get({ name, version });
      expect(stored.rows).toBe(expected.rows);
      if (expected.columns) expect(stored.columns.map((column) => column.name)).toEqual(expected.columns);
      if (expected.encoding) expect(stored.source.options.encoding).toBe(expected.encoding);
      if (expected.firstRow) expect((await bench.data.rowsAt({ name, version }, [0]))[0]).toMatchObject(expected.firstRow);
    },
    30_000,
  );
});
