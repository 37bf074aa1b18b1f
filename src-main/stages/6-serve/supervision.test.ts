// What happens to requests while versions change and processes die: real processes, real load.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { liveWorkers } from '../../platform/processHost.ts';
import { OpenLoad, type LoadResult } from '../../testing/openLoad.ts';
import { alwaysHangingModel, hangingModel, versionModel } from '../../testing/serveModels.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';

let t: TestServe;
beforeEach(async () => {
  t = await openTestServe({ endpoint: { hungAfterMs: 600, loadWithinMs: 12_000 } });
});
afterEach(() => t[Symbol.asyncDispose](), 30_000);

const deploy = async (endpoint: string, model = endpoint): Promise<string> => {
  if (!t.registry.aliases.has(`${model}@champion`)) t.registry.aliases.set(`${model}@champion`, 1);
  const { predictUrl } = await t.serve.deploy({ endpoint, model, alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller);
  return predictUrl!;
};
const addVersions = async (model: string, versions: number): Promise<void> => {
  for (let version = 1; version <= versions; version++) await t.registry.add(model, version, versionModel(version));
};
const failed = ({ answers, broken }: LoadResult): unknown[] => [...broken, ...answers.filter(({ status }) => status !== 200)];
const hostPid = async (name: string): Promise<number | null> => (await t.serve.hosts()).find((report) => report.name === name)?.pid ?? null;
const gatewayPid = (): number => liveWorkers().find(({ role }) => role === 'gateway')!.pid;
const until = async (what: string, check: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('switching the alias under load', () => {
  test('100 switches: no request fails, and after each one is acknowledged only the new version answers', async () => {
    await addVersions('m', 10);
    const url = await deploy('m');
    const load = new OpenLoad(url, (count) => ({ x: count })).start(100);
    const acknowledged: { at: number; version: number; startedAt: number }[] = [{ at: 0, startedAt: 0, version: 1 }];
    for (let turn = 1; turn <= 100; turn++) {
      const version = (turn % 10) + 1;
      const startedAt = performance.now();
      await t.registry.moveAlias({ model: 'm', alias: 'champion', version, reason: `turn ${turn}` });
      acknowledged.push({ at: performance.now(), startedAt, version });
    }
    const result = await load.stop();
    expect(result.answers.length).toBeGreaterThan(300);
    expect(failed(result)).toEqual([]);
    for (const { sentAt, answeredAt, body } of result.answers) {
      // The answer was computed by the version that it names,
      expect(body.predictions[0].prediction).toBe(body.version);
      // and that version was, at some moment between question and answer, the present or the coming one.
      const before = acknowledged.findLast(({ at }) => at <= sentAt)!;
      const allowed = [before, ...acknowledged.filter(({ at, startedAt }) => at > sentAt && startedAt <= answeredAt)].map(
        ({ version }) => version,
      );
      expect(allowed).toContain(body.version);
    }
    const endpoint = (await t.serve.get({ name: 'm', windowMs: 3_600_000 }))!;
    expect(endpoint.deployments.length).toBe(100); // the history shows the newest hundred
    expect(await t.bench.audit.verify()).toMatchObject({ ok: true });
  }, 180_000);

  test('a version that cannot be loaded leaves the old one in service, and the alias where it was', async () => {
    await addVersions('m', 1);
    await t.registry.add('m', 2, { ...versionModel(2), bytes: new Uint8Array(Buffer.from('no model at all')) });
    await t.registry.add('m', 3, { bytes: versionModel(3).bytes, signature: { ...versionModel(3).signature, inputs: [] } });
    await t.registry.add('m', 4, alwaysHangingModel());
    const url = await deploy('m');
    const load = new OpenLoad(url, () => ({ x: 1 })).start(50);
    for (const [version, code] of [
      [2, 'MK_SERVE_LOAD_FAILED'],
      [3, 'MK_SERVE_SIGNATURE_MISMATCH'],
      [4, 'MK_SERVE_WARMUP_HUNG'],
    ] as const)
      await expect(t.registry.moveAlias({ model: 'm', alias: 'champion', version, reason: '' })).rejects.toMatchObject({ code });
    const result = await load.stop();
    expect(failed(result)).toEqual([]);
    expect(new Set(result.answers.map(({ body }) => body.version))).toEqual(new Set([1]));
    expect(t.registry.aliases.get('m@champion')).toBe(1);
    expect((await t.serve.list())[0]).toMatchObject({ version: 1, state: 'ready', deployments: { length: 1 } });
  }, 180_000);

  test('of two endpoints that follow one alias both switch, and rollback brings both back', async () => {
    await addVersions('m', 2);
    const urls = [await deploy('a', 'm'), await deploy('b', 'm')];
    await t.registry.moveAlias({ model: 'm', alias: 'champion', version: 2, reason: 'better' });
    const versions = async (): Promise<number[]> => Promise.all(urls.map(async (url) => (await http(url, { x: 1 })).body.version));
    expect(await versions()).toEqual([2, 2]);
    expect(await t.serve.rollback({ name: 'a', reason: 'it was not' }, t.bench.caller)).toMatchObject({
      version: 1,
      deployments: [{ version: 1, reason: 'it was not' }, { version: 2, reason: 'better' }, { version: 1 }],
    });
    expect(await versions()).toEqual([1, 1]);
  }, 180_000);
});

describe('processes that die', () => {
  test('kill -9 of the host under load: nobody notices', async () => {
    await addVersions('m', 1);
    const url = await deploy('m');
    const load = new OpenLoad(url, () => ({ x: 1 })).start(150);
    for (let kill = 0; kill < 5; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const pid = await hostPid('m');
      process.kill(pid!, 'SIGKILL');
      await until('another host answers', async () => ![pid, null].includes(await hostPid('m')));
      // What the dead one had is tried once more; a request that was there at two deaths in a row counts as their cause.
      expect((await http(url, { x: 1 })).status).toBe(200);
    }
    const result = await load.stop();
    expect(result.answers.length).toBeGreaterThan(100);
    expect(failed(result)).toEqual([]);
  }, 180_000);

  test('kill -9 of the gateway: it comes back by itself on the same port, and every answer given before is stored', async () => {
    await addVersions('m', 1);
    const url = await deploy('m');
    const acknowledged: string[] = [];
    for (let kill = 0; kill < 3; kill++) {
      const load = new OpenLoad(url, () => ({ x: 1 })).start(100);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const pid = gatewayPid();
      process.kill(pid, 'SIGKILL');
      await until(
        'the gateway is back',
        async () =>
          await http(url, { x: 2 }).then(
            ({ status, body }) => (status === 200 && acknowledged.push(body.requestId), status === 200),
            () => false,
          ),
      );
      const { answers } = await load.stop();
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      acknowledged.push(...answers.filter(({ status }) => status === 200).map(({ body }) => body.requestId as string));
    }
    await until('everything is stored', async () => (await t.serve.requests({ only: 'ok', limit: 1 })).total >= acknowledged.length);
    for (const id of acknowledged) expect((await t.serve.request(id)).status).toBe(200);
  }, 180_000);

  test('a model that hangs on one request hurts only itself: that request fails alone, its neighbours are answered, another endpoint does not notice', async () => {
    await t.registry.add('sick', 1, hangingModel());
    await addVersions('well', 1);
    const [sick, well] = [await deploy('sick'), await deploy('well')];
    const load = new OpenLoad(well, () => ({ x: 1 })).start(50);
    const neighbours = Array.from({ length: 5 }, (_, at) => http(sick, { x: at }));
    const poison = http(sick, { x: 5000 });
    const later = Array.from({ length: 5 }, (_, at) => http(sick, { x: at }));
    expect(await poison).toMatchObject({ status: 500, body: { error: { code: 'MK_SERVE_MODEL_CRASHED' } } });
    expect((await Promise.all([...neighbours, ...later])).map(({ status, body }) => [status, body.predictions?.[0].prediction])).toEqual(
      [1, 2, 3, 4, 5, 1, 2, 3, 4, 5].map((y) => [200, y]),
    );
    expect((await http(sick, { x: 7 })).body.predictions[0].prediction).toBe(8);
    expect(failed(await load.stop())).toEqual([]);
  }, 180_000);

  test('after a restart of the core everything answers again; an alias that moved meanwhile is followed and said', async () => {
    await addVersions('m', 2);
    await deploy('m');
    await t.serve.close();
    t.registry.aliases.set('m@champion', 2);
    const again = t.reopen();
    await again.resume();
    const [endpoint] = await again.list();
    expect(endpoint).toMatchObject({
      state: 'ready',
      version: 2,
      deployments: [{ version: 2, actor: 'modelkeep', reason: 'the alias had moved' }, { version: 1 }],
    });
    expect((await http(endpoint!.predictUrl!, { x: 1 })).body).toMatchObject({ version: 2, predictions: [{ prediction: 2 }] });
  }, 180_000);

  test('an endpoint whose model file has changed on the disk is failing and says so; the others serve', async () => {
    await addVersions('m', 1);
    await t.registry.add('broken', 1, versionModel(7));
    await deploy('m');
    await deploy('broken');
    await t.serve.close();
    const { chmod, writeFile } = await import('node:fs/promises');
    const { path } = t.registry.version('broken', 1);
    await chmod(path, 0o644);
    await writeFile(path, 'changed');
    const again = t.reopen();
    await again.resume();
    const [broken, well] = await again.list();
    expect(broken).toMatchObject({ name: 'broken', state: 'failing', error: { code: 'MK_BLOB_CORRUPT' } });
    expect((await http(well!.predictUrl!, { x: 1 })).status).toBe(200);
    expect((await http(broken!.predictUrl!, { x: 1 })).body.error).toMatchObject({ code: 'MK_SERVE_NOT_READY' });
    expect(again.failing()).toEqual([{ name: 'broken', error: expect.objectContaining({ code: 'MK_BLOB_CORRUPT' }) }]);
  }, 180_000);
});

describe('stop, start and the port', () => {
  test('a stopped endpoint gives the port back, and start brings it back', async () => {
    await addVersions('m', 1);
    const url = await deploy('m');
    expect(await t.serve.stop({ name: 'm' }, t.bench.caller)).toMatchObject({ state: 'stopped', url: null });
    await expect(http(url, { x: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(t.serve.try({ name: 'm', rows: [{ x: 1 }] })).rejects.toMatchObject({ code: 'MK_SERVE_STOPPED' });
    const { predictUrl, state } = await t.serve.start({ name: 'm' }, t.bench.caller);
    expect(state).toBe('ready');
    expect((await http(predictUrl!, { x: 1 })).status).toBe(200);
    expect(await t.serve.try({ name: 'm', rows: [{ x: 1 }] })).toMatchObject({ status: 200, body: { version: 1 } });
    const actions = t.bench.db.prepare<[], string>('SELECT action FROM audit ORDER BY rowid').pluck().all();
    expect(actions).toEqual(['serve.deploy', 'serve.stop', 'serve.start']);
  }, 180_000);

  test('a port in use is said, and nothing is recorded', async () => {
    const { createServer } = await import('node:net');
    const taken = createServer();
    let port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    );
    const { ServeService } = await import('./api.ts');
    const { db, audit, clock, emit, startWorker, workspace } = t.bench;
    const own = new ServeService({
      db,
      audit,
      clock,
      emit,
      startWorker,
      models: t.registry,
      folders: { workspace: workspace.folder, journal: workspace.journal, run: workspace.run },
      settings: () => ({ servePort: port, serveGrpcPort: 0, serveControl: false, requestRetentionDays: 30 }),
    });
    try {
      await addVersions('m', 1);
      t.registry.aliases.set('m@champion', 1);
      await expect(
        own.deploy({ endpoint: 'm', model: 'm', alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller),
      ).rejects.toMatchObject({ code: 'MK_PORT_IN_USE', params: { port } });
      expect(await own.list()).toEqual([]);
      taken.close();
      const before = `http://127.0.0.1:${port}`;
      expect(
        await own.deploy({ endpoint: 'm', model: 'm', alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller),
      ).toMatchObject({ state: 'ready', url: before });
      // Another port in the settings moves the gateway there.
      port = 0;
      await own.applySettings();
      const [moved] = await own.list();
      expect(moved!.url).not.toBe(before);
      expect((await http(moved!.predictUrl!, { x: 1 })).status).toBe(200);
      await expect(http(`${before}/v2`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    } finally {
      await own.close();
    }
  }, 180_000);
});
