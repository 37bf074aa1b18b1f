import { expect, test } from 'vitest';
import { targetKey, targetOfKey, type Target } from './targetKey.ts';

test.each<Target>([
  { kind: 'column', column: 'churn' },
  { kind: 'column', column: 'a:b@3 日期' },
  { kind: 'labels', labelSet: '诗-labels', version: 12 },
])('%j goes into an address and comes back', (target) => {
  expect(targetOfKey(targetKey(target))).toEqual(target);
});

test.each([null, '', 'column:', 'labels:tone', 'labels:tone@', 'labels:@2x', 'something:else'])('%j is no target', (key) => {
  expect(targetOfKey(key)).toBeNull();
});
