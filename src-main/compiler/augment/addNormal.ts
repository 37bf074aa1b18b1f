import { randomUnit } from '../run/counterRandom.ts';

/** Adds `scale` · standard normal numbers (of each place its own scale, where an array is given), both of each pair of Box & Muller 1958. */
export function addNormal(values: Float32Array, scale: number | ArrayLike<number>, key: number): void {
  const scaleAt = typeof scale === 'number' ? undefined : scale;
  const same = typeof scale === 'number' ? scale : 0;
  for (let at = 0; at < values.length; at += 2) {
    // 1 − u is in (0, 1]: its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - randomUnit(key, at)));
    const angle = 2 * Math.PI * randomUnit(key, at + 1);
    values[at]! += (scaleAt ? scaleAt[at]! : same) * radius * Math.cos(angle);
    if (at + 1 < values.length) values[at + 1]! += (scaleAt ? scaleAt[at + 1]! : same) * radius * Math.sin(angle);
  }
}
