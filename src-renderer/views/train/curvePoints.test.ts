import { expect, test } from 'vitest';
import type { CurvePoint } from '../../../src-shared/domain/training.ts';
import { throughput, withoutStart } from './curvePoints.ts';

const point = (epoch: number, trainLoss: number): CurvePoint => ({
  step: epoch * 100,
  epoch,
  trainLoss,
  validationLoss: epoch >= 1 ? trainLoss + 0.1 : null,
  elapsedMs: epoch * 50,
  memoryBytes: null,
});
const rest = [1, 2, 3, 4].map((epoch) => point(epoch, 0.8 - epoch / 10));

test('a start that flattens the rest is left out and told', () => {
  expect(withoutStart([point(0.01, 14), ...rest])).toEqual({ points: rest, leftOut: 14 });
});

test('a start of ordinary height stays', () => {
  const all = [point(0.01, 1.2), ...rest];
  expect(withoutStart(all)).toEqual({ points: all, leftOut: null });
});

test('nothing is left out while little follows, or when nothing precedes the first epoch', () => {
  const short = [point(0.01, 14), ...rest.slice(0, 3)];
  expect(withoutStart(short)).toEqual({ points: short, leftOut: null });
  expect(withoutStart(rest)).toEqual({ points: rest, leftOut: null });
  expect(withoutStart([])).toEqual({ points: [], leftOut: null });
});

test('throughput is the rows between two points over the time between them; points at the same time join', () => {
  const at = (epoch: number, elapsedMs: number): CurvePoint => ({ ...point(epoch, 1), elapsedMs });
  expect(throughput([at(1, 100), at(2, 100), at(3, 300), at(4, 300), at(5, 500)], 32)).toEqual([
    [3, (200 * 32) / 0.2],
    [5, (200 * 32) / 0.2],
  ]);
  expect(throughput([], 32)).toEqual([]);
});
