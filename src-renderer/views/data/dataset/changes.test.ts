import { expect, test } from 'vitest';
import { changedFirst, isChanged, missingShare, shiftOf, type ColumnDiff } from './changes.ts';

const column = (name: string, change: ColumnDiff['change'], psi: number | null): ColumnDiff => ({
  name,
  change,
  psi,
  typeBefore: null,
  typeAfter: null,
  missingBefore: null,
  missingAfter: null,
  before: null,
  after: null,
});

test('a shift has three sizes, and none where it cannot be measured', () => {
  expect([null, 0, 0.09, 0.1, 0.19, 0.2, 3].map(shiftOf)).toEqual([null, 'none', 'none', 'some', 'some', 'large', 'large']);
});

test('a column changed when its schema did, or its distribution noticeably', () => {
  expect(
    [column('a', 'same', 0.02), column('b', 'same', 0.15), column('c', 'type', null), column('d', 'same', null)].map(isChanged),
  ).toEqual([false, true, true, false]);
});

test('schema changes come first, then the largest shift', () => {
  expect(
    changedFirst([column('a', 'same', 0.12), column('b', 'same', 0.5), column('c', 'added', null), column('d', 'same', null)]).map(
      ({ name }) => name,
    ),
  ).toEqual(['c', 'b', 'a', 'd']);
});

test('missing values are a share of the rows of that version', () => {
  expect(missingShare(5, null, 10)).toBe(0.5);
  expect(missingShare(null, null, 10)).toBeNull();
  expect(missingShare(5, null, 0)).toBeNull();
});
