// What a column that is made of earlier rows is made of, in words.
import type { HistoryStep, InputHistory } from '../../../src-shared/domain/history.ts';
import { t } from '../../i18n/i18n.svelte.ts';

export function historyWords({ feature, step, horizon }: Pick<InputHistory, 'feature' | 'step' | 'horizon'>): string {
  const unit = unitWord(step);
  switch (feature.kind) {
    case 'lag':
      return t('features:history.lag', { column: feature.column, lag: feature.lag, unit });
    case 'rolling': {
      const { column, window } = feature;
      return t('features:history.rolling', {
        column,
        window,
        statistic: t(`features:history.statistic.${feature.statistic}`),
        unit,
        horizon,
      });
    }
    case 'change':
      return t('features:history.change', { column: feature.column, over: feature.over, unit, horizon });
    case 'season':
      return t('features:history.season', { column: feature.column, season: feature.season, cycles: feature.cycles, unit });
    case 'since':
      return t('features:history.since', { column: feature.column, unit, horizon });
  }
}

const secondsOf = { hour: 3600, day: 86_400, week: 604_800 } as const;
const monthsOf = { month: 1, quarter: 3, year: 12 } as const;

/** Days, months, rows …; steps where there is no word. */
export function unitWord(step: HistoryStep): string {
  if (step.unit === 'row') return t('features:history.unit.row');
  const words = step.unit === 'second' ? secondsOf : step.unit === 'month' ? monthsOf : {};
  const known = (Object.entries(words) as [keyof typeof secondsOf | keyof typeof monthsOf, number][]).find(
    ([, count]) => count === (step as { count: number }).count,
  );
  return t(`features:history.unit.${known?.[0] ?? 'step'}`);
}
