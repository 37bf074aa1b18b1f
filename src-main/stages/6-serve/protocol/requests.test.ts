import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelInput, ModelSignature } from '../../../../src-shared/domain/features.ts';
import { writeBinaryText } from './binaryTensors.ts';
import { flagUnusual } from './flags.ts';
import { planInputs } from './inputPlan.ts';
import { parseNamedRows } from './namedRows.ts';
import { parseV2Request } from './v2Request.ts';
import { firstPrediction, namedAnswer, numberJson, v2Answer } from './answers.ts';

const input = (name: string, type: ModelInput['type'], onnxType: ModelInput['onnxType'], extra: Partial<ModelInput> = {}): ModelInput => ({
  name,
  type,
  onnxType,
  shape: [1],
  required: true,
  range: null,
  categories: null,
  ...extra,
});
const signature: ModelSignature = {
  task: 'binary',
  inputs: [
    input('tenure', 'integer', 'float32', { range: { min: 0, max: 72 } }),
    input('charges', 'number', 'float32', { required: false }),
    input('plan', 'category', 'string', { categories: ['basic', '高级', '3'] }),
    input('active', 'boolean', 'float32'),
    input('since', 'date', 'float64'),
    input('notes', 'text', 'string', { required: false }),
  ],
  outputs: [
    { name: 'prediction', onnxType: 'string', shape: [] },
    { name: 'probabilities', onnxType: 'float32', shape: [2] },
  ],
  classes: ['no', 'yes'],
  target: 'churn',
};
const plan = planInputs(signature);
const good = { tenure: 12, charges: 70.5, plan: '高级', active: true, since: '2024-02-29', notes: '张三 打电话' };
const parse = (body: unknown): ReturnType<typeof parseNamedRows> =>
  parseNamedRows(plan, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), 1000);
const errorOf = (run: () => unknown): { code: string; params: Record<string, unknown> } => {
  try {
    run();
  } catch (error) {
    const { code, params } = error as { code: string; params: Record<string, unknown> };
    return { code, params };
  }
  return { code: 'none', params: {} };
};

