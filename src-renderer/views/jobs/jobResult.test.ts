import { expect, test } from 'vitest';
import { resultOf } from './jobResult.ts';

const done = { subject: 'dataset churn', state: 'done' as const };

test('an import leads to the version that it made, training to its run, learning to its cycle', () => {
  expect(resultOf({ ...done, kind: 'data.import', result: { dataset: 'churn', version: 2, rows: 10 } })).toEqual({
    kind: 'page',
    label: 'churn v2',
    segments: ['data', 'churn', 'v2'],
  });
  expect(resultOf({ ...done, kind: 'train', result: { runId: 'run_1' } })).toMatchObject({ segments: ['train', 'run_1'] });
  expect(resultOf({ ...done, kind: 'learn', result: { cycleId: 'cycle_1' } })).toMatchObject({ segments: ['learn', 'cycle_1'] });
  expect(resultOf({ ...done, kind: 'samples.run', subject: 'sample orders', result: {} })).toMatchObject({
    segments: ['welcome', 'orders'],
  });
});

test('a written file is named, not linked', () => {
  expect(resultOf({ ...done, kind: 'data.export', result: { file: '/home/ada/churn.csv', sizeBytes: 9 } })).toEqual({
    kind: 'file',
    path: '/home/ada/churn.csv',
  });
});

test('a job that failed or runs has no result', () => {
  expect(resultOf({ ...done, state: 'failed', kind: 'train', result: { runId: 'run_1' } })).toBeNull();
  expect(resultOf({ ...done, kind: 'train', result: null })).toBeNull();
  expect(resultOf({ ...done, kind: 'newer.kind', result: { other: 1 } })).toBeNull();
});
