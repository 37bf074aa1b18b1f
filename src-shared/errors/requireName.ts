import { namePattern } from '../domain/names.ts';
import { ModelkeepError } from './modelkeepError.ts';

/** Refuses what cannot be a name (slashes, emoji, blanks …) and proposes one that can. Errors: MK_NAME_INVALID. */
export function requireName(name: string): void {
  if (!namePattern.test(name)) throw new ModelkeepError('MK_NAME_INVALID', { name: name.slice(0, 80), suggestion: suggestName(name) });
}

/** The nearest allowed name: `prod/churn 🚀` → `prod-churn`; `name-1` where nothing is left. */
export function suggestName(text: string): string {
  const kept = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '');
  const short = Array.from(kept)
    .slice(0, 64)
    .join('')
    .replace(/[-.]+$/, '');
  return namePattern.test(short) ? short : 'name-1';
}