describe('parseNamedRows', () => {
  test('reads rows of every type, one object alone, and fills what may be missing', () => {
    const { rows, columns } = parse({ rows: [good, { ...good, charges: null, plan: 3, active: 0, since: '2024-02-29T12:00:00+00:00' }] });
    expect(rows).toBe(2);
    expect(columns.map(({ data }) => [...data])).toEqual([
      [12, 12],
      [Math.fround(70.5), Number.NaN],
      ['高级', '3'],
      [1, 0],
      [19_782, 19_782.5],
      ['张三 打电话', '张三 打电话'],
    ]);
    const { charges: _charges, notes: _notes, ...needed } = good;
    expect(parse(needed).columns.map(({ data }) => data[0])).toEqual([12, Number.NaN, '高级', 1, 19_782, '']);
  });

  test.each<[string, unknown, string, number | undefined, string | undefined]>([
    ['an array', [good], 'MK_SERVE_BODY_SHAPE', undefined, undefined],
    ['text', '"hello"', 'MK_SERVE_BODY_SHAPE', undefined, undefined],
    ['null', 'null', 'MK_SERVE_BODY_SHAPE', undefined, undefined],
    ['rows that are no array', { rows: 5 }, 'MK_SERVE_BODY_SHAPE', undefined, 'rows'],
    ['a key beside rows', { rows: [good], model: 'x' }, 'MK_SERVE_BODY_SHAPE', undefined, 'model'],
    ['no rows', { rows: [] }, 'MK_SERVE_NO_ROWS', undefined, undefined],
    ['too many rows', { rows: Array.from({ length: 1001 }, () => ({})) }, 'MK_SERVE_TOO_MANY_ROWS', undefined, undefined],
    ['a row that is no object', { rows: [good, [1]] }, 'MK_SERVE_ROW_NOT_OBJECT', 1, undefined],
    ['an unknown column', { rows: [good, { ...good, age: 3 }] }, 'MK_SERVE_COLUMN_UNKNOWN', 1, 'age'],
    ['a missing column', { rows: [good, good, { tenure: 1 }] }, 'MK_SERVE_COLUMN_MISSING', 2, 'plan'],
    ['an empty object', {}, 'MK_SERVE_COLUMN_MISSING', 0, 'tenure'],
    ['a number as text', { ...good, tenure: '12个月' }, 'MK_SERVE_TYPE_MISMATCH', 0, 'tenure'],
    ['NaN as text', { ...good, tenure: 'NaN' }, 'MK_SERVE_NOT_FINITE', 0, 'tenure'],
    ['a number beyond float32', { ...good, tenure: 1e39 }, 'MK_SERVE_NOT_FINITE', 0, 'tenure'],
    ['a number beyond float64', JSON.stringify(good).replace('12', '1e999'), 'MK_SERVE_NOT_FINITE', 0, 'tenure'],
    ['a truth value for a number', { ...good, tenure: true }, 'MK_SERVE_TYPE_MISMATCH', 0, 'tenure'],
    ['an object for a number', { ...good, tenure: { a: 1 } }, 'MK_SERVE_TYPE_MISMATCH', 0, 'tenure'],
    ['an array for text', { ...good, plan: ['basic'] }, 'MK_SERVE_TYPE_MISMATCH', 0, 'plan'],
    ['a number that is no known category', { ...good, plan: 4 }, 'MK_SERVE_TYPE_MISMATCH', 0, 'plan'],
    ['a number for free text', { ...good, notes: 4 }, 'MK_SERVE_TYPE_MISMATCH', 0, 'notes'],
    ['text with a NUL', { ...good, notes: 'a\0b' }, 'MK_SERVE_TYPE_MISMATCH', 0, 'notes'],
    ['half a surrogate pair', JSON.stringify(good).replace('张三', '\\ud83d'), 'MK_SERVE_TYPE_MISMATCH', 0, 'notes'],
    ['2 for a truth value', { ...good, active: 2 }, 'MK_SERVE_TYPE_MISMATCH', 0, 'active'],
    ['a day that does not exist', { ...good, since: '2023-02-29' }, 'MK_SERVE_DATE_INVALID', 0, 'since'],
    ['a number for a date', { ...good, since: 19_782 }, 'MK_SERVE_TYPE_MISMATCH', 0, 'since'],
    ['a column twice', `{"rows":[${JSON.stringify(good)},{"tenure":1,"tenure":2}]}`, 'MK_SERVE_DUPLICATE_KEY', 1, 'tenure'],
    ['rows twice', `{"rows":[${JSON.stringify(good)}],"rows":[]}`, 'MK_SERVE_NO_ROWS', undefined, undefined],
    ['__proto__ as a column', JSON.stringify(good).replace('{', '{"__proto__":{"admin":1},'), 'MK_SERVE_COLUMN_UNKNOWN', 0, '__proto__'],
    ['constructor as a column', { ...good, constructor: 1 }, 'MK_SERVE_COLUMN_UNKNOWN', 0, 'constructor'],
  ])('refuses %s and says where', (_title, body, code, row, field) => {
    const error = errorOf(() => parse(body));
    expect(error.code).toBe(code);
    expect([error.params['row'], error.params['field']]).toEqual([row, field]);
  });

  test('flags what training did not see, and answers nevertheless', () => {
    const { rows, columns } = parse({
      rows: [good, { ...good, tenure: 100 }, { ...good, tenure: 1.5, plan: 'gold' }, { ...good, plan: '', since: null }],
    });
    expect(flagUnusual(plan, columns, rows).warnings.map(({ row, field, code }) => [row, field, code])).toEqual([
      [1, 'tenure', 'outOfRange'],
      [2, 'tenure', 'notInteger'],
      [2, 'plan', 'unseenCategory'],
      [3, 'plan', 'missingValue'],
      [3, 'since', 'missingValue'],
    ]);
    expect(flagUnusual(plan, columns, rows, 2)).toMatchObject({ total: 5, warnings: { length: 2 } });
  });

  test('bounds the memory that empty rows may reserve for images', () => {
    const images = planInputs({ ...signature, inputs: [input('photo', 'image', 'uint8', { shape: [2000, 2000, 3] })] });
    expect(errorOf(() => parseNamedRows(images, Buffer.from(`{"rows":[${Array(900).fill('{}').join()}]}`), 1000))).toMatchObject({
      code: 'MK_SERVE_TOO_MANY_ROWS',
      params: { limit: 2 },
    });
  });

  test('reads pixels as nested arrays and leaves encoded images to be decoded', () => {
    const images = planInputs({ ...signature, inputs: [input('photo', 'image', 'uint8', { shape: [2, 2, 1] })] });
    const read = (photo: unknown): ReturnType<typeof parseNamedRows> => parseNamedRows(images, Buffer.from(JSON.stringify({ photo })), 10);
    expect([
      ...read([
        [[1], [2]],
        [[3], [255]],
      ]).columns[0]!.data,
    ]).toEqual([1, 2, 3, 255]);
    expect([...read([1, 2, 3, 4]).columns[0]!.data]).toEqual([1, 2, 3, 4]);
    expect(read('data:image/png;base64,iVBORw0KGgo=').images).toMatchObject([{ row: 0, input: 0, bytes: { length: 8 } }]);
    for (const [photo, code] of [
      [
        [
          [[1], [2]],
          [[3], [256]],
        ],
        'MK_SERVE_TYPE_MISMATCH',
      ],
      [[[[1], [2]], [[3]]], 'MK_SERVE_TYPE_MISMATCH'],
      [[1, 2, 3], 'MK_SERVE_TYPE_MISMATCH'],
      ['not base64!', 'MK_SERVE_IMAGE_INVALID'],
    ] as const)
      expect(errorOf(() => read(photo))).toMatchObject({ code, params: { row: 0, field: 'photo' } });
  });
});

