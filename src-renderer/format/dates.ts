// Dates and clock times, always local, 24 hours. `now` is handed in where it matters.
import type { Language } from '../app/storedPreferences.ts';

export type Instant = number | string | Date;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = {
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  zh: ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'],
};
const longMonths = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `24 Nov 2026, 09:14`, `2026年11月24日 09:14`. */
export function formatDateTime(at: Instant, language: Language): string {
  return language === 'zh' ? `${formatDate(at, language)} ${formatTime(at)}` : `${formatDate(at, language)}, ${formatTime(at)}`;
}

/** `24 Nov 2026`, `2026年11月24日`. */
export function formatDate(at: Instant, language: Language): string {
  const d = new Date(at);
  if (language === 'zh') return `${d.getFullYear()}年${d.getMonth() + 1}月${d.getDate()}日`;
  return `${d.getDate()} ${months[d.getMonth()]} ${d.getFullYear()}`;
}

/** Without the year when it is this year: `24 Nov`, `11月24日`. */
export function formatDay(at: Instant, language: Language, now: Instant = Date.now()): string {
  const d = new Date(at);
  if (d.getFullYear() !== new Date(now).getFullYear()) return formatDate(at, language);
  return language === 'zh' ? `${d.getMonth() + 1}月${d.getDate()}日` : `${d.getDate()} ${months[d.getMonth()]}`;
}

/** A page title: `Wednesday 25 November`, `11月25日 星期三`. */
export function formatWeekday(at: Instant, language: Language): string {
  const d = new Date(at);
  const weekday = weekdays[language][d.getDay()];
  return language === 'zh' ? `${d.getMonth() + 1}月${d.getDate()}日 ${weekday}` : `${weekday} ${d.getDate()} ${longMonths[d.getMonth()]}`;
}

/** An axis label at a calendar step: `24 Nov`, `11-24`. */
export function formatAxisDay(at: Instant, language: Language): string {
  const d = new Date(at);
  return language === 'zh' ? `${pad(d.getMonth() + 1)}-${pad(d.getDate())}` : `${d.getDate()} ${months[d.getMonth()]}`;
}

/** `09:14`. */
export function formatTime(at: Instant): string {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}`;
}

/** `09:14:02`, with `milliseconds` `09:14:02.118`. */
export function formatTimeExact(at: Instant, { milliseconds = false } = {}): string {
  const d = new Date(at);
  return `${formatTime(d)}:${pad(d.getSeconds())}${milliseconds ? `.${String(d.getMilliseconds()).padStart(3, '0')}` : ''}`;
}

/** Today the time, yesterday with the word, this year the day, otherwise the date: `09:14`, `yesterday 22:40`, `24 Nov 17:20`. */
export function formatWhen(at: Instant, language: Language, now: Instant = Date.now()): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return formatTime(at);
  if (days === 1) return `${language === 'zh' ? '昨天' : 'yesterday'} ${formatTime(at)}`;
  return `${formatDay(at, language, now)} ${formatTime(at)}`;
}

/** Only under 24 hours: `7 h ago`, `7 小时前`; older instants as `formatWhen`. */
export function formatAgo(at: Instant, language: Language, now: Instant = Date.now()): string {
  const ageMs = new Date(now).getTime() - new Date(at).getTime();
  if (ageMs >= 24 * HOUR_MS || ageMs < -MINUTE_MS) return formatWhen(at, language, now);
  if (ageMs < MINUTE_MS) return language === 'zh' ? '刚刚' : 'just now';
  const [count, en, zh] = ageMs < HOUR_MS ? [Math.floor(ageMs / MINUTE_MS), 'min', '分钟'] : [Math.floor(ageMs / HOUR_MS), 'h', '小时'];
  return language === 'zh' ? `${count} ${zh}前` : `${count} ${en} ago`;
}

/** For a tooltip: the instant with its zone, `24 Nov 2026, 09:14:02 UTC+8`. */
export function formatWithZone(at: Instant, language: Language): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const rest = Math.abs(minutes) % 60;
  const zone = `UTC${minutes < 0 ? '\u2212' : '+'}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${pad(rest)}` : ''}`;
  return `${formatDate(at, language)}${language === 'zh' ? ' ' : ', '}${formatTimeExact(at)} ${zone}`;
}

/** Calendar days, counted locally, so that "yesterday" is not "24 hours ago". */
function dayNumber(at: Instant): number {
  const d = new Date(at);
  return Math.round(Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 86_400_000);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
