import { expect, test } from 'vitest';
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import { askedForecast, forecastRequest } from './forecastRequest.ts';

const numeric = { kind: 'numeric', impute: 'median', missingFlag: true, scale: 'standard', transform: 'none' } as const;
const spec: FeatureSpec = {
  dataset: { name: 'sales', version: 1 },
  target: { kind: 'column', column: 'sold' },
  task: 'regression',
  classes: [],
  rules: [
    { column: 'day', kind: 'drop', reason: 'time' },
    { column: 'sold lag 1', ...numeric },
    { column: 'sold lag 7', ...numeric },
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
  expect(askedForecast({ horizon: 1, off: false }, spec.history)).toBeUndefined();
  const series = { timeColumn: 'day', entityColumns: ['shop'] };
  expect(askedForecast({ horizon: 7, off: false }, spec.history)).toEqual({ ...series, horizon: 7 });
  expect(askedForecast({ horizon: 7, off: false }, undefined)).toBeUndefined();
  for (const horizon of [null, 0, 1.5, 1001]) expect(askedForecast({ horizon, off: false }, spec.history)).toBeUndefined();
  expect(askedForecast({ horizon: 7, off: true }, spec.history)).toBeNull();
});

test('sends a spec only when a column of earlier rows was taken out, and leaves the others as they are', () => {
  expect(forecastRequest(spec, undefined, () => false)).toEqual({});
  expect(forecastRequest(undefined, null, () => true)).toEqual({ forecast: null });
  const { spec: sent } = forecastRequest(spec, undefined, (name) => name === 'sold lag 1' || name === 'day');
  expect(sent!.rules).toEqual([spec.rules[0], { column: 'sold lag 1', kind: 'drop', reason: 'user' }, spec.rules[2]]);
  expect(sent!.history).toEqual(spec.history);
});
