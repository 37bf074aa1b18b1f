// Advice in words: what stands out, where it comes from, what to do and why.
import type { Advice } from '../../../src-shared/rpc/advise.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { distance, figure, type Measured } from './figures.ts';

type Contribution = Advice['contributions'][number];

/** "Sales per day: 1,204 USD, 41.0% under usual" */
export function findingWords({ title, actual, expected }: Advice, of: Measured): string {
  const values = { title, actual: figure(of, actual), change: distance(of, actual, expected) };
  return actual < expected ? t('advise:finding.below', values) : t('advise:finding.above', values);
}

export function actionTitle({ action: { key, params } }: Advice): string {
  return key === 'checkDataFeed' || key === 'checkLargestRows' || key === 'watchTrend'
    ? t(`advise:action.${key}`)
    : t(`advise:action.${key}`, { dimension: String(params['dimension']), value: valueName(String(params['value'])) });
}

export function actionReason({ action: { key, params } }: Advice, of: Measured): string {
  const number = (name: string): number => Number(params[name] ?? 0);
  const share = (name: string): string => fmt.percent(number(name), 0);
  switch (key) {
    case 'investigateSegment':
    case 'repeatWhatWorked':
      return t(`advise:action.${key}.why`, { gapShare: share('gapShare'), usualShare: share('usualShare') });
    case 'checkDataFeed':
      return t('advise:action.checkDataFeed.why', {
        rows: fmt.count(number('rows')),
        usualRows: fmt.count(number('usualRows')),
        emptyPeriods: fmt.count(number('emptyPeriods')),
      });
    case 'checkSegmentFeed':
      return t('advise:action.checkSegmentFeed.why', { usualRows: fmt.count(number('usualRows')) });
    case 'checkLargestRows':
      return t('advise:action.checkLargestRows.why', {
        rows: fmt.count(number('rows')),
        gapShare: share('gapShare'),
        largest: figure(of, number('largest')),
      });
    case 'watchTrend':
      return t('advise:action.watchTrend.why');
  }
}

/** Dimensions in the order in which they explain the gap. */
export function dimensionsOf({ contributions }: Pick<Advice, 'contributions'>): string[] {
  return [...new Set(contributions.map(({ dimension }) => dimension))];
}

/** The dimension that the action is about, otherwise the first. */
export function leadingDimension(advice: Advice): string | null {
  const dimensions = dimensionsOf(advice);
  const named = String(advice.action.params['dimension'] ?? '');
  return dimensions.includes(named) ? named : (dimensions[0] ?? null);
}

/** The largest single part of the gap in its direction; null without dimensions. */
export function largestPart(advice: Advice): Contribution | null {
  const dimension = leadingDimension(advice);
  const parts = advice.contributions.filter((part) => part.dimension === dimension && !part.remainder);
  return parts.reduce<Contribution | null>((best, part) => (best === null || part.share > best.share ? part : best), null);
}

export function partName({ value, remainder }: Pick<Contribution, 'value' | 'remainder'>): string {
  if (!remainder) return valueName(value);
  return t('advise:parts.others', { count: Number(value), n: fmt.count(Number(value)) });
}

export function valueName(value: string): string {
  return value === '' ? t('advise:blank') : value;
}
