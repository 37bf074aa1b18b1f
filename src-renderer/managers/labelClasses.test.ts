import { describe, expect, test } from 'vitest';
import { classKeys, classProblem, cleanClasses, freeKey, withKeys } from './labelClasses.ts';

const pair = (a: [string, string], b: [string, string]) => [
  { name: a[0], key: a[1] },
  { name: b[0], key: b[1] },
];

test('keys are given out in order, digits first, and never twice', () => {
  expect(withKeys(['tang', 'song', '元'])).toEqual([
    { name: 'tang', key: '1' },
    { name: 'song', key: '2' },
    { name: '元', key: '3' },
  ]);
  expect(freeKey(withKeys(Array.from({ length: 9 }, (_, index) => `c${index}`)))).toBe('a');
  expect(freeKey(withKeys(classKeys.map((key) => `class ${key}`)))).toBe('');
});

describe('what is wrong with a list of classes', () => {
  test.each([
    [[{ name: 'yes', key: '1' }], { problem: 'tooFew' }],
    [pair(['yes', '1'], ['  ', '2']), { problem: 'tooFew' }],
    [pair(['yes', '1'], ['yes ', '2']), { problem: 'sameName', name: 'yes' }],
    [pair(['yes', '1'], ['no', '1']), { problem: 'sameKey', key: '1' }],
    [pair(['yes', '1'], ['no', '']), { problem: 'noKey', name: 'no' }],
    [pair(['yes', 'Y'], ['no', 'N']), { problem: 'reservedKey', key: 'n', free: '1 2 3 4 5 6 7 8' }],
    [pair(['yes', '1'], ['no', '2']), null],
  ])('%j', (classes, problem) => {
    expect(classProblem(classes)).toEqual(problem);
  });

  test('names are trimmed and keys are lower case when they are sent', () => {
    expect(cleanClasses([...pair([' yes', 'Y'], ['no', '0']), { name: '', key: '' }])).toEqual(pair(['yes', 'y'], ['no', '0']));
  });
});
