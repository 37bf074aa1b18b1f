import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient, type Client } from '../src-shared/rpc/client.ts';
import { createCore, type Core } from './core.ts';
import { openDatabase } from './platform/sqlite.ts';

let folder: string;
let core: Core;
let client: Client;

async function open(): Promise<void> {
  core = await createCore({ workspaceFolder: join(folder, 'w'), shell: 'cli', actor: 'ada' });
  client = createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  await open();
});
afterEach(async () => {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
});

test('system.info tells who, where and with what', async () => {
  expect(await client.call('system.info', {})).toMatchObject({
    version: (JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string }).version,
    actor: 'ada',
    shell: 'cli',
    runtime: 'node',
    node: process.versions.node,
    firstRun: true,
    workspace: { folder: join(folder, 'w'), name: 'w' },
  });
});

test('settings are kept, told to open windows and audited with old and new value', async () => {
  const before = await client.call('system.settings', {});
  const areas: string[] = [];
  client.on('changed', ({ area }) => areas.push(area));
  await client.call('system.saveSettings', { ...before, requestRetentionDays: 7 });
  await client.call('system.saveSettings', { ...before, requestRetentionDays: 7 });
  await core.close();
  await open();
  expect(await client.call('system.settings', {})).toEqual({ ...before, requestRetentionDays: 7 });
  expect(areas).toEqual(['settings', 'settings']);
  const { entries } = await client.call('audit.list', {});
  expect(entries).toMatchObject([
    { action: 'system.saveSettings', actor: 'ada', details: { requestRetentionDays: { from: before.requestRetentionDays, to: 7 } } },
  ]);
  await expect(client.call('system.saveSettings', { ...before, servePort: 70_000 })).rejects.toMatchObject({
    code: 'MK_RPC_INVALID_PARAMS',
    params: { field: 'servePort' },
  });
});

test('the status bar gets figures of this machine', async () => {
  const status = await client.call('system.status', {});
  expect(status).toMatchObject({
    savedAt: null,
    audit: { entries: 0, verifiedAt: null, ok: null },
    jobs: { running: 0, queued: 0 },
    outsideConnections: 0,
  });
  expect(status.memory.usedBytes).toBeGreaterThan(20e6);
  expect(status.disk.freeBytes).toBeGreaterThan(0);
  expect(status.cpu).toBeGreaterThanOrEqual(0);
  expect(status.cpu).toBeLessThanOrEqual(1);
  await client.call('audit.verify', {});
  expect((await client.call('system.status', {})).audit).toMatchObject({ ok: true });
});

test('the doctor finds the libraries and runs a model in a process of its own', async () => {
  const report = await client.call('system.doctor', {});
  expect(report.libraries).toMatchObject({
    node: process.versions.node,
    sqlite: expect.stringMatching(/^3\./),
    duckdb: expect.stringMatching(/^v1\.5/),
    onnxruntime: '1.30.0',
  });
  expect(report.providers).toContainEqual(expect.objectContaining({ name: 'cpu', usable: true }));
  expect(report.checks.map(({ check }) => check)).toEqual([
    'node',
    'sqlite',
    'disk',
    'fsync',
    'memory',
    'port',
    'lock',
    'audit',
    'inference',
  ]);
  expect(report.checks.find(({ check }) => check === 'sqlite')!.params.synchronous).toBe('2');
  expect(report.checks.find(({ check }) => check === 'fsync')!.params.medianMs).toBeGreaterThan(0);
  expect(report.processes.some(({ pid }) => pid === process.pid)).toBe(true);
}, 60_000);

test('connections of our processes are listed where the system tells', async () => {
  const found = await client.call('system.connections', {});
  expect(found).toMatchObject({ supported: process.platform === 'linux', outside: 0 });
});

test('browsing shows folders first, then files, and names what cannot be read', async () => {
  mkdirSync(join(folder, 'zoo'));
  writeFileSync(join(folder, 'a10.csv'), 'x');
  writeFileSync(join(folder, 'a9.csv'), 'xyz');
  expect(await client.call('system.browse', { folder })).toEqual({
    folder,
    parent: tmpdir(),
    entries: [
      { name: 'w', path: join(folder, 'w'), kind: 'folder', sizeBytes: 0 },
      { name: 'zoo', path: join(folder, 'zoo'), kind: 'folder', sizeBytes: 0 },
      { name: 'a9.csv', path: join(folder, 'a9.csv'), kind: 'file', sizeBytes: 3 },
      { name: 'a10.csv', path: join(folder, 'a10.csv'), kind: 'file', sizeBytes: 1 },
    ],
  });
  await expect(client.call('system.browse', { folder: join(folder, 'none') })).rejects.toMatchObject({
    code: 'MK_FILE_UNREADABLE',
    params: { reason: 'ENOENT' },
  });
});

test('the audit log is exported, audited, and shows a cut-off end after a restart', async () => {
  const settings = await client.call('system.settings', {});
  for (const days of [1, 2, 3]) await client.call('system.saveSettings', { ...settings, requestRetentionDays: days });
  const file = join(folder, 'audit.jsonl');
  expect(await client.call('audit.export', { file })).toEqual({ file, entries: 3 });
  expect(await client.call('audit.verify', { against: file })).toMatchObject({ ok: true, entries: 4 });
  await core.close();
  const db = openDatabase(join(folder, 'w/registry.sqlite'));
  db.exec('DELETE FROM audit WHERE sequence > 2');
  db.close();
  await open();
  expect(await client.call('audit.verify', {})).toMatchObject({ ok: false, brokenAt: 3, problem: 'truncated' });
  expect(await client.call('audit.verify', { against: file })).toMatchObject({ ok: false, problem: 'truncated' });
});

test('a workspace that is open is refused to a second core', async () => {
  await expect(createCore({ workspaceFolder: join(folder, 'w'), shell: 'cli', actor: 'bob' })).rejects.toMatchObject({
    code: 'MK_WORKSPACE_LOCKED',
  });
  expect(await client.call('jobs.list', {})).toEqual({ jobs: [], running: 0, queued: 0 });
});

test.runIf(process.platform === 'linux')(
  'the core process loads no native library but SQLite: models run and foreign bytes are parsed elsewhere',
  () => {
    const script = `
    await import(${JSON.stringify(join(import.meta.dirname, 'core.ts'))});
    const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8');
    console.log([...new Set(maps.match(/[^/\\s]+\\.node$/gm))].join());
  `;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim()).toMatch(
      /^(better_sqlite3\.node)?$/,
    );
  },
);
