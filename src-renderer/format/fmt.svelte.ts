// The formatters in the chosen language; reactive like `t`.
import { preferences } from '../app/preferences.svelte.ts';
import * as bytes from './bytes.ts';
import * as dates from './dates.ts';
import * as durations from './durations.ts';
import * as intervals from './intervals.ts';
import * as money from './money.ts';
import * as numbers from './numbers.ts';

const language = () => preferences.language;

export const fmt = {
  NONE: numbers.NONE,
  /** `a, b`, Chinese `a，b`. */
  list: (parts: readonly string[]) => parts.join(language() === 'zh' ? '，' : ', '),
  count: numbers.formatCount,
  decimal: numbers.formatDecimal,
  value: numbers.formatValue,
  difference: numbers.formatDifference,
  percent: numbers.formatPercent,
  change: numbers.formatChange,
  points: (difference: number | null | undefined, decimals = 1) => numbers.formatPoints(difference, language(), decimals),
  shortCount: (value: number | null | undefined) => numbers.shortCount(value, language()),
  interval: (interval: intervals.Interval, options?: { decimals?: number; signed?: boolean }) =>
    intervals.formatInterval(interval, language(), options),
  percentInterval: (interval: intervals.Interval, decimals = 1) => intervals.formatPercentInterval(interval, language(), decimals),
  countInterval: (interval: intervals.Interval, prefix = '') => intervals.formatCountInterval(interval, language(), prefix),
  plusMinus: intervals.formatPlusMinus,
  duration: (durationMs: number | null | undefined) => durations.formatDuration(durationMs, language()),
  timeLeft: (durationMs: number) => durations.formatTimeLeft(durationMs, language()),
  clock: durations.formatClock,
  bytes: (sizeBytes: number | null | undefined) => bytes.formatBytes(sizeBytes, language()),
  memory: (sizeBytes: number | null | undefined) => bytes.formatMemory(sizeBytes, language()),
  bytesOf: (partBytes: number, wholeBytes: number) => bytes.formatBytesOf(partBytes, wholeBytes, language()),
  memoryOf: (partBytes: number, wholeBytes: number) => bytes.formatMemoryOf(partBytes, wholeBytes, language()),
  dateTime: (at: dates.Instant) => dates.formatDateTime(at, language()),
  date: (at: dates.Instant) => dates.formatDate(at, language()),
  day: (at: dates.Instant) => dates.formatDay(at, language()),
  weekday: (at: dates.Instant) => dates.formatWeekday(at, language()),
  axisDay: (at: dates.Instant) => dates.formatAxisDay(at, language()),
  time: dates.formatTime,
  timeExact: dates.formatTimeExact,
  when: (at: dates.Instant) => dates.formatWhen(at, language()),
  ago: (at: dates.Instant) => dates.formatAgo(at, language()),
  withZone: (at: dates.Instant) => dates.formatWithZone(at, language()),
  money: (amount: number | null | undefined, sign?: string) => money.formatMoney(amount, language(), sign),
  splitMoney: (amount: number | null | undefined, sign?: string) => money.splitMoney(amount, language(), sign),
  moneyExact: money.formatMoneyExact,
};
