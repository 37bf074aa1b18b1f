// The serving stage over real HTTP, with real child processes and real ONNX models.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src-shared/rpc/serve.ts';
import { writeBinaryText } from './protocol/binaryTensors.ts';
import { churnModel, churnReference, versionModel } from '../../testing/serveModels.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';

let t: TestServe;
let endpoint: Endpoint;
let base: string;

beforeAll(async () => {
  t = await openTestServe();
  await t.registry.add('churn', 1, churnModel(), churnReference);
  await t.registry.add('number', 1, versionModel(1));
  t.registry.aliases.set('churn@champion', 1).set('number@champion', 1);
  endpoint = await t.serve.deploy(
    { endpoint: '流失', model: 'churn', alias: 'champion', storeInputs: true, reason: 'first' },
    t.bench.caller,
  );
  await t.serve.deploy({ endpoint: 'number', model: 'number', alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller);
  base = endpoint.url!;
}, 180_000);
afterAll(() => t[Symbol.asyncDispose](), 30_000);

const row = { tenure: 40, plan: '高级', active: true, since: '2024-02-29', notes: '张三 来电' };
const predict = (body: unknown, options?: Parameters<typeof http>[2]): ReturnType<typeof http> => http(endpoint.predictUrl!, body, options);

describe('named rows', () => {
  test('are answered with prediction, probabilities, model, version and request id', async () => {
    const { status, body, headers } = await predict({ rows: [row, { ...row, tenure: null, plan: 'basic', active: 0 }] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      endpoint: '流失',
      model: 'churn',
      version: 1,
      predictions: [{ prediction: 'yes' }, { prediction: 'no' }],
    });
    const yes = 1 / (1 + Math.exp(-(0.8 + 1 + 0.5 - 0.5)));
    expect(body.predictions[0].probabilities.yes).toBeCloseTo(yes, 6);
    expect(body.predictions[0].probability).toBe(body.predictions[0].probabilities.yes);
    expect(body.warnings).toEqual([{ row: 1, field: 'tenure', code: 'missingValue', found: 'a missing value', expected: 'a number' }]);
    expect(headers['x-request-id']).toBe(body.requestId);
    expect(headers['x-model-version']).toBe('1');
  });

  test('a single object is a single row, and optional columns may be left out', async () => {
    const { status, body } = await predict({ tenure: 100, plan: 'gold', active: false });
    expect([status, body.predictions.length, body.warnings.map((each: { code: string }) => each.code)]).toEqual([
      200,
      1,
      ['outOfRange', 'unseenCategory'],
    ]);
  });

  test('ten thousand rows are answered in order', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => ({ x: at }));
    const { status, body } = await http(`${base}/api/v1/endpoints/number/predict`, { rows });
    expect([status, body.predictions.length]).toEqual([200, 10_000]);
    const mixed = Array.from({ length: 600 }, (_, at) => ({ ...row, plan: at % 3 === 0 ? '高级' : 'basic', tenure: 0, active: false }));
    const answer = await predict({ rows: mixed });
    expect(answer.body.predictions.map(({ prediction }: { prediction: string }) => prediction)).toEqual(
      mixed.map((_, at) => (at % 3 === 0 ? 'yes' : 'no')),
    );
  });

  test.each<[string, string | Buffer, number, string, number | null, string | null]>([
    ['malformed JSON', '{"rows":[{"tenure":1,}]}', 400, 'MK_SERVE_NOT_JSON', null, null],
    ['an empty body', '', 400, 'MK_SERVE_NOT_JSON', null, null],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00]), 400, 'MK_SERVE_NOT_JSON', null, null],
    ['deep JSON', '['.repeat(100_000), 400, 'MK_SERVE_TOO_DEEP', null, null],
    ['a column twice', '{"tenure":1,"tenure":2,"plan":"basic","active":true}', 400, 'MK_SERVE_DUPLICATE_KEY', 0, 'tenure'],
    ['__proto__', `{"__proto__":{"x":1},${JSON.stringify(row).slice(1)}`, 422, 'MK_SERVE_COLUMN_UNKNOWN', 0, '__proto__'],
    ['a wrong type', JSON.stringify({ rows: [row, { ...row, tenure: '12个月' }] }), 422, 'MK_SERVE_TYPE_MISMATCH', 1, 'tenure'],
    ['NaN as text', JSON.stringify({ ...row, tenure: 'NaN' }), 422, 'MK_SERVE_NOT_FINITE', 0, 'tenure'],
    ['a huge number', JSON.stringify({ ...row, tenure: 1e300 }), 422, 'MK_SERVE_NOT_FINITE', 0, 'tenure'],
    ['a date that does not exist', JSON.stringify({ ...row, since: '2023-02-30' }), 422, 'MK_SERVE_DATE_INVALID', 0, 'since'],
    ['a missing column', JSON.stringify({ rows: [row, row, { tenure: 1, active: true }] }), 422, 'MK_SERVE_COLUMN_MISSING', 2, 'plan'],
    ['an unknown column', JSON.stringify({ ...row, age: 5 }), 422, 'MK_SERVE_COLUMN_UNKNOWN', 0, 'age'],
    ['no rows', '{"rows":[]}', 422, 'MK_SERVE_NO_ROWS', null, null],
    ['too many rows', JSON.stringify({ rows: Array.from({ length: 10_001 }, () => ({})) }), 413, 'MK_SERVE_TOO_MANY_ROWS', null, null],
    ['a row of a megabyte too many', `{"notes":"${'x'.repeat(17 * 1024 * 1024)}"}`, 413, 'MK_SERVE_BODY_TOO_LARGE', null, 'Content-Length'],
  ])('%s: refused with code, row and field', async (_title, body, status, code, rowNumber, field) => {
    const answer = await predict(body).catch((error: NodeJS.ErrnoException) => ({
      status: error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 413 : 0,
      body: null,
    }));
    expect(answer.status).toBe(status);
    if (answer.body) {
      expect(answer.body.error).toMatchObject({ code, row: rowNumber, field });
      expect(answer.body.error.message.length + answer.body.error.hint.length).toBeGreaterThan(20);
      expect(answer.body.requestId).toMatch(/^req_/);
    }
  });

  test('the same values as V2 tensors, JSON or binary, give the same answer', async () => {
    const named = await predict({ rows: [row] });
    const tensors = [
      { name: 'tenure', shape: [1, 1], datatype: 'FP32', data: [40] },
      { name: 'plan', shape: [1, 1], datatype: 'BYTES', data: ['高级'] },
      { name: 'active', shape: [1, 1], datatype: 'FP32', data: [1] },
    ];
    const v2 = await http(`${endpoint.v2Url!}/infer`, { id: 'mine', inputs: tensors });
    expect(v2.status).toBe(200);
    expect(v2.body).toMatchObject({ model_name: '流失', model_version: '1', id: 'mine' });
    expect(v2.body.outputs[0]).toEqual({ name: 'prediction', shape: [1], datatype: 'BYTES', data: ['yes'] });
    expect(v2.body.outputs[1].data[1]).toBeCloseTo(named.body.predictions[0].probabilities.yes, 6);
    const plan = writeBinaryText('高级');
    const json = Buffer.from(
      JSON.stringify({
        inputs: [
          { ...tensors[1], data: undefined, parameters: { binary_data_size: plan.length } },
          { ...tensors[0], data: undefined, parameters: { binary_data_size: 4 } },
          tensors[2],
        ],
        outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
      }),
    );
    const binary = await http(`${endpoint.v2Url!}/infer`, Buffer.concat([json, plan, Buffer.from(Float32Array.of(40).buffer)]), {
      headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) },
    });
    const headBytes = Number(binary.headers['inference-header-content-length']);
    expect(JSON.parse(binary.raw.toString('utf8', 0, headBytes)).outputs).toEqual([
      { name: 'probabilities', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
    ]);
    const values = new Float32Array(new Uint8Array(binary.raw.subarray(headBytes)).buffer);
    expect([...values]).toEqual(v2.body.outputs[1].data);
  });
});

