// What a check of the chain found, as a headline and what it means.
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import type { ChainVerdict } from '../../managers/audit.svelte.ts';

export function verdictWords(verdict: ChainVerdict): { title: string; text: string } {
  const { ok, entries, problem, tookMs, at } = verdict;
  const when = t('audit:verdict.at', { time: fmt.timeExact(at) });
  if (ok || problem === null)
    return { title: t('audit:verdict.ok', { count: entries, n: fmt.count(entries), took: fmt.duration(tookMs) }), text: when };
  const sequence = fmt.count(verdict.brokenAt ?? entries + 1);
  const title =
    problem === 'changed'
      ? t('audit:verdict.changed', { sequence })
      : problem === 'missing'
        ? t('audit:verdict.missing', { sequence })
        : problem === 'truncated'
          ? t('audit:verdict.truncated', { entries: fmt.count(entries) })
          : t('audit:verdict.differsFromHead');
  return { title, text: `${t(`audit:verdict.${problem}Text`)} ${t('audit:verdict.keep')} ${when}` };
}
