// What happens when things go wrong in the middle: surprises late in a large file, kills, cancels, full disks.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartWorker, Worker } from '../../platform/processHost.ts';
import { startWorker } from '../../platform/processHost.ts';
import { openTestBench } from '../../testing/testBench.ts';
import { DataService } from './api.ts';
import { openDataBench, type DataBench } from './dataBench.ts';

/** Above the size from which types are taken from the head of the file. */
const rows = 700_000;
let folder: string;
let large: string;
let bench: DataBench;
const workers: Worker[] = [];
const watched: StartWorker = (name, options) => {
  const worker = startWorker(name, options);
  workers.push(worker);
  return worker;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-large-'));
  large = join(folder, 'large.csv');
  await writeFile(large, 'id,code,amount,day,note\n');
  for (let from = 0; from < rows; from += 100_000) {
    const lines = Array.from({ length: 100_000 }, (_, at) => {
      const row = from + at;
      return `${row},${10_000 + ((row * 7) % 80_000)},${(row % 1000) / 8},2024-${String(1 + (row % 12)).padStart(2, '0')}-0${1 + (row % 9)},"note ${row % 97}, and more of it"`;
    });
    await appendFile(large, `${lines.join('\n')}\n`);
  }
  bench = await openDataBench({ startWorker: watched });
}, 60_000);
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function withTail(lines: string): Promise<string> {
  const file = join(folder, 'tail.csv');
  execFileSync('cp', [large, file]);
  await appendFile(file, lines);
  return file;
}

describe('a large file, read with the types of its head', () => {
  test('keeps every row in its place, whichever thread read it', async () => {
    expect(await bench.mustImport(large, {}, 'large')).toMatchObject({ rows });
    const [found] = await bench.data.query(
      { name: 'large', version: 1 },
      `SELECT count(*) AS n FROM (SELECT id, row_number() OVER () - 1 AS position FROM {table}) WHERE id <> position`,
    );
    expect(found).toEqual({ n: 0 });
    expect(await bench.data.rows({ name: 'large', version: 1, offset: 611_111, limit: 2 })).toMatchObject({
      total: rows,
      rowNumbers: [611_111, 611_112],
      rows: [[611_111], [611_112]].map((cells) => expect.arrayContaining(cells) as unknown[]),
    });
    expect(await bench.mustImport(large, {}, 'large')).toMatchObject({ version: 1, isNew: false }); // the same bytes, twice
  }, 60_000);

  test.each([
    ['a leading zero: all codes stay text', `${rows},00123,1,2024-01-01,x\n`, { code: 'category' }, { code: '00123' }],
    ['a fraction: the integers become numbers', `${rows},10000.5,1,2024-01-01,x\n`, { code: 'number' }, { code: 10_000.5 }],
    [
      'a time of day: the dates become timestamps',
      `${rows},1,1,2024-01-01 10:30:00,x\n`,
      { day: 'timestamp' },
      { day: '2024-01-01T10:30:00' },
    ],
    [
      'a usual word for missing: missing',
      `${rows},NA,n/a,NULL,NA\n`,
      { code: 'integer', amount: 'number', day: 'date' },
      { code: null, amount: null, day: null, note: 'NA' },
    ],
  ])(
    'a surprise in the last row is not lost: %s',
    async (_, tail, types, cells) => {
      const name = `tail-${Object.values(types).join('-')}`;
      await bench.mustImport(await withTail(tail), {}, name);
      const found = Object.fromEntries(bench.data.version({ name }).columns.map((column) => [column.name, column.type]));
      expect(found).toMatchObject(types);
      expect((await bench.data.rowsAt({ name, version: 1 }, [rows]))[0]).toMatchObject(cells);
    },
    60_000,
  );

  test.each([
    [
      'a word among numbers',
      `${rows},1,many,2024-01-01,x\n`,
      { code: 'MK_DATA_MIXED_TYPES', params: { row: rows + 2, field: 'amount', found: 'many', count: 1 } },
    ],
    ['a broken row', `${rows},1,2\n`, { code: 'MK_DATA_BROKEN_ROW', params: { row: rows + 2, found: 3, expected: 5 } }],
    ['a zero byte', `${rows},1,2,2024-01-01,\0\n`, { code: 'MK_DATA_NUL_BYTES', params: { row: rows + 2 } }],
    ['a line without end', `${rows},1,2,2024-01-01,${'x'.repeat(9_000_000)}\n`, { code: 'MK_DATA_TOO_LONG', params: { row: rows + 2 } }],
    [
      'a quote that is never closed',
      `${rows},1,2,2024-01-01,"open\n${`${rows},1,2,2024-01-01,x\n`.repeat(10)}`,
      { code: 'MK_DATA_UNCLOSED_QUOTE', params: { row: rows + 2 } },
    ],
  ])(
    'names the last row: %s',
    async (_, tail, error) => {
      const before = await bench.leftovers();
      expect((await bench.import(await withTail(tail), {}, 'named')).error).toMatchObject(error);
      expect(await bench.leftovers()).toEqual(before);
    },
    60_000,
  );
});

