import { expect, test } from 'vitest';
import { filterOfQuery } from './rowFilter.ts';

const filter = (query: string) => filterOfQuery(new URLSearchParams(query));

test('an address without a filter shows all rows', () => {
  expect(filter('tab=rows')).toBeUndefined();
  expect(filter('column=age')).toBeUndefined();
});

test('text, condition and both', () => {
  expect(filter('text=berlin')).toEqual({ text: 'berlin' });
  expect(filter('column=age&is=above&value=30')).toEqual({ column: 'age', is: 'above', value: '30' });
  expect(filter('text=x&column=age&is=missing')).toEqual({ text: 'x', column: 'age', is: 'missing' });
});

test('a condition without its value, or an unknown one, filters nothing', () => {
  expect(filter('column=age&is=above')).toBeUndefined();
  expect(filter('column=age&is=resembles&value=3')).toBeUndefined();
});

test('a value that the condition does not take is left out', () => {
  expect(filter('column=age&is=present&value=3')).toEqual({ column: 'age', is: 'present' });
});
