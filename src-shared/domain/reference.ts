// Which bin of a reference distribution a value falls into: one definition for training (which makes the reference), serving and monitoring.
import type { ReferenceColumn } from './training.ts';

/**
 * Bin of a number: how many of the inner `edges` are ≤ it, so bin i is [edges[i−1], edges[i]) and the outer two are open.
 * Both sides are rounded to float32, because a request may carry 0.7 as float32 (slightly less) while the edge was computed in float64.
 */
export function numericBin(edges: readonly number[], value: number): number {
  const x = Math.fround(value);
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Math.fround(edges[middle]!) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bin of a category: its place in `values`, whose last entry stands for everything else. */
export function categoryBin(values: readonly string[], value: string): number {
  const at = values.indexOf(value);
  return at < 0 ? values.length - 1 : at;
}

/** Number of bins of a reference column. */
export function binCount(column: ReferenceColumn): number {
  return column.shares.length;
}

/** Code points, the length by which text is binned. */
export function textLength(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) at++; // a surrogate pair is one code point
    length++;
  }
  return length;
}