describe('stopped in the middle', () => {
  const startAndWait = async (): Promise<{ jobId: string; before: Awaited<ReturnType<DataBench['leftovers']>> }> => {
    const before = await bench.leftovers();
    workers.length = 0;
    const { jobId } = bench.data.startImport({ files: [large], name: 'stopped', options: { types: { id: 'text' } } }, bench.caller);
    for (let waited = 0; !((bench.jobs.get(jobId).progress ?? 0) > 0.1); waited++) {
      expect(waited).toBeLessThan(1000);
      await delay(20);
    }
    return { jobId, before };
  };

  test('kill -9 of the worker fails the job and leaves nothing', async () => {
    const { jobId, before } = await startAndWait();
    process.kill(workers[0]!.pid, 'SIGKILL');
    const job = await bench.jobs.wait(jobId);
    expect(job).toMatchObject({ state: 'failed', error: { code: 'MK_WORKER_DIED' } });
    expect(await bench.leftovers()).toEqual(before);
  }, 60_000);

  test('a cancel stops it and leaves nothing', async () => {
    const { jobId, before } = await startAndWait();
    await bench.jobs.cancel(jobId, bench.caller);
    expect(bench.jobs.get(jobId)).toMatchObject({ state: 'cancelled' });
    expect(await bench.leftovers()).toEqual(before);
    await workers[0]!.exited;
  }, 60_000);

  test('questions go on after their worker was killed', async () => {
    workers.length = 0;
    const window = { name: 'large', version: 1, offset: 5, limit: 1 };
    const first = await bench.data.rows(window);
    for (const worker of workers) process.kill(worker.pid, 'SIGKILL');
    expect(await bench.data.rows(window)).toEqual(first);
  }, 30_000);
});

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a full disk', () => {
  test('fails the import with MK_DISK_FULL and leaves nothing', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=14m', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      return; // a container without the right to mount
    }
    const full = await openTestBench({ folder: join(small, 'workspace') });
    try {
      const { db, blobs, jobs, audit, clock, emit, workspace } = full;
      const data = new DataService({ db, blobs, jobs, audit, clock, emit, startWorker, scratch: workspace.tmp, jobMemoryMb: () => 1536 });
      full.add(data);
      // Random digits do not compress: the table needs more than the disk has.
      const file = join(folder, 'incompressible.csv');
      const lines = Array.from(
        { length: 300_000 },
        (_, row) => `${row},${Math.sin(row) * 1e9},${Math.cos(row * 3) * 1e9},${Math.sin(row * 7) * 1e9},${Math.cos(row * 11) * 1e9}`,
      );
      await writeFile(file, `a,b,c,d,e\n${lines.join('\n')}\n`);
      const job = await jobs.wait(data.startImport({ files: [file], name: 'full', options: {} }, full.caller).jobId);
      expect(job).toMatchObject({ state: 'failed', error: { code: 'MK_DISK_FULL' } });
      expect(data.list()).toEqual([]);
      let blobCount = 0;
      for await (const _blob of blobs.list()) blobCount++;
      expect(blobCount).toBe(0);
    } finally {
      await full[Symbol.asyncDispose]();
      execFileSync('umount', [small]);
    }
  }, 60_000);
});
