import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { counterRandom } from '../platform/random.ts';
import { ManualClock } from '../platform/clock.ts';
import { transaction } from '../platform/sqlite.ts';
import { openTestBench, type TestBench } from '../testing/testBench.ts';
import { AuditLog, genesis, type AuditHead } from './audit.ts';
import { AuditHeadFile, headOfExport } from './auditHeadFile.ts';

let bench: TestBench;
let log: AuditLog;
const clock = new ManualClock();

beforeEach(async () => {
  bench = await openTestBench({ clock });
  log = bench.audit;
});
afterEach(() => bench[Symbol.asyncDispose]());

function write(count: number): void {
  transaction(bench.db, () => {
    for (let i = 0; i < count; i++) {
      clock.advance(1000);
      log.append({
        caller: bench.caller,
        action: i % 3 ? 'data.import' : 'registry.alias.set',
        subject: `dataset number${i}`,
        details: { rows: i, name: 'ü' },
      });
    }
  });
}

/** As someone with another program would: without the application's triggers or checks. */
const sql = (text: string, ...values: unknown[]): void => void bench.db.prepare(text).run(...values);

test('an untouched chain verifies, also an empty one', async () => {
  expect(await log.verify()).toEqual({ ok: true, entries: 0, head: genesis, brokenAt: null, problem: null });
  write(5000);
  expect(await log.verify()).toEqual({ ok: true, entries: 5000, head: log.head().hash, brokenAt: null, problem: null });
});

test('an entry outside a transaction is refused, and one of a transaction that fails is gone', async () => {
  const event = { caller: bench.caller, action: 'x', subject: 'y' };
  expect(() => log.append(event)).toThrow('transaction');
  expect(() =>
    transaction(bench.db, () => {
      log.append(event);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(log.head().entries).toBe(0);
  write(2);
  expect(await log.verify()).toMatchObject({ ok: true, entries: 2 });
});

const replacements: Record<string, unknown> = {
  at: 1,
  actor: 'mallory',
  shell: 'headless',
  action: 'nothing',
  subject: 'dataset other',
  details: '{"name":"ü","rows":999}',
  hash: 'f'.repeat(64),
};

test.each(Object.entries(replacements))('an edited %s is found at its entry', async (column, value) => {
  write(50);
  sql(`UPDATE audit SET ${column} = ? WHERE sequence = 20`, value);
  expect(await log.verify()).toMatchObject({ ok: false, brokenAt: 20, problem: 'changed', entries: 19 });
});

test('another spelling of the same details is found', async () => {
  write(3);
  sql(`UPDATE audit SET details = '{"name":"ü", "rows":1}' WHERE sequence = 2`);
  expect(await log.verify()).toMatchObject({ brokenAt: 2, problem: 'changed' });
});

test('a deleted entry is found, and renumbering the rest does not hide it', async () => {
  write(50);
  sql('DELETE FROM audit WHERE sequence = 7');
  expect(await log.verify()).toMatchObject({ brokenAt: 7, problem: 'missing' });
  sql('UPDATE audit SET sequence = sequence - 1 WHERE sequence > 7');
  expect(await log.verify()).toMatchObject({ brokenAt: 7, problem: 'changed' });
});

test('two entries that changed places are found', async () => {
  write(50);
  sql('UPDATE audit SET sequence = -1 WHERE sequence = 10');
  sql('UPDATE audit SET sequence = 10 WHERE sequence = 30');
  sql('UPDATE audit SET sequence = 30 WHERE sequence = -1');
  expect(await log.verify()).toMatchObject({ brokenAt: 10, problem: 'changed' });
});

test('an inserted entry is found, before, between and after the others', async () => {
  write(10);
  const row = bench.db.prepare('SELECT * FROM audit WHERE sequence = 4').get() as Record<string, unknown>;
  const insert = (sequence: number): void =>
    sql('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)', sequence, ...Object.values(row).slice(1));
  insert(0);
  expect(await log.verify()).toMatchObject({ brokenAt: 1, problem: 'missing' });
  sql('DELETE FROM audit WHERE sequence = 0');
  insert(11);
  expect(await log.verify()).toMatchObject({ brokenAt: 11, problem: 'changed' });
});

test('200 random mutations are all found', async () => {
  write(30);
  const random = counterRandom(11);
  const columns = ['at', 'actor', 'shell', 'action', 'subject', 'details', 'hash'];
  for (let i = 0; i < 200; i++) {
    const before = bench.db.prepare('SELECT * FROM audit').all() as Record<string, unknown>[];
    const sequence = 1 + random.integer(30);
    const column = columns[random.integer(columns.length)]!;
    const old = before[sequence - 1]![column];
    const changed = typeof old === 'number' ? old + 1 + random.integer(1000) : flip(String(old), random.integer(String(old).length));
    sql(`UPDATE audit SET ${column} = ? WHERE sequence = ?`, changed, sequence);
    expect(await log.verify(), `${column} of ${sequence}`).toMatchObject({ ok: false, brokenAt: sequence });
    sql(`UPDATE audit SET ${column} = ? WHERE sequence = ?`, old, sequence);
  }
  expect(await log.verify()).toMatchObject({ ok: true });
});

function flip(text: string, position: number): string {
  const other = text[position] === 'a' ? 'b' : 'a';
  return text.slice(0, position) + other + text.slice(position + 1);
}

test('entries cut off at the end are found against an exported head, and only so', async () => {
  write(20);
  const file = join(bench.folder, 'audit.jsonl');
  await log.export(file);
  sql('DELETE FROM audit WHERE sequence > 15');
  expect(await log.verify()).toMatchObject({ ok: true, entries: 15 });
  expect(await log.verify([await headOfExport(file)])).toMatchObject({ ok: false, brokenAt: 16, problem: 'truncated' });
});

test('a chain that was written anew is found against an exported head', async () => {
  write(20);
  const file = join(bench.folder, 'audit.jsonl');
  const head = await log.export(file);
  const rows = bench.db.prepare('SELECT * FROM audit ORDER BY sequence').all() as {
    subject: string;
    action: string;
    details: string;
    at: number;
  }[];
  sql('DELETE FROM audit');
  transaction(bench.db, () => {
    for (const { subject, action } of rows) log.append({ caller: { actor: 'mallory', shell: 'cli' }, action, subject });
  });
  expect(await log.verify()).toMatchObject({ ok: true, entries: 20 });
  expect(await log.verify([head])).toMatchObject({ ok: false, brokenAt: 20, problem: 'differsFromHead' });
});

test('an export can be checked with ten lines of another program', async () => {
  write(25);
  const file = join(bench.folder, 'audit.jsonl');
  expect(await log.export(file)).toEqual({ entries: 25, hash: log.head().hash });
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  let hash = '0'.repeat(64);
  for (const { hash: claimed, ...entry } of lines.slice(0, -1)) {
    hash = createHash('sha256')
      .update(`${hash}\n${JSON.stringify(sortKeys(entry))}`)
      .digest('hex');
    expect(claimed).toBe(hash);
  }
  expect(lines.at(-1)).toEqual({ head: { entries: 25, hash } });
});

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sortKeys(member)]),
  );
}

