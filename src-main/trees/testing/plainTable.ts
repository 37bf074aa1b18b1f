import { TreePool, type TreeThreads } from '../TreePool.ts';
import { treeBytes } from '../treeBytes.ts';
import { uniform } from './randomEnsemble.ts';

/** A pool that is large enough for small tests. */
export function testPool(
  rows: number,
  width: number,
  options: { outputs?: number; threads?: TreeThreads; leaves?: number } = {},
): TreePool {
  const { outputs = 1, threads, leaves = 64 } = options;
  const facts = { rows, width, outputs, weighted: true, validationRows: rows, numLeaves: leaves, threads: 1 + (threads?.count ?? 0) };
  return new TreePool(2 * treeBytes(facts), threads);
}

/** Rows of `width` numbers, some missing, and a target that depends on them with noise. */
export function noisyRows(rows: number, width: number, seed: number, missing = 0): { data: Float32Array; signal: Float64Array } {
  const random = uniform(seed);
  const data = Float32Array.from({ length: rows * width }, () => (random() < missing ? NaN : random() * 4 - 2));
  const known = (at: number): number => (Number.isNaN(data[at]) ? 0.7 : data[at]!);
  const signal = Float64Array.from({ length: rows }, (_, row) => {
    const first = row * width;
    const second = width > 1 ? known(first + 1) : 0;
    return Math.sin(2 * known(first)) + 0.5 * second * second + (width > 2 && known(first + 2) > 0.3 ? 1 : 0) + 0.3 * (random() - 0.5);
  });
  return { data, signal };
}
