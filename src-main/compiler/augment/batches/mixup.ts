import { floatsOf, refuseSetting, type BatchAugmenter } from '../augmentation.ts';
import { randomBeta } from './randomBeta.ts';

export interface MixupSettings {
  readonly kind: 'mixup';
  /** Shape of the Beta distribution of the share: 0.1 to 0.4 in the paper; 0 mixes nothing. */
  readonly alpha: number;
  /** Arrays to mix, float32: the inputs, and targets as probabilities (with the loss `klDivergence`) or numbers. */
  readonly arrays: readonly string[];
}

/**
 * Mixes each row with another: x̃ = λ x + (1 − λ) x′ and the same for the targets, λ ~ Beta(α, α) once a batch.
 * Partners are the first and the last row, the second and the last but one, …: the order of a batch is random already.
 * Zhang et al. 2017, https://arxiv.org/abs/1710.09412, eq. 1.
 */
export function mixup({ alpha, arrays }: MixupSettings): BatchAugmenter {
  if (!(alpha >= 0 && alpha < Infinity)) refuseSetting('mixup.alpha', alpha, '0 or more');
  if (arrays.length === 0) refuseSetting('mixup.arrays', 'empty', 'the names of the arrays to mix');
  return (batch, rows, key) => {
    if (alpha === 0) return;
    const share = randomBeta(alpha, key);
    for (const name of arrays) {
      const values = floatsOf(batch, name, 'mixup.arrays');
      mixRows(values, rows, values.length / rows, share);
    }
  };
}

/** Mixes row i with row `rows` − 1 − i, in place. */
export function mixRows(values: Float32Array, rows: number, size: number, share: number): void {
  const rest = 1 - share;
  for (let row = 0; row < rows >> 1; row++)
    for (let at = row * size, other = (rows - 1 - row) * size; at < (row + 1) * size; at++, other++) {
      const [a, b] = [values[at]!, values[other]!];
      values[at] = share * a + rest * b;
      values[other] = share * b + rest * a;
    }
}
