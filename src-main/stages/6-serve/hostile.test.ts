// Callers that mean harm or make mistakes, over real HTTP: nothing falls over, every refusal says why.
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveWorkers } from '../../platform/processHost.ts';
import { OpenLoad } from '../../testing/openLoad.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';
import { churnModel, slowModel } from '../../testing/serveModels.ts';

let t: TestServe;
let predictUrl: string;
let v2Url: string;
let port: number;

beforeAll(async () => {
  t = await openTestServe({ server: { headersWithinMs: 600, requestWithinMs: 1500 } });
  await t.registry.add('churn', 1, churnModel());
  await t.registry.add('slow', 1, slowModel(20_000));
  t.registry.aliases.set('churn@champion', 1).set('slow@champion', 1);
  const endpoint = await t.serve.deploy(
    { endpoint: 'churn', model: 'churn', alias: 'champion', storeInputs: true, reason: '' },
    t.bench.caller,
  );
  predictUrl = endpoint.predictUrl!;
  v2Url = `${endpoint.v2Url!}/infer`;
  port = Number(new URL(predictUrl).port);
}, 120_000);
afterAll(() => t[Symbol.asyncDispose](), 60_000);

const good = { tenure: 40, plan: '高级', active: true };
const tensors = [
  { name: 'tenure', shape: [1, 1], datatype: 'FP32', data: [7] },
  { name: 'plan', shape: [1, 1], datatype: 'BYTES', data: ['basic'] },
  { name: 'active', shape: [1, 1], datatype: 'FP32', data: [0] },
];

describe('any body', () => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      [],
      {},
      [[]],
      '',
      'NaN',
      'Infinity',
      -1,
      0,
      1e308,
      2 ** 63,
      -(2 ** 63),
      1.5,
      '\u0000',
      '𠮷',
      '__proto__',
      '2024-02-30',
      'a'.repeat(5000),
    ),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const path = fc.array(
    fc.oneof(
      fc.constantFrom('tenure', 'plan', 'active', 'rows', 'inputs', 'shape', 'data', 'datatype', 'name', 'outputs', 'parameters', 'id'),
      fc.nat({ max: 2 }),
    ),
    { minLength: 1, maxLength: 4 },
  );
  /** Puts something odd at a place in a good request. */
  const change = (value: unknown, [head, ...rest]: (string | number)[], what: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return what;
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string | number, unknown>;
    copy[head!] = rest.length === 0 ? what : change(copy[head!], rest, what);
    return copy;
  };
  const body = fc.oneof(
    fc.tuple(path, odd).map(([place, what]) => JSON.stringify(change({ rows: [good, good] }, place, what))),
    fc.tuple(path, odd).map(([place, what]) => JSON.stringify(change({ inputs: tensors }, place, what))),
    fc
      .tuple(
        fc.constantFrom(JSON.stringify({ rows: [good] }), JSON.stringify({ inputs: tensors })),
        fc.nat(),
        fc.nat(),
        fc.string({ maxLength: 4 }),
      )
      .map(([text, from, length, extra]) => {
        const at = from % text.length;
        return text.slice(0, at) + extra + text.slice(at + (length % 8));
      }),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.json(),
  );
  const headers = fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('0', '1', '20', '999999999', '-1', 'x', '1e3')
        .map((value) => ({ 'inference-header-content-length': value })),
    },
  );

  test('is answered, or refused with a code, a hint and no word about our insides; no process dies and memory stays', async () => {
    const [hostBefore] = await t.serve.hosts();
    const gateway = liveWorkers().find(({ role }) => role === 'gateway')!;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('named', 'v2'), body, headers, async (kind, sent, extra) => {
        const answer = await http(kind === 'v2' ? v2Url : predictUrl, sent === '' ? ' ' : sent, { headers: extra });
        expect([200, 400, 413, 415, 422]).toContain(answer.status);
        if (answer.status === 200) return;
        refused++;
        const { code, message, hint } = kind === 'v2' ? { ...answer.body, message: answer.body.error } : answer.body.error;
        expect(code).toMatch(/^MK_SERVE_/);
        expect(message.length).toBeGreaterThan(10);
        expect(hint.length).toBeGreaterThan(5);
        expect(answer.raw.toString()).not.toMatch(/node_modules|\.ts:|onnxruntime|\/tmp\/|at .* \(/);
      }),
      { numRuns: 5000, seed: 6 },
    );
    expect(refused).toBeGreaterThan(1000);
    expect((await t.serve.hosts()).find(({ name }) => name === 'churn')).toMatchObject({ pid: hostBefore!.pid, replaced: 0 });
    const after = liveWorkers().find(({ role }) => role === 'gateway')!;
    expect(after.pid).toBe(gateway.pid);
    expect(after.rssBytes - gateway.rssBytes).toBeLessThan(100 * 1024 * 1024);
  }, 180_000);
});