test('the copy of the head beside the database shows a cut-off end, and is never moved back', async () => {
  const file = join(bench.folder, 'audit-head.json');
  const heads = new AuditHeadFile(log, file);
  expect(await heads.read()).toBeNull();
  write(8);
  await heads.write();
  const copied = (await heads.read()) as AuditHead;
  expect(copied).toEqual(log.head());
  sql('DELETE FROM audit WHERE sequence > 5');
  await heads[Symbol.asyncDispose]();
  expect(await heads.read()).toEqual(copied);
  expect(await log.verify([copied])).toMatchObject({ ok: false, brokenAt: 6, problem: 'truncated' });
});

test('a head that is not one is refused, not ignored', async () => {
  write(1);
  await log.export(join(bench.folder, 'a'));
  await expect(headOfExport(join(bench.folder, 'none'))).rejects.toMatchObject({ code: 'MK_FILE_UNREADABLE' });
  copyFileSync(join(bench.folder, 'registry.sqlite'), join(bench.folder, 'b'));
  await expect(headOfExport(join(bench.folder, 'b'))).rejects.toMatchObject({ code: 'MK_AUDIT_BROKEN' });
});

test('a failed export leaves no file', async () => {
  write(3);
  await expect(log.export(join(bench.folder, 'none/a'))).rejects.toMatchObject({ code: 'MK_FILE_UNWRITABLE' });
  expect(existsSync(join(bench.folder, 'none'))).toBe(false);
});

test('list is newest first, in pages, and filters every field without regard to case', async () => {
  write(30);
  const first = await log.list({ limit: 10 });
  expect(first.entries.map(({ sequence }) => sequence)).toEqual([30, 29, 28, 27, 26, 25, 24, 23, 22, 21]);
  expect(first.total).toBe(30);
  expect((await log.list({ limit: 2, before: 21 })).entries.map(({ sequence }) => sequence)).toEqual([20, 19]);
  expect(await log.list({ limit: 3, filter: 'ALIAS' })).toMatchObject({
    total: 10,
    entries: [{ sequence: 28 }, { sequence: 25 }, { sequence: 22 }],
  });
  expect((await log.list({ limit: 3, filter: 'alias', before: 22 })).entries[0]!.sequence).toBe(19);
  expect(await log.list({ limit: 3, filter: 'NUMBER29' })).toMatchObject({ total: 1 });
  expect(await log.list({ limit: 3, filter: '100%_' })).toEqual({ total: 0, entries: [] });
});

test('verification takes constant memory', async () => {
  const bytes = 'x'.repeat(20_000);
  transaction(bench.db, () => {
    for (let i = 0; i < 6000; i++) log.append({ caller: bench.caller, action: 'a', subject: 's', details: { bytes } });
  });
  let peak = 0;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage().heapUsed)), 1);
  const before = process.memoryUsage().heapUsed;
  expect(await log.verify()).toMatchObject({ ok: true, entries: 6000 });
  clearInterval(sampler);
  // Read at once, all details would be 120 MB as text and as much again when parsed. A page of 2,000 is a third of that; what the
  // collector has not taken away yet comes on top.
  expect(peak - before).toBeLessThan(190 * 1024 * 1024);
}, 30_000);
