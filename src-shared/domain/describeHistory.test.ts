import { expect, test } from 'vitest';
import { describeHistory } from './describeHistory.ts';
import type { InputHistory } from './history.ts';

const made = (feature: InputHistory['feature'], more: Partial<InputHistory> = {}): string =>
  describeHistory({
    feature,
    timeColumn: 'day',
    entityColumns: [],
    step: { unit: 'second', count: 86_400, origin: 0 },
    horizon: 1,
    ...more,
  });

test('an input of earlier rows is told with its column, its time, its series and its horizon', () => {
  expect(made({ kind: 'lag', column: 'y', lag: 7 })).toBe('“y” 7 days before “day” of the row');
  expect(made({ kind: 'rolling', column: 'y', statistic: 'mean', window: 28 }, { horizon: 7, entityColumns: ['shop', 'article'] })).toBe(
    'Mean of “y” over the last 28 days up to 7 days before “day” of the row, among rows of the same “shop” and “article”',
  );
  expect(made({ kind: 'season', column: 'y', season: 4, cycles: 3 }, { step: { unit: 'month', count: 3 } })).toBe(
    'Mean of “y” at the same place of the last 3 seasons of 12 months before “day” of the row',
  );
  expect(made({ kind: 'change', column: 'y', over: 1 }, { step: { unit: 'row', time: 'date' } })).toBe(
    'Last “y” before “day” of the row less the one 1 row earlier',
  );
  expect(made({ kind: 'since', column: 'y' }, { step: { unit: 'second', count: 1800, origin: 0 } })).toContain('(30 minutes each)');
});
