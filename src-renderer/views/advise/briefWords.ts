// The first sentence of the briefing: what matters most, and whether there is more.
import { preferences } from '../../app/preferences.svelte.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import type { Advice, MetricEntry } from '../../managers/advise.svelte.ts';
import { actionTitle, findingWords } from './adviceWords.ts';
import { whenWords, type Measured } from './figures.ts';

/** `open`: advice to decide on, what matters most first; `metrics`: those whose usual range is known. */
export function leadWords(open: readonly Advice[], metrics: readonly MetricEntry[], measureOf: (advice: Advice) => Measured): string {
  const [first, ...others] = open;
  const told = new Set(open.map(({ metric }) => metric));
  const untold = metrics.filter(({ name }) => !told.has(name));
  const outside = untold.filter(({ latest }) => latest?.anomaly).length;
  const rest =
    untold.length === 0
      ? []
      : outside > 0
        ? [
            t('advise:brief.lead.outside', {
              count: outside,
              titles: fmt.list(untold.filter(({ latest }) => latest?.anomaly).map(({ title }) => title)),
            }),
          ]
        : [first ? t('advise:brief.lead.rest') : t('advise:brief.lead.none', { count: untold.length })];
  if (!first) return metrics.length === 0 ? t('advise:brief.lead.noneAnalysed') : join([t('advise:brief.lead.nothing'), ...rest]);
  return join([
    t('advise:brief.lead.one', {
      finding: findingWords(first, measureOf(first)),
      when: whenWords(first.periodFrom, first.periodTo),
      action: actionTitle(first),
    }),
    ...(others.length > 0 ? [t('advise:brief.lead.more', { count: others.length, n: fmt.count(others.length) })] : []),
    ...rest,
  ]);
}

function join(sentences: readonly string[]): string {
  return sentences.join(preferences.language === 'zh' ? '' : ' ');
}
