// Numbers as people read them. Every function takes the language, so that it can be tested and used outside components.
import type { Language } from '../app/storedPreferences.ts';

/** Shown where there is no value. */
export const NONE = '—';
const MINUS = '\u2212';

/** A count: `41,902`. */
export function formatCount(value: number | null | undefined): string {
  return value == null || !Number.isFinite(value) ? NONE : group(Math.round(value), 0);
}

/** Fixed decimals with a true minus sign: `formatDecimal(-0.011)` is `−0.011`. Metrics have 3 decimals. */
export function formatDecimal(value: number | null | undefined, decimals = 3): string {
  return value == null || !Number.isFinite(value) ? NONE : group(value, decimals);
}

/** Up to `digits` significant digits, no padding: `70.35`, `1,397`, `0.00012`, `3.2e−9`. For values of unknown scale. */
export function formatValue(value: number | null | undefined, digits = 4): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e15))
    return sign(
      value
        .toExponential(digits - 1)
        .replace(/\.?0+e/, 'e')
        .replace('e+', 'e'),
    );
  const decimals = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return sign(value.toLocaleString('en-US', { maximumFractionDigits: Math.min(20, decimals) }));
}

/** A difference, always with its sign: `+0.012`, `−0.004`, `0.000`. */
export function formatDifference(value: number | null | undefined, decimals = 3): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const text = group(value, decimals);
  return /[1-9]/.test(text) && value > 0 ? `+${text}` : text;
}

/** A share of 1 as a percentage: `formatPercent(0.118)` is `11.8%`. */
export function formatPercent(share: number | null | undefined, decimals = 1): string {
  return share == null || !Number.isFinite(share) ? NONE : `${group(share * 100, decimals)}%`;
}

/** A difference of two shares, in points: `+1.9 pt`, `+1.9 个百分点`. Never in percent, which would be read as relative. */
export function formatPoints(difference: number | null | undefined, language: Language, decimals = 1): string {
  if (difference == null || !Number.isFinite(difference)) return NONE;
  return `${formatDifference(difference * 100, decimals)} ${language === 'zh' ? '个百分点' : 'pt'}`;
}

/** A relative change: `−8.4%`, `+31%`. */
export function formatChange(ratio: number | null | undefined, decimals = 1): string {
  return ratio == null || !Number.isFinite(ratio) ? NONE : `${formatDifference(ratio * 100, decimals)}%`;
}

/** A count in a narrow tile, as value and unit: `['1.31', 'M']`, `['131', '万']`, `['41,902', '']`. */
export function shortCount(value: number | null | undefined, language: Language): [value: string, unit: string] {
  if (value == null || !Number.isFinite(value)) return [NONE, ''];
  const steps: [number, string][] =
    language === 'zh'
      ? [
          [1e8, '亿'],
          [1e5, '万'],
        ]
      : [
          [1e9, 'B'],
          [1e6, 'M'],
        ];
  const step = steps.find(([from]) => Math.abs(value) >= from);
  if (!step) return [formatCount(value), ''];
  const divisor = step[1] === '万' ? 1e4 : step[0];
  return [significant(value / divisor, 3), step[1]];
}

/** Three significant digits with their zeros: `1.05`, `13.1`, `131`. */
function significant(value: number, digits: number): string {
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return group(value, decimals);
}

function group(value: number, decimals: number): string {
  const text = value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return sign(/[1-9]/.test(text) ? text : text.replace('-', '')); // no "−0.000"
}

function sign(text: string): string {
  return text.replaceAll('-', MINUS);
}
