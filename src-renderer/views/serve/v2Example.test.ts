import { expect, test } from 'vitest';
import type { ModelInput, ModelSignature } from '../../../src-shared/domain/features.ts';
import { grpcPython, v2Curl } from './v2Example.ts';

const input = (part: Partial<ModelInput>): ModelInput => ({
  name: 'x',
  type: 'number',
  onnxType: 'float32',
  shape: [1],
  required: true,
  range: null,
  categories: null,
  ...part,
});
const signature = (...inputs: ModelInput[]): ModelSignature => ({ task: 'binary', inputs, outputs: [], classes: [], target: 'y' });

test('writes one tensor a column with the datatype of the protocol', () => {
  const curl = v2Curl(
    'http://127.0.0.1:1/v2/models/m',
    signature(
      input({ name: 'age', type: 'integer', range: { min: 0, max: 10 } }),
      input({ name: 'plan', type: 'category', onnxType: 'string', categories: ["o'clock"] }),
      input({ name: 'since', type: 'date', onnxType: 'float64', range: { min: 10, max: 10 } }),
      input({ name: 'senior', type: 'boolean' }),
    ),
  );
  expect(curl).toContain("'http://127.0.0.1:1/v2/models/m/infer'");
  const body = JSON.parse(/-d '(.*)' 'http/s.exec(curl!)![1]!.replaceAll("'\\''", "'")) as { inputs: unknown[] };
  expect(body.inputs).toEqual([
    { name: 'age', shape: [1, 1], datatype: 'FP32', data: [5] },
    { name: 'plan', shape: [1, 1], datatype: 'BYTES', data: ["o'clock"] },
    { name: 'since', shape: [1, 1], datatype: 'FP64', data: [10] },
    { name: 'senior', shape: [1, 1], datatype: 'FP32', data: [1] },
  ]);
});

test('offers no command for images', () => {
  expect(v2Curl('http://x', signature(input({ onnxType: 'uint8', shape: [28, 28, 1] })))).toBeNull();
});

test('writes the same row for tritonclient over gRPC, and nothing for images', () => {
  const python = grpcPython(
    '127.0.0.1:8081',
    'm',
    signature(
      input({ name: 'age', type: 'integer', range: { min: 0, max: 10 } }),
      input({ name: 'plan', type: 'category', onnxType: 'string', categories: ['高级 "x"'] }),
      input({ name: 'flag', type: 'boolean', onnxType: 'bool' }),
    ),
  );
  expect(python).toContain('InferenceServerClient("127.0.0.1:8081")');
  expect(python).toContain('("age", "FP32", np.array([[5]], np.float32)),');
  expect(python).toContain('("plan", "BYTES", np.array([["高级 \\"x\\""]], np.object_)),');
  expect(python).toContain('("flag", "BOOL", np.array([[True]], np.bool_)),');
  expect(grpcPython('a', 'm', signature(input({ onnxType: 'uint8', shape: [8, 8, 1] })))).toBeNull();
});
