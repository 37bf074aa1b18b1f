// Datatypes that are narrower than what the graph takes: every value arrives exactly, and nothing that could be rounded is taken.
import { expect, test } from 'vitest';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import { column } from '../../../testing/serveModels.ts';
import { elementBytes, isAccepted, type Datatype } from './datatypes.ts';
import { halfToNumber } from './elements.ts';
import { planInputs, type ColumnData } from './inputPlan.ts';
import { parseV2Request } from './v2Request.ts';

const onnxTypes = ['float32', 'float64', 'int64', 'string', 'uint8', 'bool'] as const;
const planOf = (onnxType: ModelInput['onnxType']): ReturnType<typeof planInputs> =>
  planInputs({ task: 'regression', inputs: [column('x', 'number', onnxType)], outputs: [], classes: [], target: 'y' });

function read(onnxType: ModelInput['onnxType'], datatype: Datatype, tensor: Buffer | readonly unknown[]): ColumnData {
  const rows = Buffer.isBuffer(tensor) ? tensor.length / elementBytes[datatype] : tensor.length;
  const form = Buffer.isBuffer(tensor) ? { parameters: { binary_data_size: tensor.length } } : { data: tensor };
  const json = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', shape: [rows, 1], datatype, ...form }] }));
  const body = Buffer.isBuffer(tensor) ? Buffer.concat([json, tensor]) : json;
  return parseV2Request(planOf(onnxType), ['prediction'], body, Buffer.isBuffer(tensor) ? json.length : null, 100_000).columns[0]!.data;
}
const bytesOf = (values: ArrayBufferView): Buffer => Buffer.from(values.buffer);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isModelkeepError(error)) return error.code;
    throw error;
  }
  return 'none';
};

test('every finite FP16 arrives as the number that it is', () => {
  const finite = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  const got = read('float32', 'FP16', bytesOf(finite));
  // Known values of IEEE 754 binary16: 1, 65504 (largest), 2^-24 (smallest), -2, 0.333251953125 (nearest to a third).
  expect([0x3c00, 0x7bff, 0x0001, 0xc000, 0x3555].map(halfToNumber)).toEqual([1, 65504, 2 ** -24, -2, 0.333251953125]);
  expect(got.length).toBe(finite.length);
  for (let at = 1; at < 0x7c00; at++) expect(got[at]! > got[at - 1]!).toBe(true); // as ordered as their bits
  expect(halfToNumber(0x7c00)).toBe(Infinity);
  expect(halfToNumber(0x7e00)).toBeNaN();
  expect(codeOf(() => read('float32', 'FP16', bytesOf(Uint16Array.of(0x7c00))))).toBe('MK_SERVE_TENSOR');
});

test('BF16 and narrow integers arrive exactly, in binary and in JSON', () => {
  expect([...read('float32', 'BF16', bytesOf(Uint16Array.of(0x3f80, 0xc000, 0x4049)))]).toEqual([1, -2, 3.140625]);
  expect([...read('float32', 'INT16', bytesOf(Int16Array.of(-32768, 32767)))]).toEqual([-32768, 32767]);
  expect([...read('float64', 'UINT32', bytesOf(Uint32Array.of(0xffff_ffff)))]).toEqual([0xffff_ffff]);
  expect([...read('float64', 'FP32', bytesOf(Float32Array.of(0.1)))]).toEqual([Math.fround(0.1)]);
  expect([...read('int64', 'INT32', bytesOf(Int32Array.of(-(2 ** 31), 5)))]).toEqual([-(2n ** 31n), 5n]);
  expect([...read('int64', 'UINT8', [0, 255])]).toEqual([0n, 255n]);
  expect([...read('float32', 'INT8', [-128, 127])]).toEqual([-128, 127]);
});

test('JSON beyond the datatype that it states is refused, and 16-bit floats in JSON at all', () => {
  for (const data of [[256], [-1], [1.5], ['1']])
    expect([data, codeOf(() => read('int64', 'UINT8', data))]).toEqual([data, 'MK_SERVE_TENSOR']);
  expect(codeOf(() => read('float32', 'FP16', [1]))).toBe('MK_SERVE_TENSOR');
});

test('no datatype is taken that the graph’s type could round, cut or misread', () => {
  const mantissaBits: Partial<Record<Datatype, number>> = { FP16: 11, BF16: 8, FP32: 24, FP64: 53 };
  const needed = (datatype: Datatype): number => mantissaBits[datatype] ?? 8 * elementBytes[datatype];
  const held: Record<(typeof onnxTypes)[number], number> = { float32: 24, float64: 53, int64: 64, string: 0, uint8: 8, bool: 0 };
  for (const onnxType of onnxTypes)
    for (const datatype of Object.keys(elementBytes) as Datatype[])
      if (isAccepted(onnxType, datatype) && !['string', 'bool'].includes(onnxType))
        expect([onnxType, datatype, needed(datatype) <= held[onnxType]]).toEqual([onnxType, datatype, true]);
  for (const [onnxType, datatype] of [
    ['float32', 'INT32'],
    ['float32', 'FP64'],
    ['float64', 'INT64'],
    ['int64', 'UINT64'],
    ['int64', 'FP16'],
    ['uint8', 'INT8'],
    ['bool', 'UINT8'],
    ['string', 'UINT8'],
  ] as const)
    expect([onnxType, datatype, isAccepted(onnxType, datatype)]).toEqual([onnxType, datatype, false]);
});
