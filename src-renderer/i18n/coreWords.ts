// Codes that the core sends (findings, notes of jobs, inbox entries), worded in the language of the window.
import { preferences } from '../app/preferences.svelte.ts';
import { formatParams, listParams, spellOut, type CoreParams } from '../format/params.ts';
import { textIfKnown } from './i18n.svelte.ts';

/** The text `prefix + code` with the figures filled in. A code that this window does not know is spelt out with its figures, never hidden. */
export function coreWords(prefix: string, code: string, params: CoreParams = {}): string {
  const { language } = preferences;
  // A colon inside a code would be read as the end of the area's name.
  const known = textIfKnown(prefix + code.replaceAll(':', '.'), formatParams(params, language));
  // A text whose figures are not there would show its placeholders.
  if (known !== null && !known.includes('{{')) return known;
  const figures = listParams(params, language);
  return figures === '' ? spellOut(code) : `${spellOut(code)}${language === 'zh' ? '：' : ': '}${figures}`;
}
