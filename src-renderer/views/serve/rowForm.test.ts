import { describe, expect, test } from 'vitest';
import type { ModelInput, ModelSignature } from '../../../src-shared/domain/features.ts';
import { emptyRow, exampleRow, isOutside, rowFrom } from './rowForm.ts';

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

const columns = signature(
  input({ name: 'tenure', type: 'integer', range: { min: 0, max: 71 } }),
  input({ name: 'plan', type: 'category', onnxType: 'string', categories: ['month', 'year'] }),
  input({ name: 'since', type: 'date', onnxType: 'float64', range: { min: 0, max: 10 } }),
  input({ name: 'note', type: 'text', onnxType: 'string' }),
  input({ name: 'senior', type: 'boolean' }),
  input({ name: 'photo', type: 'image', onnxType: 'uint8', shape: [28, 28, 1] }),
);

test('an example row has a value of the right kind for every column that can have one', () => {
  expect(exampleRow(columns)).toEqual({ tenure: 36, plan: 'month', since: '1970-01-06', note: '', senior: true, photo: null });
});

test('an empty row sends every column as missing', () => {
  expect(Object.values(emptyRow(columns))).toEqual([null, null, null, null, null, null]);
});

test('a stored row is taken over for known columns only', () => {
  expect(rowFrom({ tenure: 5, plan: 'year', other: 1, since: { odd: true } }, columns)).toEqual({
    ...emptyRow(columns),
    tenure: 5,
    plan: 'year',
  });
});

describe('isOutside', () => {
  const [tenure, plan, since] = columns.inputs;
  test.each([
    [tenure!, 71, false],
    [tenure!, 72, true],
    [tenure!, null, false],
    [plan!, 'year', false],
    [plan!, 'week', true],
    [since!, '1970-01-11', false],
    [since!, '1970-01-12', true],
    [since!, 'not a date', false],
  ])('%#', (column, value, expected) => {
    expect(isOutside(column, value)).toBe(expected);
  });

  test('compares float32 columns as float32', () => {
    expect(isOutside(input({ range: { min: Math.fround(0.1), max: 1 } }), 0.1)).toBe(false);
  });
});
