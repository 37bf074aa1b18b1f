// Latencies as counts in buckets that grow by 4 %: sums of minutes can be added, and a percentile read from them is off by at most 2 %.

const smallestMs = 0.01;
const growth = Math.log(1.04);

/** Bucket number → requests. */
export type LatencyBuckets = Record<string, number>;

export function latencyBucket(latencyMs: number): number {
  return latencyMs <= smallestMs ? 0 : Math.floor(Math.log(latencyMs / smallestMs) / growth) + 1;
}

/** Middle of the bucket (geometric), ms. */
export function bucketMs(bucket: number): number {
  return bucket === 0 ? smallestMs : smallestMs * Math.exp((bucket - 0.5) * growth);
}

export function addBuckets(into: LatencyBuckets, more: LatencyBuckets): void {
  for (const [bucket, count] of Object.entries(more)) into[bucket] = (into[bucket] ?? 0) + count;
}

/** The smallest latency that `share` of the requests do not exceed; null without requests. */
export function percentileMs(buckets: LatencyBuckets, share: number): number | null {
  const sorted = Object.entries(buckets)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [bucket, count] of sorted) {
    seen += count;
    if (seen >= share * total) return bucketMs(bucket);
  }
  return bucketMs(sorted.at(-1)![0]);
}
