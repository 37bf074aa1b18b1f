import { describe, expect, test } from 'vitest';
import { formatBytes, formatBytesOf, formatMemoryOf } from './bytes.ts';
import {
  formatAgo,
  formatAxisDay,
  formatDateTime,
  formatDay,
  formatTimeExact,
  formatWeekday,
  formatWhen,
  formatWithZone,
} from './dates.ts';
import { formatClock, formatDuration, formatTimeLeft } from './durations.ts';
import { formatCountInterval, formatInterval, formatPercentInterval, formatPlusMinus } from './intervals.ts';
import { formatMoney, formatMoneyExact } from './money.ts';
import {
  formatChange,
  formatCount,
  formatDecimal,
  formatDifference,
  formatPercent,
  formatPoints,
  formatValue,
  shortCount,
} from './numbers.ts';

describe('numbers', () => {
  test('counts are grouped, metrics have three decimals, the minus sign is a true one', () => {
    expect(formatCount(41902)).toBe('41,902');
    expect(formatDecimal(0.861)).toBe('0.861');
    expect(formatDecimal(-0.0112)).toBe('−0.011');
    expect(formatDecimal(-0.0001)).toBe('0.000');
  });

  test('differences carry their sign, zero does not', () => {
    expect(formatDifference(0.012)).toBe('+0.012');
    expect(formatDifference(-0.004)).toBe('−0.004');
    expect(formatDifference(0.0001)).toBe('0.000');
    expect(formatChange(-0.084)).toBe('−8.4%');
    expect(formatPoints(0.019, 'en')).toBe('+1.9 pt');
    expect(formatPoints(0.019, 'zh')).toBe('+1.9 个百分点');
  });

  test('a missing or infinite number is a dash, never NaN', () => {
    for (const value of [null, undefined, NaN, Infinity]) {
      expect([
        formatCount(value),
        formatDecimal(value),
        formatPercent(value),
        formatValue(value),
        formatBytes(value, 'en'),
        formatDuration(value, 'en'),
        formatMoney(value, 'en'),
      ]).toEqual(Array(7).fill('—'));
    }
  });

  test('values of unknown scale keep four significant digits', () => {
    expect([70.35, 1397.48, 0.000123456, 3.2e-9, 0, -12, 1e16].map((value) => formatValue(value))).toEqual([
      '70.35',
      '1,397',
      '0.0001235',
      '3.2e−9',
      '0',
      '−12',
      '1e16',
    ]);
  });

  test('short counts change unit with the language', () => {
    expect(shortCount(1_310_000, 'en')).toEqual(['1.31', 'M']);
    expect(shortCount(1_310_000, 'zh')).toEqual(['131', '万']);
    expect(shortCount(41_902, 'zh')).toEqual(['41,902', '']);
  });
});

test('intervals say both ends', () => {
  const gain = { value: 0.012, low: 0.007, high: 0.017 };
  expect(formatInterval(gain, 'en')).toBe('0.012 (0.007 to 0.017)');
  expect(formatInterval(gain, 'zh', { signed: true })).toBe('+0.012（0.007 至 0.017）');
  expect(formatPercentInterval({ value: 0.118, low: 0.116, high: 0.12 }, 'en')).toBe('11.8% (11.6 to 12.0)');
  expect(formatCountInterval({ value: 22_000, low: -4000, high: 47_000 }, 'en', '¥')).toBe('¥22,000 (−4,000 to 47,000)');
  expect(formatInterval({ value: 0.861, low: null, high: null }, 'en')).toBe('0.861');
  expect(formatPlusMinus(-0.009)).toBe('±0.009');
});

