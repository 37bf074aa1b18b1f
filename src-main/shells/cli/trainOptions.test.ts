import { expect, test } from 'vitest';
import { metricNames, searchLearners, trainRequest } from '../../../src-shared/domain/training.ts';
import { UsageError } from './command.ts';
import { readOptions } from './options.ts';
import { judging, objectiveOf, trainSettings } from './trainOptions.ts';

const settings = (values: Record<string, string | boolean | string[]>) => trainSettings(readOptions(values));
const request = { dataset: { name: 'd', version: 1 }, target: { kind: 'column', column: 'y' } };

test('without options nothing is asked for', () => {
  expect(settings({})).toEqual({});
});

test.each([
  ['none', { kind: 'holdout', fraction: 0.2 }],
  ['5', { kind: 'stratified', folds: 5 }],
  ['group:customer id', { kind: 'group', folds: 5, groupColumn: 'customer id' }],
  ['time:a:b', { kind: 'expanding', folds: 5, timeColumn: 'a:b' }],
])('--cv %s is a plan of folds that the contract takes', (cv, folds) => {
  const asked = settings({ cv });
  expect(asked.folds).toEqual(folds);
  expect(() => trainRequest.parse({ ...request, ...asked })).not.toThrow();
});

test('groups and times hold back the test rows in the same way', () => {
  expect(judging('group:g', undefined).holdout).toMatchObject({ kind: 'group', groupColumn: 'g' });
  expect(judging('time:t', undefined).holdout).toMatchObject({ kind: 'temporal', timeColumn: 't' });
  expect(judging('5', 't')).toMatchObject({ folds: { kind: 'expanding', folds: 5 }, holdout: { kind: 'temporal' } });
  expect(judging(undefined, 't')).toEqual({ holdout: { kind: 'temporal', timeColumn: 't', validationFraction: 0.2, testFraction: 0.2 } });
});

test.each([
  ['random', { kind: 'stratified' }],
  ['time:order date', { kind: 'temporal', timeColumn: 'order date' }],
  ['group:shop', { kind: 'group', groupColumn: 'shop' }],
])('--holdout %s is a holdout that the contract takes, and folds follow it', (held, holdout) => {
  const asked = settings({ holdout: held, cv: '4' });
  expect(asked.holdout).toMatchObject(holdout);
  expect(asked.folds?.kind).toBe({ stratified: 'stratified', temporal: 'expanding', group: 'group' }[holdout.kind as 'group']);
  expect(() => trainRequest.parse({ ...request, ...asked })).not.toThrow();
  // A split of the test rows that was named stays, whatever compares the candidates.
  expect(settings({ holdout: held, cv: 'group:g' }).holdout).toEqual(asked.holdout);
});

test.each([
  ['squared', undefined, { kind: 'squared' }],
  ['absolute', undefined, { kind: 'absolute' }],
  ['huber:2.5', undefined, { kind: 'huber', delta: 2.5 }],
  ['quantile:0.9', undefined, { kind: 'quantile', level: 0.9 }],
  ['quantile', '0.05', { kind: 'quantile', level: 0.05 }],
  [undefined, '0.5', { kind: 'quantile', level: 0.5 }],
  ['poisson', undefined, { kind: 'poisson' }],
  ['gamma', undefined, { kind: 'gamma' }],
  ['tweedie', undefined, { kind: 'tweedie', power: 1.5 }],
  ['tweedie:1.2', undefined, { kind: 'tweedie', power: 1.2 }],
])('--objective %s --quantile %s is an objective that the contract takes', (word, quantile, objective) => {
  expect(objectiveOf(word, quantile)).toEqual(objective);
  expect(() => trainRequest.parse({ ...request, objective: objectiveOf(word, quantile) })).not.toThrow();
});

test('weights, intervals and a small model are asked for by name', () => {
  const asked = settings({ 'class-weights': 'balanced', 'weight-column': 'w', interval: '0.95', distill: true });
  expect(asked).toEqual({ classWeights: 'balanced', weightColumn: 'w', interval: { level: 0.95 }, distill: true });
  expect(() => trainRequest.parse({ ...request, ...asked })).not.toThrow();
  expect(settings({ interval: 'off' })).toEqual({ interval: null });
});

