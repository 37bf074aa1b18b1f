// A number with its doubt.
import type { Language } from '../app/storedPreferences.ts';
import { formatCount, formatDecimal, formatDifference } from './numbers.ts';

/** Fits the contracts' `Estimate`: ends are null where no honest interval exists. */
export interface Interval {
  value: number;
  low: number | null;
  high: number | null;
}

/** `0.012 (0.007 to 0.017)`; Chinese `0.012（0.007 至 0.017）`. With `signed`, the value carries its sign: `+0.012`. */
export function formatInterval({ value, low, high }: Interval, language: Language, { decimals = 3, signed = false } = {}): string {
  const shown = signed ? formatDifference(value, decimals) : formatDecimal(value, decimals);
  return low === null || high === null ? shown : bracket(shown, formatDecimal(low, decimals), formatDecimal(high, decimals), language);
}

/** Shares as percentages: `11.8% (11.6 to 12.0)`. */
export function formatPercentInterval({ value, low, high }: Interval, language: Language, decimals = 1): string {
  const shown = `${formatDecimal(value * 100, decimals)}%`;
  return low === null || high === null
    ? shown
    : bracket(shown, formatDecimal(low * 100, decimals), formatDecimal(high * 100, decimals), language);
}

/** A symmetric doubt: `±0.009`. */
export function formatPlusMinus(half: number, decimals = 3): string {
  return `±${formatDecimal(Math.abs(half), decimals)}`;
}

/** Money with a counting interval: `¥412,000 (290,000 to 520,000)`. */
export function formatCountInterval({ value, low, high }: Interval, language: Language, prefix = ''): string {
  const shown = `${prefix}${formatCount(value)}`;
  return low === null || high === null ? shown : bracket(shown, formatCount(low), formatCount(high), language);
}

function bracket(value: string, low: string, high: string, language: Language): string {
  return language === 'zh' ? `${value}（${low} 至 ${high}）` : `${value} (${low} to ${high})`;
}