test('durations use at most two units', () => {
  const cases = [
    0, 0.0004, 0.42, 6.1, 144, 1000, 1234, 40_000, 130_000, 120_000, 439_000, 3_600_000, 26_340_000, 57_600_000, 100_000_000, 1_382_400_000,
  ];
  expect(cases.map((ms) => formatDuration(ms, 'en'))).toEqual([
    '0 ms',
    '1 µs',
    '420 µs',
    '6.1 ms',
    '144 ms',
    '1 s',
    '1.2 s',
    '40 s',
    '2 min 10 s',
    '2 min',
    '7 min 19 s',
    '1 h',
    '7 h 19 min',
    '16 h',
    '1 d 4 h',
    '16 d',
  ]);
  expect([130_000, 120_000, 26_340_000].map((ms) => formatDuration(ms, 'zh'))).toEqual(['2 分 10 秒', '2 分钟', '7 小时 19 分钟']);
  expect(formatTimeLeft(439_000, 'en')).toBe('7 min 19 s left');
  expect(formatTimeLeft(4200, 'zh')).toBe('剩余 5 秒');
  expect([formatClock(761_000), formatClock(3_725_000)]).toEqual(['12:41', '1:02:05']);
});

test('sizes: files in powers of 1000, memory in powers of 1024', () => {
  expect([0, 1, 512, 842_300, 999_950, 3_100_000_000].map((size) => formatBytes(size, 'en'))).toEqual([
    '0 bytes',
    '1 byte',
    '512 bytes',
    '842 kB',
    '1 MB',
    '3.1 GB',
  ]);
  expect(formatBytes(512, 'zh')).toBe('512 字节');
  expect(formatBytesOf(3.1e9, 4.8e9, 'en')).toBe('3.1 of 4.8 GB');
  expect(formatMemoryOf(9.4 * 2 ** 30, 24 * 2 ** 30, 'zh')).toBe('9.4 / 24 GiB');
});

describe('dates', () => {
  const at = new Date(2026, 10, 24, 9, 14, 2, 118);
  const now = new Date(2026, 10, 25, 9, 30);

  test('are written out in prose and short on axes', () => {
    expect(formatDateTime(at, 'en')).toBe('24 Nov 2026, 09:14');
    expect(formatDateTime(at, 'zh')).toBe('2026年11月24日 09:14');
    expect([formatAxisDay(at, 'en'), formatAxisDay(at, 'zh')]).toEqual(['24 Nov', '11-24']);
    expect([formatWeekday(now, 'en'), formatWeekday(now, 'zh')]).toEqual(['Wednesday 25 November', '11月25日 星期三']);
    expect(formatTimeExact(at, { milliseconds: true })).toBe('09:14:02.118');
    expect(formatWithZone(at, 'en')).toMatch(/^24 Nov 2026, 09:14:02 UTC[+−]\d/);
  });

  test('leave out what is understood', () => {
    expect(formatDay(at, 'en', now)).toBe('24 Nov');
    expect(formatDay(new Date(2025, 0, 2), 'zh', now)).toBe('2025年1月2日');
    expect(formatWhen(at, 'en', now)).toBe('yesterday 09:14');
    expect(formatWhen(new Date(2026, 10, 25, 8, 5), 'zh', now)).toBe('08:05');
  });

  test('are relative only under 24 hours', () => {
    const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
    expect([0.5, 12, 7 * 60 + 20].map((minutes) => formatAgo(ago(minutes), 'en', now))).toEqual(['just now', '12 min ago', '7 h ago']);
    expect(formatAgo(ago(200), 'zh', now)).toBe('3 小时前');
    expect(formatAgo(at, 'en', now)).toBe('yesterday 09:14');
  });
});

test('money: 万 and 百万 in Chinese prose, full digits in tables', () => {
  expect([412_000, 1_050_000, 99_999].map((amount) => formatMoney(amount, 'zh'))).toEqual(['¥41.2 万', '¥1.05 百万', '¥99,999']);
  expect([412_000, 1_050_000, -4000].map((amount) => formatMoney(amount, 'en'))).toEqual(['¥412,000', '¥1.05 M', '−¥4,000']);
  expect(formatMoneyExact(-2283.3)).toBe('−¥2,283.30');
});
