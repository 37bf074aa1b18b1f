// Buckets of traffic as lines of a chart.
import type { EndpointPage } from '../../managers/endpoints.svelte.ts';
import type { Annotation } from '../../charts/annotations.ts';

export type Traffic = EndpointPage['traffic'];
type Points = [at: number, value: number | null][];

/** Requests of each bucket as a rate, so that windows of any length compare. */
export function perMinute({ buckets, bucketMs }: Traffic, of: 'requests' | 'errors'): Points {
  const minutes = bucketMs / 60_000;
  return buckets.map((bucket) => [bucket.at, bucket[of] / minutes]);
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

/** Deployments inside the window, as flags. */
export function deploymentEvents(
  deployments: EndpointPage['deployments'],
  { buckets, bucketMs }: Traffic,
  label: (version: number) => string,
): Annotation[] {
  const [from, to] = [buckets[0]?.at ?? 0, (buckets.at(-1)?.at ?? 0) + bucketMs];
  return deployments.filter(({ at }) => at >= from && at <= to).map(({ at, version }) => ({ kind: 'event', at, label: label(version) }));
}
