// The first sentence of the briefing: what matters most, and whether there is more.
import type { Advice } from '../../../src-shared/rpc/advise.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { preferences } from '../../app/preferences.svelte.ts';
import { actionTitle, findingWords } from './adviceWords.ts';
import { whenWords, type Measured } from './figures.ts';

/** `open`: what matters most first. `analysed`: metrics whose usual range is known. */
export function leadWords(open: readonly Advice[], analysed: number, measureOf: (advice: Advice) => Measured): string {
  const [first, ...others] = open;
  if (!first) return analysed === 0 ? t('advise:brief.lead.noneAnalysed') : t('advise:brief.lead.none', { count: analysed });
  const sentences = [
    t('advise:brief.lead.one', {
      finding: findingWords(first, measureOf(first)),
      when: whenWords(first.periodFrom, first.periodTo),
      action: actionTitle(first),
    }),
    ...(others.length > 0 ? [t('advise:brief.lead.more', { count: others.length, n: fmt.count(others.length) })] : []),
    ...(analysed > new Set(open.map(({ metric }) => metric)).size ? [t('advise:brief.lead.rest')] : []),
  ];
  return sentences.join(preferences.language === 'zh' ? '' : ' ');
}