describe('connections', () => {
  const open = (): Promise<{ socket: Socket; received: () => string; closed: Promise<void> }> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (data: Buffer) => (text += data.toString()));
      socket.on('error', () => {});
      const closed = new Promise<void>((end) => socket.once('close', () => end()));
      socket.once('connect', () => resolve({ socket, received: () => text, closed }));
    });

  test('a caller that sends its headers a byte at a time is cut off; others are served meanwhile', async () => {
    const slow = await Promise.all(Array.from({ length: 20 }, open));
    const drip = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write('X-A: b\r\n')), 50);
    slow.forEach(({ socket }) => socket.write('POST /api/v1/endpoints/churn/predict HTTP/1.1\r\nHost: 127.0.0.1\r\n'));
    expect((await http(predictUrl, good)).status).toBe(200);
    await Promise.all(slow.map(({ closed }) => closed));
    clearInterval(drip);
    expect(slow.every(({ received }) => received().startsWith('HTTP/1.1 408') && received().includes('MK_SERVE_TIMEOUT'))).toBe(true);
  }, 30_000);

  test('a body that never ends is cut off', async () => {
    const { socket, received, closed } = await open();
    socket.write(
      'POST /api/v1/endpoints/churn/predict HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"rows":',
    );
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 408/);
  }, 30_000);

  test.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
    ['headers without end', `GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`],
    ['two lengths', 'POST /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde'],
    [
      'length and chunks at once',
      'POST /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET /v2 HTTP/1.1\r\n\r\n'],
    ['an absolute address of another server', 'GET http://evil.example/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])(
    '%s: 400, and the connection ends',
    async (_title, bytes) => {
      const { socket, received, closed } = await open();
      socket.write(bytes, 'latin1');
      await closed;
      expect(received()).toMatch(/^HTTP\/1\.1 400 /);
    },
    30_000,
  );

  test('a body in a hundred thousand chunks of one byte is read like any other', async () => {
    const { socket, received } = await open();
    const json = JSON.stringify({ ...good, notes: 'x'.repeat(100_000) });
    socket.write(
      'POST /api/v1/endpoints/churn/predict HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n',
    );
    socket.write(`${Array.from(json, (char) => `${Buffer.byteLength(char)}\r\n${char}\r\n`).join('')}0\r\n\r\n`);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(received()).toMatch(/^HTTP\/1\.1 200/);
  }, 30_000);

  test('a hundred callers that go away in the middle leave nothing behind', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { socket, closed } = await open();
        socket.write(
          'POST /api/v1/endpoints/churn/predict HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"rows":',
        );
        socket.destroy();
        await closed;
      }),
    );
    const inFlight = async (): Promise<string | undefined> =>
      /modelkeep_requests_in_flight\{endpoint="churn"\} (\d+)/.exec((await http(`http://127.0.0.1:${port}/metrics`)).raw.toString())?.[1];
    for (let attempt = 0; attempt < 100 && (await inFlight()) !== '0'; attempt++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await inFlight()).toBe('0');
  }, 30_000);
});

test('under far more load than it can bear an endpoint answers what it can and refuses the rest with 429 and Retry-After', async () => {
  const { predictUrl: url } = await t.serve.deploy(
    { endpoint: 'slow', model: 'slow', alias: 'champion', storeInputs: false, reason: '' },
    t.bench.caller,
  );
  const rows = Array.from({ length: 8 }, () => ({ x: 1 }));
  const bursts = await Promise.all(Array.from({ length: 400 }, () => http(url!, { rows })));
  const statuses = new Set(bursts.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 429]);
  const refused = bursts.find(({ status }) => status === 429)!;
  expect(refused.headers['retry-after']).toBe('1');
  expect(refused.body.error.code).toBe('MK_SERVE_OVERLOADED');
  const load = new OpenLoad(predictUrl, () => good).start(20);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await load.stop()).answers.every(({ status }) => status === 200)).toBe(true);
  expect((await http(url!, { x: 1 })).status).toBe(200);
}, 120_000);
