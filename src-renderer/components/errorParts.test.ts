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

test('what an endpoint expected is told in Chinese; what a caller sent stays as it was', () => {
  const error = { code: 'MK_SERVE_TYPE_MISMATCH', params: { row: 0, field: 'tenure', found: '"a number"', expected: 'a number' } };
  expect(errorParts(error, 'zh')).toMatchObject({ expected: '数字', found: '"a number"' });
  expect(errorParts({ code: 'MK_SERVE_TYPE_MISMATCH', params: { expected: 'text', found: 'an array of 3' } }, 'zh')).toMatchObject({
    expected: '文本',
    found: '3 个元素的数组',
  });
  expect(errorParts(error, 'en').expected).toBe('a number');
});
