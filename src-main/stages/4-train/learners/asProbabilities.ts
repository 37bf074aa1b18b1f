import { softmax } from './networkLoss.ts';

/** Raw outputs [rows, outputs] as they are told: of classes by softmax, of labels each by its sigmoid, of numbers and scores as they are. */
export function asProbabilities(
  kind: 'class' | 'labels' | 'ranking' | 'number',
  raw: Float32Array | Float64Array,
  outputs: number,
): Float32Array | Float64Array {
  if (kind === 'class') return softmax(raw, outputs, 1);
  return kind === 'labels' ? Float64Array.from(raw, sigmoid) : raw;
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
