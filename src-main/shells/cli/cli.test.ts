import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../../src-shared/rpc/contract.ts';
import { createClient } from '../../../src-shared/rpc/client.ts';
import { createCore } from '../../core.ts';
import { createDispatch } from '../../rpc/dispatch.ts';
import { jobsHandlers } from '../../rpc/jobs.ts';
import { openTestBench } from '../../testing/testBench.ts';
import { superviseCore } from '../superviseCore.ts';
import { commands } from './commands/index.ts';
import { datasetRef, durationMs, modelRef } from './options.ts';
import { createOut } from './render.ts';
import { callIn, type Called } from './testCli.ts';
import { watchJob } from './watchJob.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...argv: string[]): Promise<Called> => callIn(folder, argv);
const runIn = (env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Called> => callIn(folder, argv, env);

/** Exactly one JSON document on one line. */
function document(stdout: string): unknown {
  expect(stdout.endsWith('\n')).toBe(true);
  expect(stdout.trimEnd()).not.toContain('\n');
  return JSON.parse(stdout);
}

test('init makes the workspace; --workspace wins over the environment', async () => {
  const here = await run('init', '--json');
  expect(here).toMatchObject({ status: 0, stderr: '' });
  expect(document(here.stdout)).toMatchObject({ folder: join(folder, 'w'), empty: true });
  expect((await run('--workspace', join(folder, 'v'), 'init')).stdout).toContain(join(folder, 'v'));
});

test.each([
  [['nothing']],
  [['data', 'import', '--name', 'x']],
  [['data', 'import', 'f.csv']],
  [['data', 'import', 'f.csv', '--name', 'x', '--wrong']],
  [['data', 'import', 'f.csv', '--name', 'x', '--encoding', 'ebcdic']],
  [['data', 'import', 'f.csv', '--name', 'x', '--type', 'a:integer']],
  [['jobs', 'list', '--limit', 'many']],
  [['jobs', 'show']],
  [['jobs', 'show', 'a', 'b']],
  [['audit', 'export']],
  [['train', '--data', 'd']],
  [['train', '--data', 'd', '--target', 't', '--labels', 'l']],
  [['train', '--data', 'd', '--target', 't', '--cv', 'twice']],
  [['train', '--data', 'd', '--target', 't', '--metric', 'roc']],
  [['train', '--data', 'd', '--target', 't', '--task', 'clustering']],
  [['train', '--data', 'd', '--target', 't', '--learner', 'ensemble']],
  [['runs', 'show']],
  [['models', 'alias', 'm', 'champion']],
  [['learn', 'decide', 'c', 'perhaps']],
  [['predict', 'm:x', '--input', 'a', '--output', 'b']],
])('%j makes no sense: status 2, and as JSON one document', async (argv) => {
  expect(await run(...argv)).toMatchObject({ status: 2, stdout: '' });
  const { status, stdout, stderr } = await run(...argv, '--json');
  expect([status, stderr]).toEqual([2, '']);
  expect(document(stdout)).toMatchObject({
    error: { code: 'MK_CLI_USAGE', message: expect.any(String) as string, hint: expect.any(String) as string },
  });
});

test('a failure is status 1 with code, message, hint and parameters; for people in their language', async () => {
  const { status, stdout } = await run('jobs', 'show', 'job_none', '--json');
  expect(status).toBe(1);
  expect(document(stdout)).toEqual({
    error: {
      code: 'MK_NOT_FOUND',
      message: 'There is no job “job_none”.',
      hint: 'Check the name; the list shows what exists.',
      params: { what: 'job', name: 'job_none' },
    },
  });
  expect(await run('jobs', 'show', 'job_none')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('There is no job') as string,
  });
  expect((await runIn({ LANG: 'zh_CN.UTF-8' }, 'jobs', 'show', 'job_none')).stderr).toContain('没有名为「job_none」');
});

test('audit verify tells a broken chain by its status', async () => {
  expect(await run('audit', 'verify')).toMatchObject({ status: 0, stdout: expect.stringContaining('is whole') as string });
  const core = await createCore({ workspaceFolder: join(folder, 'w'), shell: 'cli', actor: 'ada' });
  const { call } = createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) });
  await call('system.saveSettings', { ...(await call('system.settings', {})), requestRetentionDays: 3 });
  await core.close();
  expect(document((await run('audit', 'export', join(folder, 'log.jsonl'), '--json')).stdout)).toEqual({
    file: join(folder, 'log.jsonl'),
    entries: 1,
  });
  writeFileSync(join(folder, 'head'), readFileSync(join(folder, 'log.jsonl'), 'utf8').replace(/"entries":1,/, '"entries":9,'));
  const { status, stdout } = await run('audit', 'verify', '--against', join(folder, 'head'), '--json');
  expect(status).toBe(1);
  expect(document(stdout)).toMatchObject({ ok: false, problem: 'truncated', brokenAt: 3 });
  expect((await run('audit', 'list')).stdout).toMatch(/sequence +at +actor +action +subject\n +2 .*audit\.export/);
});

