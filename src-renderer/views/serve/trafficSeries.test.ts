import { describe, expect, test } from 'vitest';
import { deploymentEvents, isLimitNear, latency, perMinute, type Traffic } from './trafficSeries.ts';

const bucket = (at: number, requests: number, p99Ms: number | null): Traffic['buckets'][number] => ({
  at,
  requests,
  errors: 0,
  p50Ms: p99Ms,
  p99Ms,
});
const traffic: Traffic = {
  buckets: [bucket(0, 120, 10), bucket(120_000, 0, null)],
  bucketMs: 120_000,
  requests: 120,
  errors: 0,
  p50Ms: 10,
  p99Ms: 10,
};

describe('trafficSeries', () => {
  test('tells requests as a rate a minute, whatever the width of a bucket', () => {
    expect(perMinute(traffic, 'requests', 240_000)).toEqual([
      [0, 60],
      [120_000, 0],
    ]);
  });

  test('counts the newest bucket for as long as it has lasted, and not before it tells a rate', () => {
    const now = { ...traffic, buckets: [bucket(0, 120, 10), bucket(120_000, 30, 10)] };
    expect(perMinute(now, 'requests', 180_000).at(-1)).toEqual([120_000, 30]);
    expect(perMinute(now, 'requests', 121_000).at(-1)).toEqual([120_000, null]);
  });

  test('breaks the latency line where nothing was asked', () => {
    expect(latency(traffic, 'p99Ms')).toEqual([
      [0, 10],
      [120_000, null],
    ]);
  });

  test('draws a limit only where it leaves the lines readable', () => {
    expect(isLimitNear(traffic, 40)).toBe(true);
    expect(isLimitNear(traffic, 1000)).toBe(false);
  });

  test('flags only deployments inside the window, up to the end of the last bucket', () => {
    const at = (time: number, version: number) => ({ at: time, version, actor: 'lin', reason: '' });
    const events = deploymentEvents([at(-1, 1), at(60_000, 2), at(239_999, 3), at(240_001, 4)], traffic, (version) => `v${version}`);
    expect(events).toEqual([
      { kind: 'event', at: 60_000, label: 'v2' },
      { kind: 'event', at: 120_000, label: 'v3' },
    ]);
  });
});
