import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { ManualClock } from './clock.ts';
import { lockHolder } from './lock.ts';
import { startProgram } from './processHost.ts';
import { openDatabase } from './sqlite.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

let folder: string;
const clock = new ManualClock();
const open = (): Promise<Workspace> => openWorkspace(folder, { clock, migrations, ballastBytes: 0 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a new workspace is made, and opened again with what was written', async () => {
  folder = join(folder, 'deep/er');
  const first = await open();
  expect(first.firstRun).toBe(true);
  const blob = await first.blobs.put(Buffer.from('kept'));
  await first.close();
  const second = await open();
  expect(second.firstRun).toBe(false);
  expect(second.name).toBe('er');
  expect((await second.blobs.read(blob.sha256)).toString()).toBe('kept');
  await second.close();
});

test('tmp is emptied at start; uploads stay for a day', async () => {
  await (await open()).close();
  mkdirSync(join(folder, 'tmp/half'));
  writeFileSync(join(folder, 'tmp/half/written'), 'x');
  for (const [name, ageHours] of [
    ['new', 1],
    ['old', 25],
  ] as const) {
    writeFileSync(join(folder, 'tmp/uploads', name), 'x');
    const at = (clock.now() - ageHours * 3_600_000) / 1000;
    utimesSync(join(folder, 'tmp/uploads', name), at, at);
  }
  const workspace = await open();
  expect(readdirSync(workspace.tmp)).toEqual(['uploads']);
  expect(readdirSync(workspace.uploads)).toEqual(['new']);
  await workspace.close();
});

test.skipIf(process.platform === 'win32')('sockets and stored content are for this user', async () => {
  const workspace = await open();
  expect(statSync(workspace.run).mode & 0o777).toBe(0o700);
  const { sha256 } = await workspace.blobs.put(Buffer.from('x'));
  expect(statSync(workspace.blobs.path(sha256)).mode & 0o222).toBe(0);
  await workspace.close();
});

test('a second opening in the same process is refused and does not disturb the first', async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: 'MK_WORKSPACE_LOCKED', params: { folder, pid: process.pid } });
  await expect(open()).rejects.toMatchObject({ code: 'MK_WORKSPACE_LOCKED' });
  first.db.exec(`INSERT INTO settings VALUES ('a', '1')`);
  await first.close();
  await (await open()).close();
});

test('a living process keeps others out and is named; after kill -9 the workspace is free at once', async () => {
  const holder = startProgram('lockHolder', join(import.meta.dirname, 'fixtures/lockHolder.ts'));
  const { pid, since } = await holder.request<{ pid: number; since: number }>('open', folder);
  await expect(open()).rejects.toMatchObject({
    code: 'MK_WORKSPACE_LOCKED',
    params: { folder, pid: holder.pid, since: new Date(since).toISOString() },
  });
  expect(pid).toBe(holder.pid);
  process.kill(holder.pid, 'SIGKILL');
  await holder.exited;
  const workspace = await open();
  expect(lockHolder(folder)).toEqual({ pid: process.pid, since: clock.now() });
  await workspace.close();
});

test('a workspace of a newer version is refused, stays unlocked and unchanged', async () => {
  await (await open()).close();
  const file = join(folder, 'registry.sqlite');
  const db = openDatabase(file);
  db.pragma(`user_version = ${migrations.length + 1}`);
  db.close();
  const before = readFileSync(file);
  await expect(open()).rejects.toMatchObject({
    code: 'MK_WORKSPACE_NEWER',
    params: { found: migrations.length + 1, known: migrations.length },
  });
  expect(readFileSync(file).equals(before)).toBe(true);
  await expect(open()).rejects.toMatchObject({ code: 'MK_WORKSPACE_NEWER' });
});

test('a folder that cannot be made is MK_WORKSPACE_UNWRITABLE', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(openWorkspace(join(folder, 'file/below'), { clock, migrations, ballastBytes: 0 })).rejects.toMatchObject({
    code: 'MK_WORKSPACE_UNWRITABLE',
  });
});

test('the reserve is made in the background, kept, and given back once', async () => {
  const ballastBytes = 3_000_000;
  const workspace = await openWorkspace(folder, { clock, migrations, ballastBytes });
  await vi.waitFor(() => expect(statSync(join(folder, 'ballast')).size).toBe(ballastBytes));
  expect(await workspace.releaseBallast()).toBe(true);
  expect(existsSync(join(folder, 'ballast'))).toBe(false);
  expect(await workspace.releaseBallast()).toBe(false);
  await workspace.close();
});
