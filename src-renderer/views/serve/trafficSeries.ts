// Buckets of traffic as lines of a chart.
import type { EndpointPage } from '../../managers/endpoints.svelte.ts';
import type { Annotation } from '../../charts/annotations.ts';

export type Traffic = EndpointPage['traffic'];
type Points = [at: number, value: number | null][];

/** Requests of each bucket as a rate, so that windows of any length compare. The newest bucket has lasted only until `now`: it counts for
 *  that long, and is left out while it is too short to tell a rate. */
export function perMinute({ buckets, bucketMs }: Traffic, of: 'requests' | 'errors', now: number): Points {
  return buckets.map((bucket) => {
    const lastedMs = Math.min(bucketMs, now - bucket.at);
    return [bucket.at, lastedMs < bucketMs / 4 ? null : bucket[of] / (lastedMs / 60_000)];
  });
}

/** A bucket without requests has no latency: the line breaks there. */
export function latency({ buckets }: Traffic, of: 'p50Ms' | 'p99Ms'): Points {
  return buckets.map((bucket) => [bucket.at, bucket[of]]);
}

/** A limit further away than this many times the largest value would press the lines flat; it is told in words instead. */
const farFactor = 5;

export function isLimitNear({ buckets }: Traffic, limitMs: number): boolean {
  const top = Math.max(0, ...buckets.flatMap(({ p99Ms }) => p99Ms ?? []));
  return top * farFactor >= limitMs;
}

/** Deployments inside the window, as flags; in the newest bucket they stand at its point, where the axis ends. */
export function deploymentEvents(
  deployments: EndpointPage['deployments'],
  { buckets, bucketMs }: Traffic,
  label: (version: number) => string,
): Annotation[] {
  const [from, last] = [buckets[0]?.at ?? 0, buckets.at(-1)?.at ?? 0];
  return deployments
    .filter(({ at }) => at >= from && at <= last + bucketMs)
    .map(({ at, version }) => ({ kind: 'event', at: Math.min(at, last), label: label(version) }));
}