test('while a window is open, commands work through its core', async () => {
  const core = superviseCore({ workspaceFolder: join(folder, 'w'), shell: 'headless', actor: 'ada' });
  try {
    await core.ready;
    const { status, stdout } = await run('init', '--json');
    expect(status).toBe(0);
    expect(document(stdout)).toMatchObject({ actor: 'ada' });
    await run('audit', 'export', join(folder, 'a.jsonl'));
    const { result } = (await core.dispatch({ id: 1, method: 'audit.list', params: {} })) as { result: { entries: { shell: string }[] } };
    expect(result.entries[0]!.shell).toBe('cli');
  } finally {
    await core.stop();
  }
});

test('a workspace held by someone who takes no commands is MK_WORKSPACE_LOCKED', async () => {
  const core = await createCore({ workspaceFolder: join(folder, 'w'), shell: 'cli', actor: 'ada' });
  try {
    const { status, stdout } = await run('jobs', 'list', '--json');
    expect(status).toBe(1);
    expect(document(stdout)).toMatchObject({ error: { code: 'MK_WORKSPACE_LOCKED', params: { pid: process.pid } } });
  } finally {
    await core.close();
  }
});

test('help lists every command, and each command explains itself', async () => {
  const { stdout, status } = await run('--help');
  expect(status).toBe(0);
  for (const { words } of commands) {
    expect(stdout).toContain(`  ${words.join(' ')}`);
    expect((await run(...words, '--help')).stdout).toContain(`Usage: modelkeep [--workspace DIR] ${words.join(' ')}`);
  }
  expect((await run()).stdout).toBe(stdout);
});

test.each(commands.map((command) => [command.words.join(' '), command] as const))(
  'the usage of “%s” names exactly its options',
  (_name, { usage, options = {} }) => {
    const named = [...usage.matchAll(/--([a-z-]+)/g)].map(([, name]) => name);
    expect([...new Set(named)].sort()).toEqual(Object.keys(options).sort());
  },
);

test('a job is followed to its end on standard error, and its error is thrown', async () => {
  await using bench = await openTestBench();
  const caller: Caller = bench.caller;
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  bench.jobs.register({
    kind: 'work',
    subject: () => 'numbers',
    resumable: false,
    run: async ({ progress, params, signal }) => {
      progress(0.5, { key: 'counting', params: { to: 10 } });
      if (params === 'wait') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      await released;
      if (params === 'fail') throw new Error('bug');
      return 42;
    },
  });
  const dispatch = createDispatch(jobsHandlers(bench.jobs));
  const listeners = new Set<Parameters<ReturnType<typeof createClient>['on']>[1]>();
  const client = createClient({ send: (request) => dispatch(request, caller), onEvent: () => () => listeners.clear() });
  const lines: string[] = [];
  const options = { show: (line: string) => void lines.push(line), signal: new AbortController().signal };
  const following = watchJob(client, bench.jobs.start('work', 'ok', caller).id, options);
  await vi.waitFor(() => expect(lines).toContain('work numbers: running 50 % (counting 10)'));
  release();
  expect(await following).toMatchObject({ result: 42 });
  expect(lines.at(-1)).toBe('work numbers: done');
  await expect(watchJob(client, bench.jobs.start('work', 'fail', caller).id, options)).rejects.toMatchObject({
    code: 'MK_INTERNAL',
    params: { detail: 'bug' },
  });

  const stop = new AbortController();
  const stopped = watchJob(client, bench.jobs.start('work', 'wait', caller).id, { ...options, signal: stop.signal });
  await vi.waitFor(() => expect(lines.filter((line) => line.includes('running')).length).toBeGreaterThan(1));
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: 'MK_JOB_CANCELLED' });
});

test('references and times are read', () => {
  expect([datasetRef('churn'), datasetRef('客户@12')]).toEqual([{ name: 'churn' }, { name: '客户', version: 12 }]);
  expect([modelRef('m'), modelRef('m:3'), modelRef('m@champion')]).toEqual([
    { name: 'm' },
    { name: 'm', version: 3 },
    { name: 'm', alias: 'champion' },
  ]);
  expect(['90', '90s', '2m', '1.5h', '500ms'].map((text) => durationMs(text, 'x'))).toEqual([90_000, 90_000, 120_000, 5_400_000, 500]);
  for (const bad of ['', '1d', '-1s', 'x']) expect(() => durationMs(bad, '--t')).toThrow('--t');
  for (const bad of ['a@b', '@1', '']) expect(() => datasetRef(bad)).toThrow('no dataset');
});

test('tables align numbers to the right and count Chinese characters as two columns', () => {
  let text = '';
  createOut((piece) => (text += piece)).table([
    { name: '数据', rows: 5 },
    { name: 'abc', rows: 1234 },
  ]);
  expect(text).toBe('name  rows\n数据     5\nabc   1234\n');
});
