// A loss curve that can be read: the first steps of a network may lie so high that all the rest becomes a flat line.
import type { CurvePoint } from '../../../src-shared/domain/training.ts';

export interface ShownCurve {
  points: readonly CurvePoint[];
  /** Largest loss that was left out at the start; null when nothing was. */
  leftOut: number | null;
}

/** Leaves out points of the first epoch that are more than twice as high as everything after it, once enough follows. */
export function withoutStart(points: readonly CurvePoint[]): ShownCurve {
  const later = points.filter(({ epoch }) => epoch >= 1);
  const early = points.filter(({ epoch }) => epoch < 1);
  const top = Math.max(...later.map(({ trainLoss, validationLoss }) => Math.max(trainLoss, validationLoss ?? -Infinity)));
  const start = Math.max(...early.map(({ trainLoss }) => trainLoss));
  return later.length >= 4 && start > 2 * top ? { points: later, leftOut: start } : { points, leftOut: null };
}

/** Rows per second by epoch, between points that lie apart in time. */
export function throughput(points: readonly CurvePoint[], batchSize: number): [epoch: number, rowsPerSecond: number][] {
  const rates: [number, number][] = [];
  let from = points[0];
  for (const point of points) {
    if (!from || point.elapsedMs <= from.elapsedMs) continue;
    rates.push([point.epoch, ((point.step - from.step) * batchSize) / ((point.elapsedMs - from.elapsedMs) / 1000)]);
    from = point;
  }
  return rates;
}
