import { expect, test } from 'vitest';
import { RpcError } from '../../src-shared/rpc/envelope.ts';
import { errorParts } from './errorParts.ts';

test('a coded error says what, where and what to do, in the language of the window', () => {
  const error = new RpcError({
    code: 'MK_NOT_FOUND',
    params: { what: 'dataset', name: 'churn', file: 'a.csv', row: 3, found: 'x', expected: 'a number' },
  });
  expect(errorParts(error, 'en')).toMatchObject({
    message: 'There is no dataset “churn”.',
    code: 'MK_NOT_FOUND',
    where: [
      ['file', 'a.csv'],
      ['row', '3'],
    ],
    found: 'x',
    expected: 'a number',
  });
  expect(errorParts(error, 'zh').message).toBe('没有名为「churn」的数据集。');
});

test('the error of a job is read without having been thrown', () => {
  expect(errorParts({ code: 'MK_JOB_CANCELLED', params: {} }, 'en').hint).not.toBe('');
});

test('a fault of the window shows its own text and no code', () => {
  expect(errorParts(new TypeError('x is undefined'), 'en')).toMatchObject({ message: 'x is undefined', code: '', hint: '' });
  expect(errorParts('plain', 'en').message).toBe('plain');
});
