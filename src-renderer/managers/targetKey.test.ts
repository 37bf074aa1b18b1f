import { expect, test } from 'vitest';
import { targetKey, targetOfKey, type Target } from './targetKey.ts';

test.each<Target>([
  { kind: 'column', column: 'churn' },
  { kind: 'column', column: 'a:b@3 日期' },
  { kind: 'labels', labelSet: '诗-labels', version: 12 },
  { kind: 'flags', columns: ['a,b', '日 "期"'] },
  { kind: 'delimited', column: 'tags', separator: '|' },
  { kind: 'ranking', column: 'grade', group: 'query:1' },
])('%j goes into an address and comes back', (target) => {
  expect(targetOfKey(targetKey(target))).toEqual(target);
});

test.each([
  null,
  '',
  'column:',
  'labels:tone',
  'labels:tone@',
  'labels:@2x',
  'something:else',
  'flags:["a"]',
  'flags:[1,2]',
  'delimited:["a"]',
  'delimited:["a",""]',
  'ranking:{',
])('%j is no target', (key) => {
  expect(targetOfKey(key)).toBeNull();
});
