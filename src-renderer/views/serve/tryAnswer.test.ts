import { expect, test } from 'vitest';
import { errorOf, firstAnswer, warningsOf } from './tryAnswer.ts';

const answered = {
  endpoint: 'churn',
  predictions: [{ prediction: 'Yes', probability: 0.7, probabilities: { No: 0.3, Yes: 0.7 } }],
  warnings: [{ row: 0, field: 'tenure', code: 'outOfRange', found: '900', expected: '0 to 72' }],
};

test('an answer gives its prediction, its probabilities and what was noticed', () => {
  expect(firstAnswer(answered)).toEqual({ prediction: 'Yes', probabilities: { No: 0.3, Yes: 0.7 } });
  expect(warningsOf(answered)).toEqual([{ field: 'tenure', code: 'outOfRange', found: '900', expected: '0 to 72' }]);
  expect(errorOf(answered)).toBeNull();
});

test('a number is an answer, too', () => {
  expect(firstAnswer({ predictions: [{ prediction: 12.5 }] })).toEqual({ prediction: 12.5 });
});

test('labels are an answer, also where the row has none', () => {
  const probabilities = { red: 0.8, green: 0.6 };
  expect(firstAnswer({ predictions: [{ prediction: ['red', 'green'], probabilities }] })).toEqual({
    prediction: ['red', 'green'],
    probabilities,
  });
  expect(firstAnswer({ predictions: [{ prediction: [] }] })).toEqual({ prediction: [] });
});

test('a refusal keeps its figures and leaves the wording to the window', () => {
  const body = {
    error: { code: 'MK_SERVE_TYPE_MISMATCH', message: 'Row 0 …', hint: 'Correct …', row: 0, field: 'tenure', found: '"twelve"' },
  };
  expect(errorOf(body)).toEqual({ code: 'MK_SERVE_TYPE_MISMATCH', params: { row: 0, field: 'tenure', found: '"twelve"' } });
  expect(firstAnswer(body)).toBeNull();
});

test('what is no answer of ours is nothing', () => {
  expect(firstAnswer('<html>')).toBeNull();
  expect(errorOf(null)).toBeNull();
  expect(warningsOf({ warnings: 'none' })).toEqual([]);
});
