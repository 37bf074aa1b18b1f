import { expect, test } from 'vitest';
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import { ForecastChoice } from './forecastChoice.svelte.ts';

const spec: FeatureSpec = {
  dataset: { name: 'sales', version: 1 },
  target: { kind: 'column', column: 'sold' },
  task: 'regression',
  classes: [],
  rules: [
    { column: 'day', kind: 'drop', reason: 'time' },
    ...['sold lag 1', 'sold lag 7'].map(
      (column) =>
        ({
          column,
          kind: 'numeric',
          impute: 'median',
          missingFlag: true,
          scale: 'standard',
          transform: 'none',
        }) satisfies FeatureSpec['rules'][number],
    ),
  ],
  history: {
    timeColumn: 'day',
    entityColumns: ['shop'],
    step: { unit: 'second', count: 86_400, origin: 0 },
    horizon: 1,
    season: 7,
    features: [1, 7].map((lag) => ({ kind: 'lag', column: 'sold', lag })),
  },
};

test('asks for nothing while it is as the rows say, for a horizon when one is chosen, for none when it is off', () => {
  const choice = new ForecastChoice();
  expect(choice.asked(spec.history)).toBeUndefined();
  choice.horizon = 7;
  expect(choice.asked(spec.history)).toEqual({ timeColumn: 'day', entityColumns: ['shop'], horizon: 7 });
  expect(choice.asked(undefined)).toBeUndefined();
  choice.horizon = 0;
  expect(choice.isValid).toBe(false);
  expect(choice.asked(spec.history)).toBeUndefined();
  choice.off = true;
  expect(choice.asked(spec.history)).toBeNull();
});

test('sends a spec only when a column of earlier rows was taken out, and leaves the others as they are', () => {
  const choice = new ForecastChoice();
  expect(choice.request(spec, undefined)).toEqual({});
  choice.take('sold lag 1', false);
  const { spec: sent } = choice.request(spec, undefined);
  expect(sent!.rules).toEqual([spec.rules[0], { column: 'sold lag 1', kind: 'drop', reason: 'user' }, spec.rules[2]]);
  expect(sent!.history).toEqual(spec.history);
  choice.take('sold lag 1', true);
  expect(choice.request(spec, undefined)).toEqual({});
  choice.take('sold lag 7', false);
  choice.reset();
  expect(choice.isOut('sold lag 7')).toBe(false);
});
