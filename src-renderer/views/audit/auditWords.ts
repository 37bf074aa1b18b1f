// An entry of the audit log in words. The log itself keeps codes, so that it means the same in every language.
import { coreWords } from '../../i18n/coreWords.ts';
import { subjectWords } from '../../i18n/jobWords.ts';
import { textIfKnown } from '../../i18n/i18n.svelte.ts';

export function actionWords(action: string): string {
  return coreWords('audit:action.', action);
}

export function shellWords(shell: string): string {
  return textIfKnown(`audit:shell.${shell}`) ?? shell;
}

export { subjectWords };
