// What training saw of an input column, in words.
import type { ModelInput } from '../../../src-shared/domain/features.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';

const dayMs = 86_400_000;
const shownValues = 6;

/** "0 to 72", "3 values: Month-to-month, One year, Two year", "any". */
export function seenWords({ type, range, categories }: ModelInput): string {
  if (categories) {
    const list = fmt.list(categories.slice(0, shownValues)) + (categories.length > shownValues ? ' …' : '');
    return t('registry:inputs.categories', { count: categories.length, n: fmt.count(categories.length), list });
  }
  if (range) {
    // Dates are counted in days since 1970.
    const write = type === 'date' || type === 'timestamp' ? (days: number) => fmt.date(days * dayMs) : fmt.value;
    return t('registry:inputs.range', { min: write(range.min), max: write(range.max) });
  }
  return t('registry:inputs.any');
}
