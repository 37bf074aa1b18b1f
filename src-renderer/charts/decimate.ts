// Many points on few pixels: the lowest and the highest of each pixel are kept, so that no spike is lost.

/** Keeps at most four points a bucket: first, lowest, highest, last. `x` ascending; a NaN in `y` is a gap and stays one. */
export function decimate(x: readonly number[], y: readonly (number | null)[], buckets: number): { x: number[]; y: (number | null)[] } {
  if (x.length <= buckets * 4) return { x: [...x], y: [...y] };
  const size = x.length / buckets;
  const kept: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor(bucket * size);
    const to = Math.min(x.length, Math.floor((bucket + 1) * size));
    let lowest = -1;
    let highest = -1;
    let gap = -1;
    for (let index = from; index < to; index++) {
      const value = y[index];
      if (value === null || value === undefined || Number.isNaN(value)) {
        gap = index;
        continue;
      }
      if (lowest < 0 || value < (y[lowest] as number)) lowest = index;
      if (highest < 0 || value > (y[highest] as number)) highest = index;
    }
    const bucketKept = [...new Set([from, lowest, highest, gap, to - 1])].filter((index) => index >= 0).sort((a, b) => a - b);
    kept.push(...bucketKept);
  }
  return { x: kept.map((index) => x[index] as number), y: kept.map((index) => y[index] ?? null) };
}
