// What a caller was told is stored, whoever is killed and when: answers against an acknowledgement log that the test keeps.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveWorkers } from '../../platform/processHost.ts';
import { counterRandom } from '../../platform/random.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { OpenLoad } from '../../testing/openLoad.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';
import { churnModel, versionModel } from '../../testing/serveModels.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-stored-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('requests are found by what was asked and answered, whole, in both protocols', async () => {
  await using t: TestServe = await openTestServe();
  await t.registry.add('churn', 1, churnModel());
  t.registry.aliases.set('churn@champion', 1);
  const { predictUrl, v2Url } = await t.serve.deploy(
    { endpoint: 'churn', model: 'churn', alias: 'champion', storeInputs: true, reason: '' },
    t.bench.caller,
  );
  const row = { tenure: 40, plan: '高级', active: true, notes: '张三 来电' };
  const named = await http(predictUrl!, { rows: [row, { ...row, notes: 'two' }] });
  const wrong = await http(predictUrl!, { ...row, notes: '', tenure: '很久' });
  const tensors = [
    { name: 'tenure', shape: [1, 1], datatype: 'FP32', data: [7] },
    { name: 'plan', shape: [1, 1], datatype: 'BYTES', data: ['basic'] },
    { name: 'active', shape: [1, 1], datatype: 'FP32', data: [0] },
    { name: 'notes', shape: [1, 1], datatype: 'BYTES', data: ['李四'] },
  ];
  const v2 = await http(`${v2Url!}/infer`, { inputs: tensors });
  const find = async (query: Partial<Parameters<typeof t.serve.requests>[0]>): Promise<string[]> =>
    (await t.serve.requests({ only: 'all', limit: 10, ...query })).requests.map(({ id }) => id);
  for (let attempt = 0; attempt < 200 && (await find({})).length < 3; attempt++) await pause(50);
  expect(await find({})).toEqual([v2, wrong, named].map(({ body }) => body.requestId ?? body.parameters.request_id));
  expect(await find({ search: '张三' })).toEqual([named.body.requestId]);
  expect(await find({ search: '李四' })).toEqual([v2.body.parameters.request_id]);
  expect(await find({ search: '很久' })).toEqual([wrong.body.requestId]);
  expect(await find({ only: 'errors' })).toEqual([wrong.body.requestId]);
  const whole = await t.serve.request(named.body.requestId);
  expect(whole).toMatchObject({
    version: 1,
    protocol: 'named',
    rows: 2,
    status: 200,
    prediction: 'yes',
    input: { rows: [row, { notes: 'two' }] },
  });
  expect(whole.output).toEqual(named.body);
  expect(await t.serve.request(wrong.body.requestId)).toMatchObject({
    status: 422,
    errorCode: 'MK_SERVE_TYPE_MISMATCH',
    error: { params: { field: 'tenure', row: 0 } },
  });
  expect(await t.serve.request(v2.body.parameters.request_id)).toMatchObject({
    protocol: 'v2',
    input: { inputs: tensors },
    prediction: 'no',
  });
  const { traffic, curl } = await t.serve.get({ name: 'churn', windowMs: 3_600_000 });
  expect(traffic).toMatchObject({ requests: 3, errors: 1 });
  expect(curl).toContain(predictUrl!);
  expect(JSON.parse(/-d '(.*)' '/.exec(curl)![1]!)).toMatchObject({ rows: [{ plan: 'basic' }] });
}, 180_000);

