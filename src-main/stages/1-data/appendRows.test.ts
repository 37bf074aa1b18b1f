import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDataBench, type DataBench } from './dataBench.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let bench: DataBench;
beforeEach(async () => {
  bench = await openDataBench();
  const file = join(bench.folder, 'base.csv');
  writeFileSync(file, 'id,city,amount,active,since\n1,Köln,2.5,true,2024-01-31\n2,北京,,false,2024-02-29\n3,Köln,7,true,\n');
  await bench.mustImport(file, { types: { id: 'integer' } }, 'base');
});
afterEach(() => bench[Symbol.asyncDispose]());

const append = (rows: Record<string, unknown>[]) =>
  bench.data.appendRows({ name: 'base', version: 1 }, rows, { files: [], format: 'requests', options: {}, rowsSetAside: 0 }, 'learn.addRequests', bench.caller); // prettier-ignore

test('new rows stand behind the old ones, which are unchanged, with the types of their columns', async () => {
  const { version, rows, rowsSetAside } = await append([
    { id: 4, city: '上海 "新"', amount: 1e21, active: false, since: '2026-03-01' },
    { city: null, amount: '3.25', active: 'true' },
  ]);
  expect([version, rows, rowsSetAside]).toEqual([2, 5, 0]);
  const stored = bench.data.version({ name: 'base' });
  expect(stored.columns).toEqual(bench.data.version({ name: 'base', version: 1 }).columns);
  expect(stored.source).toMatchObject({ format: 'requests', files: [] });
  expect(await bench.data.rowsAt({ name: 'base', version: 2 }, [0, 1, 2, 3, 4])).toEqual([
    ...(await bench.data.rowsAt({ name: 'base', version: 1 }, [0, 1, 2])),
    { id: 4, city: '上海 "新"', amount: 1e21, active: false, since: '2026-03-01' },
    { id: null, city: null, amount: 3.25, active: true, since: null },
  ]);
  expect((await bench.audit.list({ limit: 1 })).entries[0]).toMatchObject({ action: 'learn.addRequests', subject: 'dataset base v2' });
  expect((await bench.leftovers()).tmp).toEqual([]);
});

test('a row with a value that does not fit is set aside and counted', async () => {
  const { rows, rowsSetAside } = await append([
    { id: 'four' },
    { id: 12.5 },
    { amount: 'much' },
    { since: '2026-02-30' },
    { active: 'perhaps' },
    { id: 5 },
  ]);
  expect([rows, rowsSetAside]).toEqual([4, 5]);
});

test('the same rows again are the same version', async () => {
  expect((await append([{ id: 9 }])).version).toBe(2);
  expect(await append([{ id: 9 }])).toMatchObject({ version: 2, isNew: false });
});

test('a stop leaves nothing', async () => {
  const stop = new AbortController();
  stop.abort();
  const stopped = bench.data.appendRows({ name: 'base', version: 1 }, [{ id: 1 }], { files: [], format: 'requests', options: {}, rowsSetAside: 0 }, 'learn.addRequests', bench.caller, stop.signal); // prettier-ignore
  await expect(stopped).rejects.toMatchObject({ code: 'MK_JOB_CANCELLED' });
  expect((await bench.leftovers()).tmp).toEqual([]);
  expect(bench.data.get({ name: 'base' }).versions).toHaveLength(1);
});
