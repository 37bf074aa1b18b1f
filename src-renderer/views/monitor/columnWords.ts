// A column's verdict and its bins in words.
import type { ColumnState, MonitorSettings } from '../../managers/monitor.svelte.ts';
import type { Status } from '../../components/tone.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { valuesMoved } from '../shared/monitor/alertWords.ts';

export const columnStatus: Record<ColumnState['verdict'], Status> = { ok: 'ok', watch: 'watch', critical: 'crit', tooFewRows: 'neutral' };

/** The answers are judged like a column, and stand in the list under this id; no column can have it. */
export const predictionId = '\u0000prediction';

/** "Missing surge", "Drifted", "Moving" … */
export function verdictWord({ verdict, psi, nullRate, nullRateReference }: ColumnState, settings: MonitorSettings): string {
  const drifted = valuesMoved({ psi }, settings.psiLimit);
  const missing = nullRate - nullRateReference > settings.nullRateRise;
  switch (verdict) {
    case 'critical':
      return missing ? t(drifted ? 'monitor:word.both' : 'monitor:word.missing') : t('monitor:word.drifted');
    case 'watch':
      return nullRate - nullRateReference > settings.nullRateRise / 2 ? t('monitor:word.moreMissing') : t('monitor:word.moving');
    case 'ok':
      return t('monitor:word.stable');
    case 'tooFewRows':
      return t('monitor:word.tooFewRows');
  }
}

/** True when what moved is the share of missing values rather than the values. */
export function isAboutMissing({ nullRate, nullRateReference, psi }: ColumnState, settings: MonitorSettings): boolean {
  return !valuesMoved({ psi }, settings.psiLimit) && nullRate - nullRateReference > settings.nullRateRise / 2;
}

/** One name a bin: quantile bins of numbers (the outer two are open), or the categories, the last being any other. */
export function binNames({ edges, values, shares }: ColumnState['reference']): string[] {
  if (values) return values.map((value, index) => (index === values.length - 1 ? t('monitor:detail.other') : value));
  const bounds = edges ?? [];
  return shares.map((_, bin) => {
    const [low, high] = [bounds[bin - 1], bounds[bin]];
    if (low === undefined) return high === undefined ? '' : t('monitor:detail.below', { edge: fmt.value(high) });
    return high === undefined ? t('monitor:detail.above', { edge: fmt.value(low) }) : `${fmt.value(low)} – ${fmt.value(high)}`;
  });
}

/** What stands at the ends of quantile bins, drawn equally wide, one more than there are bins; null for categories. */
export function binBounds({ edges }: ColumnState['reference']): string[] | null {
  return edges === null ? null : ['…', ...edges.map((edge) => fmt.value(edge)), '…'];
}
