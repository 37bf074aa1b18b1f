import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochDays, isoFromEpochDays } from './epochDays.ts';

test.each([
  ['1970-01-01', 0],
  ['1970-01-02', 1],
  ['1969-12-31', -1],
  ['2024-02-29', 19_782],
  ['1970-01-01T12:00:00Z', 0.5],
  ['1970-01-01 06:00', 0.25],
  ['1970-01-01T08:00:00+08:00', 0],
  ['1970-01-01T00:00:00-0600', 0.25],
  ['1970-01-01T00:00:00.5Z', 0.5 / 86_400],
  ['0001-01-01', -719_162],
])('%s is day %d', (text, days) => {
  expect(epochDays(text)).toBeCloseTo(days, 9);
});

test.each([
  '2023-02-29',
  '2024-13-01',
  '2024-00-10',
  '2024-1-1',
  '01.02.2024',
  '20240101',
  'yesterday',
  '',
  '2024-01-01T25:00',
  '2024-01-01Tnoon',
  '1900-02-29',
])('%j is no date', (text) => {
  expect(epochDays(text)).toBeNull();
});

test('agrees with Date on every instant and reads back what isoFromEpochDays writes', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }), (date) => {
      const days = epochDays(date.toISOString())!;
      expect(Math.abs(days * 86_400_000 - date.getTime())).toBeLessThan(1);
      expect(isoFromEpochDays(days)).toBe(date.toISOString().replace('T00:00:00.000Z', ''));
    }),
    { seed: 6 },
  );
});
