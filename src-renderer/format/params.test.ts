import { describe, expect, test } from 'vitest';
import { formatParams, listParams, spellOut } from './params.ts';

describe('figures beside a code', () => {
  test('are written by what their names say', () => {
    expect(
      formatParams(
        { rows: 41902, missingShare: 0.118, sizeBytes: 842_300, tookMs: 1234, score: 0.9871, column: 'age', startedAt: 0 },
        'en',
      ),
    ).toMatchObject({ rows: '41,902', missingShare: '11.8%', sizeBytes: '842 kB', tookMs: '1.2 s', score: '0.9871', column: 'age' });
    expect(formatParams({ startedAt: new Date(2026, 10, 24, 9, 14).getTime() }, 'zh')).toEqual({ startedAt: '2026年11月24日 09:14' });
  });

  test('keep the number that chooses the plural, and its text beside it', () => {
    expect(formatParams({ count: 12_000 }, 'en')).toEqual({ count: 12_000, countText: '12,000' });
  });

  test('are listed in full when the code is unknown', () => {
    expect(listParams({ column: 'age', rows: 1200 }, 'en')).toBe('column age, rows 1,200');
    expect(listParams({ column: '年龄', rows: 1200 }, 'zh')).toBe('column 年龄，rows 1,200');
    expect(listParams({}, 'en')).toBe('');
  });
});

test('an unknown code is spelt out', () => {
  expect([spellOut('mostlyMissing'), spellOut('psi'), spellOut('p99Latency'), spellOut('label_set.closed')]).toEqual([
    'mostly missing',
    'psi',
    'p99 latency',
    'label set closed',
  ]);
});
