// Lengths of time, in milliseconds.
import type { Language } from '../app/storedPreferences.ts';
import { NONE } from './numbers.ts';

const units = {
  en: { d: 'd', h: 'h', min: 'min', s: 's', ms: 'ms', us: 'µs' },
  zh: { d: '天', h: '小时', min: '分', s: '秒', ms: 'ms', us: 'µs' },
};

/** At most two units: `6.1 ms`, `0.4 s`… `40 s`, `2 min 10 s`, `7 h 19 min`, `16 d`. Chinese `2 分 10 秒`. */
export function formatDuration(durationMs: number | null | undefined, language: Language): string {
  if (durationMs == null || !Number.isFinite(durationMs)) return NONE;
  const unit = units[language];
  const ms = Math.max(0, durationMs);
  if (ms < 1) return ms === 0 ? `0 ${unit.ms}` : `${Math.max(1, Math.round(ms * 1000))} ${unit.us}`;
  if (ms < 10) return `${trim(ms)} ${unit.ms}`;
  if (ms < 1000) return `${Math.round(ms)} ${unit.ms}`;
  if (ms < 10_000) return `${trim(ms / 1000)} ${unit.s}`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} ${unit.s}`;
  if (seconds < 3600)
    return two(Math.floor(seconds / 60), language === 'zh' && seconds % 60 === 0 ? '分钟' : unit.min, seconds % 60, unit.s);
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), unit.h, minutes % 60, language === 'zh' ? '分钟' : unit.min);
  const hours = Math.round(minutes / 60);
  return hours < 72 ? two(Math.floor(hours / 24), unit.d, hours % 24, unit.h) : `${Math.round(hours / 24)} ${unit.d}`;
}

/** As a clock, for budgets: `12:41`, `1:02:05`. */
export function formatClock(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  const pad = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** What is left: `7 min 19 s left`, `剩余 7 分 19 秒`. */
export function formatTimeLeft(durationMs: number, language: Language): string {
  // Below ten seconds a decimal would only flicker.
  const text = formatDuration(durationMs < 10_000 ? Math.ceil(durationMs / 1000) * 1000 : durationMs, language).replace('.0 ', ' ');
  return language === 'zh' ? `剩余 ${text}` : `${text} left`;
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`;
}

function trim(value: number): string {
  return value.toFixed(1).replace('.0', '');
}