test('kill -9 of host, gateway and ingester at random moments: every answer is stored once', async () => {
  await using t: TestServe = await openTestServe();
  await t.registry.add('m', 1, versionModel(1));
  t.registry.aliases.set('m@champion', 1);
  const { predictUrl } = await t.serve.deploy(
    { endpoint: 'm', model: 'm', alias: 'champion', storeInputs: true, reason: '' },
    t.bench.caller,
  );
  const random = counterRandom(6);
  const load = new OpenLoad(predictUrl!, (count) => ({ x: count })).start(120);
  const kills: string[] = [];
  const answered = (): number => load.result.answers.filter(({ status }) => status === 200).length;
  for (let kill = 0; kill < 12; kill++) {
    // By answers, not by time: on a busy machine a fixed pause would kill what has not started.
    for (const wanted = answered() + 10; answered() < wanted;) await pause(10);
    await pause(random.integer(150));
    const role = (['host', 'gateway', 'ingester'] as const)[kill % 3]!;
    const pid =
      role === 'host' ? (await t.serve.hosts().catch(() => []))[0]?.pid : liveWorkers().find((worker) => worker.role === role)?.pid;
    if (!pid) continue;
    process.kill(pid, 'SIGKILL');
    kills.push(role);
    // The ingester is also killed while it has most to do: right after a flush was asked for.
    if (role === 'ingester') void t.serve.requests({ only: 'all', limit: 1 }).catch(() => {});
  }
  const { answers } = await load.stop();
  const acknowledged = answers.filter(({ status }) => status === 200);
  expect(new Set(kills).size).toBe(3);
  expect(acknowledged.length).toBeGreaterThan(50);
  // Reading waits for what comes within a moment, not for a long backlog.
  for (let attempt = 0; attempt < 200 && (await t.serve.requests({ only: 'ok', limit: 1 })).total < acknowledged.length; attempt++)
    await pause(50);
  const db = openDatabase(join(t.bench.folder, 'requests.sqlite'), { readonly: true });
  const stored = db.prepare<[], { id: string; times: number }>('SELECT id, count(*) AS times FROM requests GROUP BY id').all();
  const text = db.prepare<[], number>('SELECT count(*) FROM request_text').pluck().get();
  const counted = db.prepare<[], number>('SELECT sum(requests) FROM traffic').pluck().get();
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  db.close();
  const ids = new Set(stored.map(({ id }) => id));
  expect(stored.every(({ times }) => times === 1)).toBe(true);
  expect(acknowledged.filter(({ body }) => !ids.has(body.requestId))).toEqual([]);
  expect([text, counted]).toEqual([stored.length, stored.length]);
}, 180_000);

test('kill -9 of the core: its children end, and after a restart the endpoint answers and nothing acknowledged is lost', async () => {
  const { bytes, signature } = versionModel(1);
  const [onnx, json] = [join(folder, 'm.onnx'), join(folder, 'm.json')];
  writeFileSync(onnx, bytes);
  writeFileSync(json, JSON.stringify(signature));
  const workspace = join(folder, 'workspace');
  const start = async (): Promise<{ core: ChildProcess; url: string }> => {
    const core = spawn(process.execPath, [join(import.meta.dirname, '../../testing/serveProcess.ts'), workspace, onnx, json], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const line = await new Promise<string>((resolve, reject) => {
      core.stdout!.once('data', (data: Buffer) => resolve(data.toString()));
      core.once('exit', (code) => reject(new Error(`the core ended with ${code}`)));
    });
    const { url, state } = JSON.parse(line) as { url: string; state: string };
    expect(state).toBe('ready');
    return { core, url };
  };
  const acknowledged: string[] = [];
  for (let kill = 0; kill < 3; kill++) {
    const { core, url } = await start();
    const load = new OpenLoad(url, () => ({ x: 1 })).start(100);
    await pause(500);
    core.kill('SIGKILL');
    const { answers } = await load.stop();
    acknowledged.push(...answers.filter(({ status }) => status === 200).map(({ body }) => body.requestId as string));
    const gone = Date.now() + 15_000;
    while (
      await http(url, { x: 1 }).then(
        () => true,
        () => false,
      )
    ) {
      expect(Date.now()).toBeLessThan(gone);
      await pause(50);
    }
  }
  const { core, url } = await start();
  expect((await http(url, { x: 1 })).status).toBe(200);
  const ended = new Promise((resolve) => core.once('exit', resolve));
  core.send('close');
  await ended;
  const db = openDatabase(join(workspace, 'requests.sqlite'), { readonly: true });
  const ids = new Set(db.prepare<[], string>('SELECT id FROM requests').pluck().all());
  db.close();
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
}, 180_000);