test('every learner and every metric can be named', () => {
  expect(settings({ learner: [...searchLearners] }).learners).toEqual(searchLearners);
  for (const metric of metricNames) expect(settings({ metric }).metric).toBe(metric);
});

test('a grid is searched when values are given; a number of candidates alone keeps the usual search', () => {
  expect(settings({ grid: ['boosting.numLeaves=15, 31', 'boosting.learningRate=1e-1', 'nearest.weighting=uniform'] }).search).toEqual({
    method: 'grid',
    grid: { boosting: { numLeaves: [15, 31], learningRate: [0.1] }, nearest: { weighting: ['uniform'] } },
  });
  expect(settings({ 'max-candidates': '7' }).search).toEqual({ method: 'tpe', maxCandidates: 7 });
  expect(settings({ search: 'random', 'no-ensemble': true })).toEqual({ search: { method: 'random' }, ensemble: false });
});

test('a forecast has a time, series and a horizon', () => {
  expect(settings({ time: 'day' }).forecast).toEqual({ timeColumn: 'day', entityColumns: [] });
  expect(settings({ time: 'day', entity: ['shop', 'article'], horizon: '7', 'known-ahead': ['promo'] }).forecast).toEqual({
    timeColumn: 'day',
    entityColumns: ['shop', 'article'],
    horizon: 7,
    knownAhead: ['promo'],
  });
  expect(settings({ 'no-forecast': true }).forecast).toBeNull();
  expect(settings({})).not.toHaveProperty('forecast');
});

test.each([
  [{ horizon: '7' }, '--time COLUMN'],
  [{ entity: ['shop'] }, '--time COLUMN'],
  [{ time: 'day', horizon: '0' }, 'from 1 to 1000'],
  [{ time: 'day', 'no-forecast': true }, 'one of them'],
  [{ cv: '1' }, 'none, a number of folds from 2 to 20, group:COLUMN or time:COLUMN'],
  [{ cv: '21' }, 'from 2 to 20'],
  [{ cv: 'group:' }, 'group:COLUMN'],
  [{ metric: 'roc' }, 'accuracy, auc'],
  [{ search: 'bayes' }, 'portfolio, grid, random, tpe'],
  [{ search: 'grid' }, '--grid boosting.numLeaves'],
  [{ search: 'tpe', grid: ['linear.l1Ratio=0'] }, '--search grid'],
  [{ grid: ['numLeaves=3'] }, 'LEARNER.SETTING=VALUE'],
  [{ grid: ['ensemble.x=3'] }, 'baseline, linear'],
  [{ learner: ['xgboost'] }, 'baseline, linear'],
  [{ 'max-candidates': '0' }, 'from 1 to 10000'],
  [{ objective: 'mse' }, 'squared, absolute, huber:DELTA'],
  [{ objective: 'huber' }, 'huber:DELTA'],
  [{ objective: 'poisson:2' }, 'poisson'],
  [{ objective: 'tweedie:2' }, 'from 1.05 to 1.95'],
  [{ quantile: '0.8' }, '0.05, 0.1, 0.25'],
  [{ objective: 'quantile' }, '0.05, 0.1, 0.25'],
  [{ objective: 'gamma', quantile: '0.9' }, '--objective quantile'],
  [{ 'class-weights': 'auto' }, 'none, balanced'],
  [{ interval: '90' }, 'off or from 0.5 to 0.99'],
  [{ holdout: 'newest' }, 'random, time:COLUMN or group:COLUMN'],
  [{ holdout: 'time:a', 'time-column': 'a' }, 'one of them'],
])('%j makes no sense, and the refusal names what is allowed', (values, allowed) => {
  expect(() => settings(values)).toThrow(UsageError);
  expect(() => settings(values)).toThrow(allowed);
});