describe('parseV2Request', () => {
  const names = ['prediction', 'probabilities'];
  const tensors = [
    { name: 'tenure', shape: [2, 1], datatype: 'FP32', data: [1, null] },
    { name: 'plan', shape: [2, 1], datatype: 'BYTES', data: [['basic'], ['高级']] },
    { name: 'active', shape: [2], datatype: 'FP32', data: [0, 1] },
    { name: 'since', shape: [2, 1], datatype: 'FP64', data: [19_782, 19_783.5] },
  ];
  const read = (request: object, jsonBytes: number | null = null): ReturnType<typeof parseV2Request> =>
    parseV2Request(plan, names, Buffer.from(JSON.stringify(request)), jsonBytes, 1000);
  const change = (at: number, part: object): object => ({
    inputs: tensors.map((tensor, index) => (index === at ? { ...tensor, ...part } : tensor)),
  });

  test('reads JSON tensors, nested or flat, and fills optional inputs', () => {
    const { rows, columns, id, outputs } = read({
      id: '七',
      inputs: tensors,
      outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
    });
    expect({ rows, id, outputs }).toEqual({ rows: 2, id: '七', outputs: [{ name: 'probabilities', binary: true }] });
    expect(columns.map(({ data }) => [...data])).toEqual([
      [1, Number.NaN],
      [Number.NaN, Number.NaN],
      ['basic', '高级'],
      [0, 1],
      [19_782, 19_783.5],
      ['', ''],
    ]);
  });

  test('reads the binary extension at any alignment', () => {
    const plans = Buffer.concat([writeBinaryText('basic'), writeBinaryText('高级')]);
    const floats = Buffer.from(Float32Array.of(5, 6).buffer);
    const dates = Buffer.from(Float64Array.of(1, 2).buffer);
    const json = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [
          { ...tensors[1], data: undefined, parameters: { binary_data_size: plans.length } },
          { ...tensors[0], data: undefined, parameters: { binary_data_size: 8 } },
          tensors[2],
          { ...tensors[3], data: undefined, parameters: { binary_data_size: 16 } },
        ],
      }),
    );
    const { columns, outputs } = parseV2Request(plan, names, Buffer.concat([json, plans, floats, dates]), json.length, 1000);
    expect(columns.map(({ data }) => [...data]).filter((_, at) => [0, 2, 4].includes(at))).toEqual([
      [5, 6],
      ['basic', '高级'],
      [1, 2],
    ]);
    expect(outputs).toEqual(names.map((name) => ({ name, binary: true })));
    for (const [lie, bytes] of [
      ['a size that is too large', Buffer.concat([json, plans, floats])],
      ['bytes that belong to nothing', Buffer.concat([json, plans, floats, dates, Buffer.from([1])])],
      ['a length prefix that lies', Buffer.concat([json, Buffer.from(plans).fill(255, 0, 4), floats, dates])],
      ['text that is not UTF-8', Buffer.concat([json, Buffer.from(plans).fill(0xff, 4, 9), floats, dates])],
      ['infinity', Buffer.concat([json, plans, Buffer.from(Float32Array.of(1, Infinity).buffer), dates])],
    ] as const)
      expect([lie, errorOf(() => parseV2Request(plan, names, bytes, json.length, 1000)).code]).toEqual([lie, 'MK_SERVE_TENSOR']);
    expect(errorOf(() => parseV2Request(plan, names, json, 1e6, 1000)).params['field']).toBe('Inference-Header-Content-Length');
  });

  test.each<[string, object, string, string]>([
    ['no inputs', {}, 'MK_SERVE_BODY_SHAPE', 'inputs'],
    ['empty inputs', { inputs: [] }, 'MK_SERVE_TENSOR_MISSING', 'tenure'],
    ['an input that is no object', { inputs: [5] }, 'MK_SERVE_TENSOR', 'inputs'],
    ['an unknown input', change(0, { name: '__proto__' }), 'MK_SERVE_TENSOR_UNKNOWN', '__proto__'],
    ['an input twice', { inputs: [...tensors, tensors[0]] }, 'MK_SERVE_TENSOR_TWICE', 'tenure'],
    ['a missing input', { inputs: tensors.slice(1) }, 'MK_SERVE_TENSOR_MISSING', 'tenure'],
    ['another datatype', change(0, { datatype: 'INT64' }), 'MK_SERVE_TENSOR', 'tenure'],
    ['an unknown datatype', change(0, { datatype: 'FP8' }), 'MK_SERVE_TENSOR', 'tenure'],
    ['a negative shape', change(0, { shape: [-2, 1] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['a shape of 2^63', change(0, { shape: [9.3e18, 1] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['a shape whose product overflows', change(0, { shape: [2 ** 40, 2 ** 40] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['a shape of another rank', change(0, { shape: [2, 1, 1] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['no shape', change(0, { shape: null }), 'MK_SERVE_TENSOR', 'tenure'],
    ['fewer elements than the shape', change(0, { data: [1] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['more elements than the shape', change(0, { data: [1, 2, 3] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['inputs of different rows', change(0, { shape: [1, 1], data: [1] }), 'MK_SERVE_TENSOR', 'plan'],
    ['no row', change(0, { shape: [0, 1], data: [] }), 'MK_SERVE_NO_ROWS', 'tenure'],
    ['text as a number', change(0, { data: ['1', '2'] }), 'MK_SERVE_TENSOR', 'tenure'],
    ['a number as text', change(1, { data: [1, 2] }), 'MK_SERVE_TENSOR', 'plan'],
    ['an unknown output', { inputs: tensors, outputs: [{ name: 'logits' }] }, 'MK_SERVE_TENSOR_UNKNOWN', 'logits'],
    [
      '100,000 outputs',
      { inputs: tensors, outputs: Array.from({ length: 100_000 }, () => ({ name: 'prediction' })) },
      'MK_SERVE_TENSOR_TWICE',
      'prediction',
    ],
    ['a binary size without the header', change(0, { data: undefined, parameters: { binary_data_size: 8 } }), 'MK_SERVE_TENSOR', 'tenure'],
  ])('refuses %s', (_title, request, code, field) => {
    const error = errorOf(() => read(request));
    expect([error.code, error.params['field']]).toEqual([code, field]);
  });

  test('names the row of a wrong element', () => {
    expect(errorOf(() => read(change(0, { data: [1, 'x'] }))).params).toMatchObject({ field: 'tenure', row: 1, found: '"x"' });
  });

  test('any JSON at all is read or refused with one of our codes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.json().map((data) => `{"inputs":[{"name":"tenure","shape":[1,1],"datatype":"FP32","data":${data}}]}`),
        ),
        (text) => {
          for (const run of [
            () => parseNamedRows(plan, Buffer.from(text), 10),
            () => parseV2Request(plan, names, Buffer.from(text), null, 10),
          ]) {
            expect(errorOf(run).code).toMatch(/^(none|MK_SERVE_\w+)$/);
          }
        },
      ),
      { numRuns: 1000, seed: 6 },
    );
  });
});

describe('answers', () => {
  const answered = {
    endpoint: 'churn',
    model: 'churn',
    version: 3,
    requestId: 'req_1',
    rows: 2,
    outputs: [
      { name: 'prediction', onnxType: 'string' as const, dims: [], data: ['yes', 'no'] },
      { name: 'probabilities', onnxType: 'float32' as const, dims: [2], data: Float32Array.of(0.3, 0.7, 0.9, 0.1) },
    ],
  };

  test('a set of classes is an array of their names, limits stand under their own', () => {
    const outputs = [
      { name: 'prediction', onnxType: 'string' as const, dims: [], data: ['yes', 'no'] },
      { name: 'set', onnxType: 'bool' as const, dims: [2], data: Uint8Array.of(1, 1, 1, 0) },
      { name: 'lower', onnxType: 'float32' as const, dims: [1], data: Float32Array.of(0.5, -Infinity) },
    ];
    const { predictions } = JSON.parse(namedAnswer({ ...answered, outputs }, signature, { warnings: [], total: 0 }).toString()) as {
      predictions: object[];
    };
    expect(predictions).toEqual([
      { prediction: 'yes', set: ['no', 'yes'], lower: 0.5 },
      { prediction: 'no', set: ['no'], lower: null },
    ]);
    const wanted = outputs.map(({ name }) => ({ name, binary: false }));
    const { body } = v2Answer({ ...answered, outputs }, wanted, null, 0);
    expect((JSON.parse(body.toString()) as { outputs: object[] }).outputs[1]).toEqual({
      name: 'set',
      shape: [2, 2],
      datatype: 'BOOL',
      data: [true, true, true, false],
    });
  });

  test('several labels are an array of their names, each with a probability of its own', () => {
    const outputs = [
      { name: 'prediction', onnxType: 'bool' as const, dims: [2], data: Uint8Array.of(1, 1, 0, 0) },
      { name: 'probabilities', onnxType: 'float32' as const, dims: [2], data: Float32Array.of(0.5, 0.75, 0.25, 0.125) },
    ];
    const ofLabels = { ...signature, task: 'multilabel' as const };
    const labelled = { ...answered, outputs };
    const { predictions } = JSON.parse(namedAnswer(labelled, ofLabels, { warnings: [], total: 0 }).toString()) as { predictions: object[] };
    expect(predictions).toEqual([
      { prediction: ['no', 'yes'], probabilities: { no: 0.5, yes: 0.75 } },
      { prediction: [], probabilities: { no: 0.25, yes: 0.125 } },
    ]);
    expect(firstPrediction(labelled, ofLabels)).toBe('["no","yes"]');
  });

  test('a named answer carries model, version, request id and the probability of each class', () => {
    expect(JSON.parse(namedAnswer(answered, signature, { warnings: [], total: 0 }).toString())).toEqual({
      endpoint: 'churn',
      model: 'churn',
      version: 3,
      requestId: 'req_1',
      predictions: [
        { prediction: 'yes', probability: 0.7, probabilities: { no: 0.3, yes: 0.7 } },
        { prediction: 'no', probability: 0.9, probabilities: { no: 0.9, yes: 0.1 } },
      ],
      warnings: [],
    });
  });

  test('a V2 answer holds the wanted outputs, in JSON or binary', () => {
    const { body, jsonBytes } = v2Answer(
      answered,
      [
        { name: 'prediction', binary: true },
        { name: 'probabilities', binary: false },
      ],
      'mine',
      0,
    );
    const head = JSON.parse(body.toString('utf8', 0, jsonBytes!));
    expect(head).toMatchObject({
      model_name: 'churn',
      model_version: '3',
      id: 'mine',
      parameters: { request_id: 'req_1' },
      outputs: [
        { name: 'prediction', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: 13 } },
        { name: 'probabilities', shape: [2, 2], datatype: 'FP32', data: [0.3, 0.7, 0.9, 0.1].map(Math.fround) },
      ],
    });
    expect(body.subarray(jsonBytes!)).toEqual(Buffer.concat([writeBinaryText('yes'), writeBinaryText('no')]));
  });

  test('numberJson is short and reads back as the same float32', () => {
    expect([0.3, 1e-7, 123_456.79, 3.4028235e38, -0.1, 42].map((value) => numberJson(Math.fround(value)))).toEqual([
      '0.3',
      '1e-7',
      '123456.79',
      '3.4028235e+38',
      '-0.1',
      '42',
    ]);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(numberJson(value)))).toBe(value + 0);
      }),
      { seed: 6 },
    );
    expect(numberJson(Number.NaN)).toBe('null');
  });
});