describe('Open Inference Protocol V2', () => {
  test('health, server and model metadata', async () => {
    expect(await Promise.all(['/v2/health/live', '/v2/health/ready', '/v2'].map(async (path) => (await http(base + path)).body))).toEqual([
      { live: true },
      { ready: true },
      { name: 'modelkeep', version: '1', extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'] },
    ]);
    const metadata = (await http(endpoint.v2Url!)).body;
    expect(metadata).toMatchObject({ name: '流失', versions: ['1'], platform: 'onnxruntime_onnx' });
    expect(metadata.inputs[0]).toMatchObject({ name: 'tenure', datatype: 'FP32', shape: [-1, 1] });
    expect(metadata.outputs).toEqual([
      { name: 'prediction', datatype: 'BYTES', shape: [-1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ]);
    expect((await http(`${endpoint.v2Url!}/versions/1`)).body).toEqual(metadata);
    expect((await http(`${endpoint.v2Url!}/ready`)).body).toEqual({ name: '流失', ready: true });
    expect((await http(`${endpoint.v2Url!}/versions/2/ready`)).status).toBe(503);
  });

  test('a version in the address must be the one that answers', async () => {
    const request = { inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [3] }] };
    expect((await http(`${base}/v2/models/number/versions/1/infer`, request)).body).toMatchObject({
      model_version: '1',
      outputs: [{ data: [1] }],
    });
    for (const version of ['2', 'latest', '1e0', '-1', '%31%30'])
      expect((await http(`${base}/v2/models/number/versions/${version}/infer`, request)).body).toMatchObject({
        code: 'MK_SERVE_VERSION_NOT_SERVED',
      });
  });

  test('errors have `error` as text, with code, field and row beside it', async () => {
    const { status, body } = await http(`${base}/v2/models/number/infer`, {
      inputs: [{ name: 'x', shape: [2, 1], datatype: 'FP32', data: [3, 'y'] }],
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: expect.stringContaining('x'), code: 'MK_SERVE_TENSOR', field: 'x', row: 1, found: '"y"' });
    expect((await http(`${base}/v2/models/nobody/infer`, {})).body).toMatchObject({
      error: expect.any(String),
      code: 'MK_SERVE_ENDPOINT_UNKNOWN',
      field: 'nobody',
    });
  });
});

describe('the gateway', () => {
  test('lists endpoints, describes itself by OpenAPI and gives Prometheus metrics', async () => {
    const { body } = await http(`${base}/api/v1/endpoints`);
    expect(
      body.endpoints.map(({ name, state, version }: { name: string; state: string; version: number }) => [name, state, version]),
    ).toEqual([
      ['流失', 'ready', 1],
      ['number', 'ready', 1],
    ]);
    expect((await http(`${base}/api/v1/endpoints/number`)).body).toMatchObject({
      name: 'number',
      columns: [{ name: 'x', required: true }],
    });
    const openapi = (await http(`${base}/openapi.json`)).body;
    const schema =
      openapi.paths[`/api/v1/endpoints/${encodeURIComponent('流失')}/predict`].post.requestBody.content['application/json'].schema;
    expect(schema.oneOf[1]).toMatchObject({ required: ['tenure', 'plan', 'active'], additionalProperties: false });
    const metrics = await http(`${base}/metrics`);
    expect(metrics.raw.toString()).toMatch(/modelkeep_requests_total\{endpoint="流失",protocol="named",status="200"\} \d+/);
    expect(metrics.headers['content-type']).toMatch(/^text\/plain/);
  });

  test.each<[string, string, number, Parameters<typeof http>[2], unknown]>([
    ['another host name', '/v2', 403, { headers: { host: 'evil.example' } }, undefined],
    ['a name that was made to point here', '/v2', 403, { headers: { host: '127.0.0.1.nip.io' } }, undefined],
    ['localhost with the port', '/v2', 200, {}, undefined],
    ['a page of another site', '/api/v1/endpoints/number/predict', 403, { headers: { origin: 'https://evil.example' } }, { x: 1 }],
    ['a sandboxed page', '/api/v1/endpoints/number/predict', 403, { headers: { origin: 'null' } }, { x: 1 }],
    ['a cross-site navigation', '/metrics', 403, { headers: { 'sec-fetch-site': 'cross-site' } }, undefined],
    ['a form', '/api/v1/endpoints/number/predict', 415, { headers: { 'content-type': 'text/plain' } }, { x: 1 }],
    ['a compressed body', '/api/v1/endpoints/number/predict', 415, { headers: { 'content-encoding': 'gzip' } }, { x: 1 }],
    ['an unknown address', '/api/v2/anything', 404, {}, undefined],
    ['a name that climbs', '/api/v1/endpoints/..%2f..%2fetc/predict', 404, {}, { x: 1 }],
    ['a broken escape', '/api/v1/endpoints/%zz/predict', 404, {}, { x: 1 }],
    ['an inherited name', '/api/v1/endpoints/__proto__/predict', 404, {}, { x: 1 }],
    ['GET where POST is wanted', '/api/v1/endpoints/number/predict', 405, {}, undefined],
    ['DELETE', '/v2', 405, { method: 'DELETE' }, undefined],
    ['a lie about the binary part', '/v2/models/number/infer', 400, { headers: { 'inference-header-content-length': 'many' } }, {}],
  ])('%s at %s: %i', async (_title, path, status, options, body) => {
    expect((await http(base + path, body, options)).status).toBe(status);
  });

  test('answers localhost by name', async () => {
    expect((await http(base.replace('127.0.0.1', 'localhost') + '/v2')).status).toBe(200);
  });
});
