// Our reading and writing of the messages against protobufjs, which reads the .proto that is shipped.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { decode, encode } from '../../../testing/grpcClient.ts';
import { GrpcFuzz } from '../../../testing/grpcFuzz.ts';
import { churnModel, everyTypeModel } from '../../../testing/serveModels.ts';
import { decodeInferRequest } from '../ingester/decodeProtobuf.ts';
import { planInputs } from '../protocol/inputPlan.ts';
import { readTarget } from './inferMessage.ts';
import { parseInferRequest } from './inferRequest.ts';
import { inferResponse } from './inferResponse.ts';
import { errorTrailers } from './status.ts';

const { signature } = everyTypeModel();
const plan = planInputs(signature);
const outputNames = signature.outputs.map(({ name }) => name);

interface Row {
  f32: number;
  f64: number;
  i64: number;
  text: string;
  u8: [number, number];
  flag: boolean;
}
const row: fc.Arbitrary<Row> = fc.record({
  f32: fc.float({ noDefaultInfinity: true, noNaN: true }),
  f64: fc.double({ noDefaultInfinity: true, noNaN: true }),
  i64: fc.maxSafeInteger(),
  text: fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !text.includes('\0')),
  u8: fc.tuple(fc.nat(255), fc.nat(255)),
  flag: fc.boolean(),
});

function typedRequest(rows: readonly Row[]): object {
  const of = <T>(pick: (each: Row) => T): T[] => rows.map(pick);
  const tensor = (name: string, datatype: string, contents: object, width = 1): object => ({
    name,
    datatype,
    shape: [rows.length, width],
    contents,
  });
  return {
    modelName: 'types',
    modelVersion: '3',
    id: 'mine',
    parameters: { priority: { int64Param: 3 } },
    inputs: [
      tensor('f32', 'FP32', { fp32Contents: of(({ f32 }) => f32) }),
      tensor('f64', 'FP64', { fp64Contents: of(({ f64 }) => f64) }),
      tensor('i64', 'INT64', { int64Contents: of(({ i64 }) => i64) }),
      tensor('text', 'BYTES', { bytesContents: of(({ text }) => Buffer.from(text)) }),
      tensor('u8', 'UINT8', { uintContents: rows.flatMap(({ u8 }) => u8) }, 2),
      tensor('flag', 'BOOL', { boolContents: of(({ flag }) => flag) }),
    ],
    outputs: [{ name: 'next' }],
  };
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isModelkeepError(error)) return error.code;
    throw error;
  }
  return 'none';
};
const parse = (bytes: Buffer): ReturnType<typeof parseInferRequest> => parseInferRequest(plan, outputNames, bytes, 10_000);

describe('parseInferRequest', () => {
  test('reads what protobufjs writes, for every element type', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const bytes = encode('ModelInfer', typedRequest(rows));
        expect(readTarget(bytes)).toMatchObject({ modelName: 'types', modelVersion: '3', id: 'mine' });
        const { columns, outputs, id } = parse(bytes);
        expect(id).toBe('mine');
        expect(outputs).toEqual([{ name: 'next', binary: false }]);
        expect(columns.map(({ data }) => [...data])).toEqual([
          rows.map(({ f32 }) => f32),
          rows.map(({ f64 }) => f64),
          rows.map(({ i64 }) => BigInt(i64)),
          rows.map(({ text }) => text),
          rows.flatMap(({ u8 }) => u8),
          rows.map(({ flag }) => Number(flag)),
        ]);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  test('integers are exact to the ends of int64, also when sent one by one and not packed', () => {
    const unpacked = (value: bigint): Buffer => {
      const bytes: number[] = [(3 << 3) | 0];
      for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
        bytes.push(Number(rest & 0x7fn) | (rest >= 0x80n ? 0x80 : 0));
        if (rest < 0x80n) return Buffer.from(bytes);
      }
    };
    const ends = [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n];
    const good = typedRequest(ends.map(() => ({ f32: 0, f64: 0, i64: 0, text: '', u8: [0, 0], flag: false }))) as {
      inputs: { name: string; contents: object }[];
    };
    const others = encode('ModelInfer', { ...good, inputs: good.inputs.filter(({ name }) => name !== 'i64') });
    const contents = Buffer.concat(ends.map(unpacked));
    const head = encode('ModelInfer', { inputs: [{ name: 'i64', datatype: 'INT64', shape: [4, 1] }] });
    // The tensor is the only field of `head`: its length grows by the contents that follow it.
    const tensor = Buffer.concat([head.subarray(2), Buffer.of((5 << 3) | 2, contents.length), contents]);
    const { columns } = parse(Buffer.concat([others, Buffer.of((5 << 3) | 2, tensor.length), tensor]));
    expect([...columns[2]!.data]).toEqual(ends);
  });

  test.each([
    ['no message', Buffer.of(0xff), 'MK_SERVE_NOT_PROTOBUF'],
    ['an empty one', Buffer.alloc(0), 'MK_SERVE_TENSOR_MISSING'],
    ['an unknown tensor', encode('ModelInfer', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1] }] }), 'MK_SERVE_TENSOR_UNKNOWN'],
    [
      'a shape that promises more than came',
      encode('ModelInfer', { inputs: [{ name: 'f32', datatype: 'FP32', shape: [9000, 1], contents: { fp32Contents: [1] } }] }),
      'MK_SERVE_TENSOR',
    ],
    [
      'more rows than one request may hold',
      encode('ModelInfer', { inputs: [{ name: 'f32', datatype: 'FP32', shape: [10_001, 1], contents: { fp32Contents: [1] } }] }),
      'MK_SERVE_TOO_MANY_ROWS',
    ],
    [
      'contents of another type',
      encode('ModelInfer', { inputs: [{ name: 'f32', datatype: 'FP32', shape: [1, 1], contents: { fp64Contents: [1] } }] }),
      'MK_SERVE_TENSOR',
    ],
    [
      'half floats that are not raw',
      encode('ModelInfer', { inputs: [{ name: 'f32', datatype: 'FP16', shape: [1, 1], contents: { fp32Contents: [1] } }] }),
      'MK_SERVE_TENSOR',
    ],
    [
      'fewer raw contents than inputs',
      encode('ModelInfer', { inputs: [{ name: 'f32' }, { name: 'f64' }], rawInputContents: [Buffer.alloc(4)] }),
      'MK_SERVE_TENSOR',
    ],
    [
      'an integer beyond its datatype',
      encode('ModelInfer', { inputs: [{ name: 'i64', datatype: 'INT8', shape: [1, 1], contents: { intContents: [128] } }] }),
      'MK_SERVE_TENSOR',
    ],
    [
      'shared memory, which it has not',
      encode('ModelInfer', { inputs: [{ name: 'f32', parameters: { shared_memory_region: { stringParam: 'r' } } }] }),
      'MK_SERVE_TENSOR',
    ],
    ['20,000 empty tensors', Buffer.alloc(40_000, Buffer.of((5 << 3) | 2, 0)), 'MK_SERVE_NOT_PROTOBUF'],
  ])('refuses %s', (_what, bytes, code) => {
    expect(codeOf(() => parse(bytes))).toBe(code);
  });

  test('damaged messages are refused by code, never by a fault, and so are they when they are stored', () => {
    const churn = planInputs(churnModel().signature);
    const fuzz = new GrpcFuzz(11);
    const codes = new Set<string>();
    for (let count = 0; count < 1000; count++) {
      const { bytes } = fuzz.next();
      codes.add(codeOf(() => readTarget(bytes)));
      codes.add(codeOf(() => parseInferRequest(churn, ['prediction', 'probabilities'], bytes, 10_000)));
      try {
        JSON.stringify(decodeInferRequest(bytes));
      } catch (error) {
        expect(isModelkeepError(error) || error instanceof TypeError || error instanceof RangeError).toBe(true);
      }
    }
    expect([...codes].toSorted()).toContain('none');
    expect([...codes].every((code) => code === 'none' || code.startsWith('MK_SERVE_'))).toBe(true);
    expect(codes.size).toBeGreaterThan(5);
  });
});

