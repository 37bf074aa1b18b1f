import { expect, test } from 'vitest';
import { readKeptColumns, toTsv } from './tableColumns.ts';

test('copied cells with tabs, breaks and quotes stay one cell in a spreadsheet', () => {
  expect(toTsv([['a', 1, null], ['x\ty', 'say "hi"', 'two\nlines']])).toBe('a\t1\t\n"x\ty"\t"say ""hi"""\t"two\nlines"'); // prettier-ignore
});

test('kept columns of an older version or a broken store are ignored', () => {
  const kept = { id: 'a', width: 120, hidden: false, pinned: true };
  expect(readKeptColumns(JSON.stringify([kept, { id: 'b' }, 7]))).toEqual([kept]);
  expect(readKeptColumns('{')).toEqual([]);
  expect(readKeptColumns('{"id":"a"}')).toEqual([]);
});
