import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { coalesce } from './reload.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a burst of events is one load; an event during the load makes exactly one more', async () => {
  let loads = 0;
  let finish = () => {};
  const ask = coalesce(() => (loads++, new Promise<void>((resolve) => (finish = resolve))), 100);
  for (let i = 0; i < 5; i++) ask();
  await vi.advanceTimersByTimeAsync(100);
  expect(loads).toBe(1);
  ask();
  ask();
  await vi.advanceTimersByTimeAsync(500);
  expect(loads).toBe(1);
  finish();
  await vi.advanceTimersByTimeAsync(100);
  expect(loads).toBe(2);
});