test('inferResponse is read by protobufjs, raw and typed', () => {
  const answered = {
    endpoint: 'types',
    model: 'types',
    version: 3,
    requestId: 'req_1',
    rows: 2,
    outputs: [
      { name: 'prediction', onnxType: 'float32' as const, dims: [1], data: Float32Array.of(1.5, -2) },
      { name: 'echo', onnxType: 'string' as const, dims: [1], data: ['', '高级'] },
      { name: 'next', onnxType: 'int64' as const, dims: [], data: BigInt64Array.of(-1n, 5n) },
      { name: 'unset', onnxType: 'bool' as const, dims: [1], data: Uint8Array.of(0, 1) },
    ],
  };
  const wanted = (binary: boolean): { name: string; binary: boolean }[] => answered.outputs.map(({ name }) => ({ name, binary }));
  const typed = decode('ModelInfer', inferResponse(answered, wanted(false), null, 4));
  expect(typed).toMatchObject({ modelName: 'types', modelVersion: '3', id: 'req_1', rawOutputContents: [] });
  expect(typed.parameters).toMatchObject({ model: { stringParam: 'types' }, warnings: { int64Param: 4 } });
  expect(typed.outputs.map(({ shape, datatype }: { shape: number[]; datatype: string }) => [datatype, ...shape])).toEqual([
    ['FP32', 2, 1],
    ['BYTES', 2, 1],
    ['INT64', 2],
    ['BOOL', 2, 1],
  ]);
  expect(typed.outputs[0].contents.fp32Contents).toEqual([1.5, -2]);
  expect(typed.outputs[1].contents.bytesContents.map(String)).toEqual(['', '高级']);
  expect(typed.outputs[2].contents.int64Contents).toEqual([-1, 5]);
  expect(typed.outputs[3].contents.boolContents).toEqual([false, true]);
  const raw = decode('ModelInfer', inferResponse(answered, wanted(true), 'mine', 0));
  expect(raw.id).toBe('mine');
  expect(raw.rawOutputContents.map((bytes: Buffer) => bytes.toString('hex'))).toEqual([
    '0000c03f000000c0',
    '0000000006000000e9ab98e7baa7',
    'ffffffffffffffff0500000000000000',
    '0001',
  ]);
});

test('trailers of an error stay within 8 KiB and are printable, whatever was found', () => {
  const trailers = errorTrailers(
    'MK_SERVE_TENSOR',
    { field: '高级'.repeat(2000), found: '\n%\ud800'.repeat(3000), expected: 'x', row: 3 },
    'req_1',
  );
  const bytes = Object.entries(trailers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(bytes).toBeLessThan(8192);
  expect(trailers['grpc-status']).toBe('3');
  expect(trailers['grpc-message']).toMatch(/^[ -~]*$/);
});
