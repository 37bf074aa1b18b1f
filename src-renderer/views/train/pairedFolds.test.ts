import { expect, test } from 'vitest';
import type { Candidate } from '../../../src-shared/domain/training.ts';
import { foldBalance, pairedFolds } from './pairedFolds.ts';

function candidate(planned: number, values: [fold: number, fromMs: number, value: number | null][]): Candidate {
  const fits = values.map(([fold, fromMs, value]) => ({ worker: 0, fold, fromMs, toMs: fromMs + 1, value }));
  return { progress: { folds: { planned, done: fits.length }, fits } } as unknown as Candidate;
}

test('folds are paired by number, and the last fit of a fold counts', () => {
  const a = candidate(3, [[1, 5, 0.8], [0, 0, 0.7], [0, 9, 0.75]]); // prettier-ignore
  const b = candidate(3, [[0, 1, 0.8], [1, 2, null]]); // prettier-ignore
  expect(pairedFolds(a, b)).toEqual([
    { fold: 0, a: 0.75, b: 0.8 },
    { fold: 1, a: 0.8, b: null },
    { fold: 2, a: null, b: null },
  ]);
});

test('only folds that both have are weighed, in the direction of the metric', () => {
  const pairs = [
    { fold: 0, a: 1, b: 3 },
    { fold: 1, a: 2, b: 1 },
    { fold: 2, a: 2, b: 4 },
    { fold: 3, a: 2, b: null },
  ];
  expect(foldBalance(pairs, 'auc')).toEqual({ both: 3, better: 2, mean: 1 });
  expect(foldBalance(pairs, 'rmse')).toEqual({ both: 3, better: 1, mean: 1 });
  expect(foldBalance([{ fold: 0, a: null, b: 1 }], 'auc')).toBeNull();
});
