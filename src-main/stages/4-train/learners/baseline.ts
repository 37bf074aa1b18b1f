import type { FloatArray } from '../../../compiler/index.ts';
import type { NetworkTarget } from './matrix.ts';

/**
 * What is known without looking at any column: each class's share of the training rows (so the answer is the most frequent
 * class), or the mean. Written as a linear network whose weights are zero, so that it is exported and served like any other.
 */
export function baselineWeights(target: NetworkTarget, width: number): Record<string, FloatArray> {
  if (target.kind === 'number') return { weight1: new Float32Array(width), bias1: Float32Array.of(0) };
  const counts = new Float64Array(target.classes);
  for (const code of target.codes) counts[code]!++;
  // Half a row for a class that training has not met: its probability is small, not zero.
  const bias = Float32Array.from(counts, (count) => Math.log(Math.max(count, 0.5) / target.codes.length));
  return { weight1: new Float32Array(width * target.classes), bias1: bias };
}
