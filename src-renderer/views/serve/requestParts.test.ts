import { describe, expect, test } from 'vitest';
import { answersOf, isEncodedImage, rowsOf, shortened } from './requestParts.ts';

describe('rowsOf', () => {
  test('takes named rows, and one bare object as one row', () => {
    expect(rowsOf({ rows: [{ age: 3 }, { age: null }] })).toEqual([{ age: 3 }, { age: null }]);
    expect(rowsOf({ age: 3 })).toEqual([{ age: 3 }]);
  });

  test('reads V2 tensors row by row, flat or nested', () => {
    const inputs = [
      { name: 'age', shape: [2, 1], datatype: 'FP32', data: [3, 4] },
      { name: 'plan', shape: [2, 1], datatype: 'BYTES', data: [['a'], ['b']] },
    ];
    expect(rowsOf({ inputs })).toEqual([
      { age: 3, plan: 'a' },
      { age: 4, plan: 'b' },
    ]);
  });

  test('gives no rows for what was not kept or is no object', () => {
    expect(rowsOf(null)).toEqual([]);
    expect(rowsOf('text')).toEqual([]);
    expect(rowsOf({})).toEqual([]);
    expect(rowsOf({ inputs: [{ name: 'age', shape: [0], data: [] }] })).toEqual([]);
  });
});

describe('answersOf', () => {
  test('puts the probability of each class beside the prediction', () => {
    const output = { predictions: [{ prediction: 'Yes', probability: 0.7, probabilities: { No: 0.3, Yes: 0.7 } }] };
    expect(answersOf(output)).toEqual([{ prediction: 'Yes', probability: 0.7, 'P(No)': 0.3, 'P(Yes)': 0.7 }]);
  });

  test('reads V2 outputs, vectors included', () => {
    const outputs = [
      { name: 'prediction', shape: [1], data: ['Yes'] },
      { name: 'probabilities', shape: [1, 2], data: [0.3, 0.7] },
    ];
    expect(answersOf({ outputs })).toEqual([{ prediction: 'Yes', probabilities: [0.3, 0.7] }]);
  });

  test('a refusal has no answers', () => {
    expect(answersOf({ error: { code: 'MK_SERVE_TYPE_MISMATCH' } })).toEqual([]);
  });
});

test('an encoded image is told from a text that begins alike', () => {
  expect(isEncodedImage(`iVBORw0KGgo${'A'.repeat(200)}`)).toBe(true);
  expect(isEncodedImage('/9j/')).toBe(false);
  expect(isEncodedImage('A'.repeat(200))).toBe(false);
  expect(isEncodedImage(null)).toBe(false);
});

test('a long cell is cut, a short one stays', () => {
  expect(shortened('short')).toBe('short');
  expect(shortened('x'.repeat(500))).toHaveLength(401);
});
