// Money in prose and in tables. The currency sign is the user's own; nothing is converted.
import type { Language } from '../app/storedPreferences.ts';
import { formatCount, NONE } from './numbers.ts';

/** In prose: `¥412,000`, `¥1.05 M`; Chinese from 100,000 up in 万 and 百万: `¥41.2 万`, `¥1.05 百万`. */
export function formatMoney(amount: number | null | undefined, language: Language, sign = '¥'): string {
  const [value, unit] = splitMoney(amount, language, sign);
  return unit ? `${value} ${unit}` : value;
}

/** The same as value and unit, for a stat tile. */
export function splitMoney(amount: number | null | undefined, language: Language, sign = '¥'): [value: string, unit: string] {
  if (amount == null || !Number.isFinite(amount)) return [NONE, ''];
  const size = Math.abs(amount);
  const minus = amount < 0 ? '\u2212' : '';
  const [divisor, unit] = language === 'zh' ? chinese(size) : english(size);
  if (divisor === 1) return [`${minus}${sign}${formatCount(size)}`, ''];
  const scaled = size / divisor;
  const decimals = scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return [`${minus}${sign}${scaled.toFixed(decimals)}`, unit];
}

/** In a table: full digits, `¥2,283.30`. */
export function formatMoneyExact(amount: number | null | undefined, sign = '¥', decimals = 2): string {
  if (amount == null || !Number.isFinite(amount)) return NONE;
  const text = Math.abs(amount).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return `${amount < 0 ? '\u2212' : ''}${sign}${text}`;
}

function chinese(size: number): [number, string] {
  return size >= 1e8 ? [1e8, '亿'] : size >= 1e6 ? [1e6, '百万'] : size >= 1e5 ? [1e4, '万'] : [1, ''];
}

function english(size: number): [number, string] {
  return size >= 1e9 ? [1e9, 'B'] : size >= 1e6 ? [1e6, 'M'] : [1, ''];
}
