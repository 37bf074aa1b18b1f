// How what is usual was found, in words.
import { preferences } from '../../app/preferences.svelte.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import type { MetricReport } from '../../managers/advise.svelte.ts';

type Period = MetricReport['period'];

export function periodCount(count: number, period: Period): string {
  return t(`advise:periods.${period}`, { count, n: fmt.count(count) });
}

export function methodWords({ method: { key, params }, period }: Pick<MetricReport, 'method' | 'period'>): string {
  const number = (name: string): number => Number(params[name] ?? 0);
  if (key === 'notAnalysed') return t('advise:method.notAnalysed', { periods: periodCount(number('periods'), period) });
  if (key === 'tooFewPeriods')
    return t('advise:method.tooFewPeriods', {
      periods: periodCount(number('periods'), period),
      needed: periodCount(number('needed'), period),
    });
  const seasons = String(params['seasons'] ?? '')
    .split(',')
    .map((length) => Number(length.trim()))
    .filter((length) => length > 0);
  const rhythm =
    seasons.length > 0
      ? t('advise:method.seasons', { list: fmt.list(seasons.map((length) => periodCount(length, period))) })
      : t('advise:method.noSeasons');
  const text = t('advise:method.rolling', {
    seasons: rhythm,
    share: fmt.percent(number('intervalShare')),
    judged: periodCount(number('judged'), period),
  });
  if (number('window') <= 1) return text;
  const together = t('advise:method.window', { n: periodCount(number('window'), period) });
  return preferences.language === 'zh' ? text + together : `${text} ${together}`;
}
