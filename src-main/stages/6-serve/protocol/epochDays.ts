const pattern = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Days since 1970-01-01 UTC, with the time of day as a fraction, from ISO 8601 text (`2026-03-01`, `2026-03-01T09:30:00+08:00`);
 * null when it is not such text or no such day exists. Without a zone it counts as UTC, as in the imported tables.
 */
export function epochDays(text: string): number | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 60) return null;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day); // Date.UTC would read the years 0 to 99 as 1900 to 1999
  const seconds = hour * 3600 + minute * 60 + second + Number(`0.${match[7] ?? '0'}`) - zoneSeconds(match[8]);
  return midnight.getTime() / 86_400_000 + seconds / 86_400;
}

/** ISO text of a number of epoch days: the date alone when there is no time of day. */
export function isoFromEpochDays(days: number): string {
  const text = new Date(Math.round(days * 86_400_000)).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}

function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
