// Figures that came from the core beside a code (a finding, a note of a job, an inbox entry), written for people by what their names say.
import type { Language } from '../app/storedPreferences.ts';
import { formatBytes } from './bytes.ts';
import { formatDateTime } from './dates.ts';
import { formatDuration } from './durations.ts';
import { formatCount, formatPercent, formatValue } from './numbers.ts';

export type CoreParams = Readonly<Record<string, string | number | boolean>>;

/** Every figure as text; text stays. `share`, `rate` and `fraction` are shares of 1, `…Bytes` sizes, `…Ms` durations, `…At` instants;
 *  other whole numbers are counts. `count` stays a number, because it chooses the plural; its text is `countText`. */
export function formatParams(params: CoreParams, language: Language): Record<string, string | number> {
  const texts: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    texts[name] = typeof value === 'number' ? formatParam(name, value, language) : String(value);
    if (name === 'count' && typeof value === 'number') {
      texts['countText'] = formatCount(value);
      texts['count'] = value;
    }
  }
  return texts;
}

/** For codes that this window does not know: `rows 41, column age`. */
export function listParams(params: CoreParams, language: Language): string {
  const texts = formatParams(params, language);
  return Object.keys(params)
    .map((name) => `${name} ${texts[name]}`)
    .join(language === 'zh' ? '，' : ', ');
}

/** A code of the core as a word: `mostlyMissing` → `mostly missing`. */
export function spellOut(code: string): string {
  return code
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[_.]+/g, ' ')
    .toLowerCase();
}

function formatParam(name: string, value: number, language: Language): string {
  if (/(share|rate|fraction)$/i.test(name)) return formatPercent(value);
  if (/bytes$/i.test(name)) return formatBytes(value, language);
  if (/ms$/i.test(name) && !/^(rms|items)$/i.test(name)) return formatDuration(value, language);
  if (/(^at$|At$)/.test(name)) return formatDateTime(value, language);
  return Number.isInteger(value) ? formatCount(value) : formatValue(value);
}
