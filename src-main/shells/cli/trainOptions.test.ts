import { expect, test } from 'vitest';
import { metricNames, searchLearners, trainRequest } from '../../../src-shared/domain/training.ts';
import { UsageError } from './command.ts';
import { readOptions } from './options.ts';
import { judging, trainSettings } from './trainOptions.ts';

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

test.each([
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
])('%j makes no sense, and the refusal names what is allowed', (values, allowed) => {
  expect(() => settings(values)).toThrow(UsageError);
  expect(() => settings(values)).toThrow(allowed);
});
