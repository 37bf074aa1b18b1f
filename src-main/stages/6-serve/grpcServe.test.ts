// The gRPC interface as a caller meets it: gRPC's own client for Node, the real gateway, host and journal.
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode, encode, GrpcTestClient } from '../../testing/grpcClient.ts';
import { churnRequest, GrpcFuzz } from '../../testing/grpcFuzz.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';
import { churnModel, slowModel } from '../../testing/serveModels.ts';

let t: TestServe;
let client: GrpcTestClient;
let address: string;
let url: string;
let control = false;

beforeAll(async () => {
  t = await openTestServe(
    { grpc: { messageBytes: 1024 * 1024, requestWithinMs: 1000, idlePings: 20 } },
    {
      get serveControl() {
        return control;
      },
    },
  );
  await t.registry.add('churn', 1, churnModel());
  await t.registry.add('slow', 1, slowModel(200_000));
  t.registry.aliases.set('churn@champion', 1).set('slow@champion', 1);
  const deploy = (name: string): ReturnType<typeof t.serve.deploy> =>
    t.serve.deploy({ endpoint: name, model: name, alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller);
  await deploy('slow');
  const endpoint = await deploy('churn');
  address = endpoint.grpcAddress!;
  url = endpoint.url!;
  client = new GrpcTestClient(address);
}, 120_000);
afterAll(async () => {
  client.close();
  await t[Symbol.asyncDispose]();
}, 60_000);

const stored = async (id: string): Promise<Awaited<ReturnType<TestServe['serve']['request']>>> => {
  for (let tries = 0; ; tries++) {
    try {
      return await t.serve.request(id);
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};
const requireRight = async (): Promise<void> => {
  const { code, bytes } = await client.send('ModelInfer', churnRequest());
  expect(code).toBe(0);
  expect(decode('ModelInfer', bytes!).rawOutputContents[0].toString()).toContain('yes');
};

test('health, metadata and configuration', async () => {
  expect(await client.call('ServerLive')).toEqual({ live: true });
  expect(await client.call('ServerReady')).toEqual({ ready: true });
  expect(await client.call('ModelReady', { name: 'churn', version: '1' })).toEqual({ ready: true });
  expect(await client.call('ModelReady', { name: 'churn', version: '2' })).toEqual({ ready: false });
  expect(await client.call('ServerMetadata')).toMatchObject({ name: 'modelkeep' });
  expect(await client.call('ModelMetadata', { name: 'churn' })).toMatchObject({
    name: 'churn',
    versions: ['1'],
    inputs: [{ name: 'tenure', datatype: 'FP32', shape: [-1, 1] }, { name: 'plan', datatype: 'BYTES' }, {}, {}, {}],
    outputs: [
      { name: 'prediction', shape: [-1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ],
  });
  const { config } = await client.call('ModelConfig', { name: 'churn' });
  expect(config).toMatchObject({ name: 'churn', backend: 'onnxruntime', input: [{ dataType: 'TYPE_FP32', dims: [1] }, {}, {}, {}, {}] });
  expect(config.maxBatchSize).toBeGreaterThan(1);
});

test('answers like REST, and is stored like it', async () => {
  const { bytes, metadata } = await client.send('ModelInfer', churnRequest({ raw: false, rows: 2 }));
  const answer = decode('ModelInfer', bytes!);
  const rest = await http(`${url}/v2/models/churn/infer`, {
    inputs: [
      { name: 'tenure', shape: [2, 1], datatype: 'FP32', data: [7, 8] },
      { name: 'plan', shape: [2, 1], datatype: 'BYTES', data: ['高级', '高级'] },
      { name: 'active', shape: [2, 1], datatype: 'FP32', data: [0, 1] },
    ],
  });
  const [prediction, probabilities] = rest.body.outputs;
  expect(answer.outputs[0].contents.bytesContents.map(String)).toEqual(prediction.data);
  expect(answer.outputs[1].contents.fp32Contents).toEqual(probabilities.data);
  expect(metadata.get('x-model-version')).toBe('1');
  const record = await stored(String(metadata.get('x-request-id')));
  expect(record).toMatchObject({ protocol: 'v2', endpoint: 'churn', version: 1, rows: 2, status: 200, prediction: prediction.data[0] });
  expect(record.input).toEqual({
    id: 'fuzz',
    inputs: [
      { name: 'tenure', shape: [2, 1], datatype: 'FP32', data: [7, 8] },
      { name: 'plan', shape: [2, 1], datatype: 'BYTES', data: ['高级', '高级'] },
      { name: 'active', shape: [2, 1], datatype: 'FP32', data: [0, 1] },
    ],
  });
  expect(record.output).toMatchObject({
    outputs: [
      { name: 'prediction', data: prediction.data },
      { name: 'probabilities', data: probabilities.data },
    ],
  });
});

describe('what cannot be answered', () => {
  test('says field and row in the details, and is stored', async () => {
    const tensors = (tenure: number[]): object => ({
      modelName: 'churn',
      inputs: [
        { name: 'tenure', datatype: 'FP32', shape: [2, 1], contents: { fp32Contents: tenure } },
        { name: 'plan', datatype: 'BYTES', shape: [2, 1], contents: { bytesContents: [Buffer.from('a'), Buffer.from('b')] } },
      ],
    });
    const { code, message, metadata } = await client.send('ModelInfer', encode('ModelInfer', tensors([1, Number.POSITIVE_INFINITY])));
    expect(code).toBe(3);
    expect(message).toContain('tenure');
    const details = metadata.get('grpc-status-details-bin') as Buffer;
    for (const part of ['google.rpc.BadRequest', 'tenure[1]', 'google.rpc.ErrorInfo', 'MK_SERVE_TENSOR', 'google.rpc.RequestInfo'])
      expect(details.includes(part)).toBe(true);
    expect(await stored(String(metadata.get('x-request-id')))).toMatchObject({ status: 400, errorCode: 'MK_SERVE_TENSOR' });
  });

  test.each([
    ['an endpoint that is not there', 'ModelInfer', churnRequest({ name: 'nobody' }), 5],
    ['a version that does not answer', 'ModelInfer', churnRequest({ version: '2' }), 5],
    ['a method that is not there', 'ModelStreamInfer', Buffer.alloc(0), 12],
    ['another service', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', Buffer.alloc(0), 12],
    ['a message beyond the limit', 'ModelInfer', Buffer.alloc(1024 * 1024 + 1), 8],
    ['a small request that is large', 'ModelMetadata', Buffer.alloc(70_000), 3],
  ])('%s', async (_what, method, message, code) => {
    expect((await client.send(method, message)).code).toBe(code);
  });

  test('starting and stopping, while the settings do not allow it', async () => {
    await expect(client.call('RepositoryModelUnload', { modelName: 'churn' })).rejects.toMatchObject({ code: 7 });
    expect((await http(`${url}/v2/repository/models/churn/unload`, '')).status).toBe(403);
    await requireRight();
  });

  test('a request whose deadline passes while it waits is not computed', async () => {
    const slow = encode('ModelInfer', {
      modelName: 'slow',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], contents: { fp32Contents: [1] } }],
    });
    const before = (await client.call('ModelStatistics', { name: 'slow' })).modelStats[0];
    // One run each: what comes after them waits for all eight.
    const first = Promise.all(Array.from({ length: 8 }, () => client.send('ModelInfer', slow)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await Promise.all([1, 2, 3].map(() => client.send('ModelInfer', slow, { deadlineMs: 150 })));
    expect(late.map(({ code }) => code)).toEqual([4, 4, 4]);
    expect((await first).map(({ code }) => code)).toEqual(Array(8).fill(0));
    const failures = async (): Promise<number> =>
      (await client.call('ModelStatistics', { name: 'slow' })).modelStats[0].inferenceStats.fail.count - before.inferenceStats.fail.count;
    for (let tries = 0; tries < 100 && (await failures()) === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    // On a busy machine one may have been given up before it was sent.
    expect(await failures()).toBeGreaterThan(0);
    const { executionCount } = (await client.call('ModelStatistics', { name: 'slow' })).modelStats[0];
    expect(executionCount - before.executionCount).toBe(8);
  }, 30_000);
});

test('compressed messages are read, and one that would grow beyond the limit is refused', async () => {
  const session = connectHttp2(`http://${address}`);
  const send = (message: Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/inference.GRPCInferenceService/ModelInfer',
        'content-type': 'application/grpc',
        'grpc-encoding': 'gzip',
        te: 'trailers',
      });
      const note = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
      };
      stream.on('response', note).on('trailers', note).on('error', reject).resume();
      const prefix = Buffer.alloc(5);
      prefix[0] = 1;
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  expect(await send(gzipSync(churnRequest()))).toBe('0');
  expect(await send(gzipSync(Buffer.alloc(64 * 1024 * 1024)))).toBe('8');
  expect(await send(Buffer.from('no gzip'))).toBe('3');
  session.destroy();
  await requireRight();
});

test('damaged messages, bytes that are no HTTP/2, stalled and pinging callers leave it answering', async () => {
  const fuzz = new GrpcFuzz(7);
  const codes = new Map<number, number>();
  for (let count = 0; count < 300; count++) {
    const { code } = await client.send('ModelInfer', fuzz.next().bytes);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].every((code) => [0, 3, 5, 8].includes(code))).toBe(true);
  expect(codes.get(3)).toBeGreaterThan(200);

  const port = Number(address.split(':')[1]);
  const garbage = connect(port, '127.0.0.1', () => garbage.end('GET / HTTP/1.1\r\n\r\n'));
  await new Promise((resolve) =>
    garbage
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  );

  const session = connectHttp2(`http://${address}`);
  const headers = {
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelInfer',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const stalled = session.request(headers);
  stalled.write(Buffer.of(0, 0, 0, 1)); // and never the rest
  const status = await new Promise((resolve) => stalled.on('response', (got) => resolve(got['grpc-status'])).on('error', () => {}));
  expect(status).toBe('4');
  session.on('error', () => {});
  const ended = new Promise((resolve) => session.on('close', resolve));
  for (let count = 0; count < 40 && !session.destroyed; count++)
    await Promise.race([ended, new Promise((resolve) => session.ping(resolve))]);
  await ended;
  await requireRight();
}, 60_000);

test('statistics count what was answered and refused, by gRPC and REST alike', async () => {
  const counts = async (): Promise<{ rows: number; success: number; fail: number }> => {
    const { body } = await http(`${url}/v2/models/churn/stats`);
    const { modelStats } = await client.call('ModelStatistics', { name: 'churn', version: '1' });
    const [json] = body.model_stats;
    expect(json.inference_stats.success).toEqual(modelStats[0].inferenceStats.success);
    expect(json.inference_count).toBe(modelStats[0].inferenceCount);
    const batches = json.batch_stats.map(({ compute_infer }: { compute_infer: { count: number } }) => compute_infer.count);
    expect(batches.reduce((sum: number, count: number) => sum + count, 0)).toBe(json.execution_count);
    return { rows: json.inference_count, success: json.inference_stats.success.count, fail: json.inference_stats.fail.count };
  };
  const before = await counts();
  await Promise.all([5, 7, 300].map((rows) => client.send('ModelInfer', churnRequest({ rows }))));
  await client.send('ModelInfer', churnRequest().subarray(0, 40));
  await http(`${url}/api/v1/endpoints/churn/predict`, { rows: [{ tenure: 40, plan: 'basic', active: true }] });
  const after = await counts();
  expect(after).toEqual({ rows: before.rows + 313, success: before.success + 4, fail: before.fail + 1 });
});

test('the repository lists, stops and starts endpoints once the settings allow it, the last one too', async () => {
  control = true;
  const states = async (): Promise<string[]> =>
    (await client.call('RepositoryIndex')).models.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`);
  expect(await states()).toEqual(['churn READY', 'slow READY']);
  for (const modelName of ['slow', 'churn']) await client.call('RepositoryModelUnload', { modelName });
  expect(await states()).toEqual(['churn UNAVAILABLE', 'slow UNAVAILABLE']);
  expect((await client.call('RepositoryIndex', { ready: true })).models).toEqual([]);
  expect((await http(`${url}/v2/repository/models/churn/load`, '')).status).toBe(200);
  await requireRight();
  const audited = t.bench.db.prepare('SELECT action, actor, subject FROM audit ORDER BY sequence DESC LIMIT 3').all();
  expect(audited).toEqual([
    { action: 'serve.start', actor: 'protocol', subject: 'endpoint churn' },
    { action: 'serve.stop', actor: 'protocol', subject: 'endpoint churn' },
    { action: 'serve.stop', actor: 'protocol', subject: 'endpoint slow' },
  ]);
  control = false;
});
