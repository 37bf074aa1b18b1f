// An entry of the audit log in words. The log itself keeps codes, so that it means the same in every language.
import { coreWords } from '../../i18n/coreWords.ts';
import { subjectWords as knownSubject } from '../../i18n/jobWords.ts';
import { t, textIfKnown } from '../../i18n/i18n.svelte.ts';

export function actionWords(action: string): string {
  return coreWords('audit:action.', action);
}

export function shellWords(shell: string): string {
  return textIfKnown(`audit:shell.${shell}`) ?? shell;
}

/** What the entry is about, e.g. `model churn`; beside the objects of the catalogue, what only the log speaks of. */
export function subjectWords(subject: string): string {
  if (subject === 'settings') return t('audit:subject.settings');
  if (subject === 'audit log') return t('audit:subject.log');
  for (const kind of ['features', 'job', 'item'] as const)
    if (subject.startsWith(`${kind} `)) return t(`audit:subject.${kind}`, { name: subject.slice(kind.length + 1) });
  return knownSubject(subject);
}
