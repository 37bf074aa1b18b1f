import { randomUnit } from '../../run/counterRandom.ts';
import { floatsOf, refuseSetting, requireRange, type BatchAugmenter } from '../augmentation.ts';

export interface SwapNoiseSettings {
  readonly kind: 'swapNoise';
  /** The array `[batch, columns] float32` whose values are swapped. */
  readonly input: string;
  readonly columns: number;
  /** Probability that a value is replaced. */
  readonly rate: number;
}

/**
 * Replaces values by those of the same column in other rows of the batch, each other row equally likely: the column keeps its
 * distribution. A batch is a random sample, so its rows stand for all. Yoon et al., VIME, NeurIPS 2020, eq. 3; Bahri et al.,
 * SCARF, 2021, https://arxiv.org/abs/2106.15147, algorithm 1.
 */
export function swapNoise({ input, columns, rate }: SwapNoiseSettings): BatchAugmenter {
  requireRange('swapNoise.rate', rate, 0, 1);
  if (!Number.isSafeInteger(columns) || columns < 1) refuseSetting('swapNoise.columns', columns, 'a whole number from 1');
  let before = new Float32Array(0);
  return (batch, rows, key) => {
    const values = floatsOf(batch, input, 'swapNoise.input');
    if (rate === 0 || rows < 2) return;
    const count = rows * columns;
    if (before.length < count) before = new Float32Array(count);
    before.set(values.subarray(0, count));
    for (let row = 0, at = 0; row < rows; row++)
      for (let column = 0; column < columns; column++, at++) {
        if (randomUnit(key, 2 * at) >= rate) continue;
        const other = (row + 1 + Math.floor(randomUnit(key, 2 * at + 1) * (rows - 1))) % rows;
        values[at] = before[other * columns + column]!;
      }
  };
}
