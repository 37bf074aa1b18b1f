// A metric in words and figures. Metrics between 0 and 1 have three decimals; errors in units of the target have four digits.
import type { Estimate } from '../../src-shared/domain/names.ts';
import { hasOwnScale, type Learner, type MetricName } from '../../src-shared/domain/training.ts';
import { preferences } from '../app/preferences.svelte.ts';
import { fmt } from '../format/fmt.svelte.ts';
import { t } from './i18n.svelte.ts';

/** "AUC", "Log loss" */
export function metricName(metric: MetricName): string {
  return t(`metrics:name.${metric}`);
}

export function metricHelp(metric: MetricName): string {
  return t(`metrics:help.${metric}`);
}

export function learnerName(learner: Learner): string {
  return t(`metrics:learner.${learner}`);
}

/** `0.861`, `1,204` */
export function metricValue(metric: MetricName, value: number | null | undefined): string {
  return hasOwnScale(metric) ? fmt.value(value) : fmt.decimal(value);
}

/** `+0.012`, `−34.1` */
export function metricDifference(metric: MetricName, value: number | null | undefined): string {
  if (!hasOwnScale(metric)) return fmt.difference(value);
  return value != null && value > 0 ? `+${fmt.value(value)}` : fmt.value(value);
}

/** `0.861 (0.840 to 0.882)`, or with its sign `+0.012 (0.007 to 0.017)`. */
export function metricInterval(metric: MetricName, { value, low, high }: Estimate, { signed = false } = {}): string {
  const shown = signed ? metricDifference(metric, value) : metricValue(metric, value);
  if (low === null || high === null) return shown;
  const [from, to] = [metricValue(metric, low), metricValue(metric, high)];
  return preferences.language === 'zh' ? `${shown}（${from} 至 ${to}）` : `${shown} (${from} to ${to})`;
}
