import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClient, type Client } from '../../src-shared/rpc/client.ts';
import { startProgram } from '../platform/processHost.ts';
import { superviseCore, type SupervisedCore, type SuperviseOptions } from './superviseCore.ts';

let folder: string;
const cores: SupervisedCore[] = [];

function supervise(more: Partial<SuperviseOptions> = {}): { core: SupervisedCore; client: Client } {
  const core = superviseCore({ workspaceFolder: join(folder, 'w'), shell: 'headless', actor: 'ada', onLine: () => {}, ...more });
  cores.push(core);
  core.ready.catch(() => {});
  return { core, client: createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) }) };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(async () => {
  for (const core of cores.splice(0)) await core.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('calls and events go through; the core knows shell and actor', async () => {
  const { core, client } = supervise();
  expect(await core.ready).toMatchObject({ folder: join(folder, 'w'), uploads: join(folder, 'w/tmp/uploads') });
  expect(await client.call('system.info', {})).toMatchObject({ shell: 'headless', actor: 'ada' });
  const changed = new Promise((resolve) => client.on('changed', resolve));
  await client.call('system.saveSettings', { ...(await client.call('system.settings', {})), requestRetentionDays: 3 });
  expect(await changed).toMatchObject({ area: 'settings' });
});

test('calls made while it starts wait for it', async () => {
  const { client } = supervise();
  expect(await client.call('jobs.list', {})).toMatchObject({ running: 0 });
});

test('after kill -9 the calls under way fail, the core comes back with what was acknowledged, and windows are told', async () => {
  const { core, client } = supervise();
  const settings = await client.call('system.settings', {});
  await client.call('system.saveSettings', { ...settings, requestRetentionDays: 5 });
  const restarted = new Promise((resolve) => client.on('coreRestarted', resolve));
  const first = core.pid!;
  const underWay = client.call('system.doctor', {});
  process.kill(first, 'SIGKILL');
  await expect(underWay).rejects.toMatchObject({ code: 'MK_CORE_EXITED' });
  expect(await client.call('system.settings', {})).toMatchObject({ requestRetentionDays: 5 });
  await restarted;
  expect(core.pid).not.toBe(first);
}, 30_000);

test('three kills in a row are survived', async () => {
  const { core, client } = supervise();
  await core.ready;
  for (let i = 0; i < 3; i++) {
    const before = core.pid!;
    process.kill(before, 'SIGKILL');
    await vi.waitFor(() => expect(core.pid).not.toBe(before), 5000);
    await vi.waitFor(async () => expect(await client.call('jobs.list', {})).toMatchObject({ queued: 0 }), 10_000);
  }
}, 60_000);

test('what the core says about the workspace reaches the shell, and it is not tried again', async () => {
  const { core: first } = supervise();
  await first.ready;
  const { core: second, client } = supervise();
  await expect(second.ready).rejects.toMatchObject({ code: 'MK_WORKSPACE_LOCKED', params: { pid: first.pid } });
  await vi.waitFor(() => expect(second.pid).toBeNull());
  await expect(client.call('jobs.list', {})).rejects.toMatchObject({ code: 'MK_CORE_EXITED' });
});

test('a shell that comes while the core of another one is still closing waits for it', async () => {
  const { core: first } = supervise();
  await first.ready;
  const { core: second } = supervise();
  setTimeout(() => void first.stop(), 500);
  await second.ready;
  expect(second.pid).not.toBeNull();
});

test('a core that dies at every start answers MK_CORE_EXITED and never hangs a call', async () => {
  let starts = 0;
  const { core, client } = supervise({
    start: (name, options) => {
      starts++;
      return startProgram(name, join(folder, 'no-such-program.js'), options);
    },
  });
  await expect(core.ready).rejects.toMatchObject({ code: 'MK_WORKER_DIED' });
  await expect(client.call('jobs.list', {})).rejects.toMatchObject({ code: 'MK_CORE_EXITED' });
  await vi.waitFor(() => expect(starts).toBeGreaterThanOrEqual(3), 5000);
});

test('stop lets the core close the workspace', async () => {
  const { core } = supervise();
  await core.ready;
  await core.stop();
  const { core: next } = supervise();
  await next.ready;
});
