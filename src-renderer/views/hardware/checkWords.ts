// A check in words: what it found, and what to do when it is not fine.
import { preferences } from '../../app/preferences.svelte.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { formatParams, listParams } from '../../format/params.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { t, textIfKnown } from '../../i18n/i18n.svelte.ts';
import type { Check } from '../../managers/hardware.svelte.ts';

export interface CheckText {
  title: string;
  text: string;
  /** Where the remedy is done, if in this window. */
  place: { label: string; area: 'settings' | 'audit' } | null;
}

export function checkText({ check, state, params }: Check): CheckText {
  const values = { ...formatParams(params, preferences.language), ...ownWords(check, params) };
  const text =
    state === 'ok'
      ? (textIfKnown(`hardware:${okKey(check, params)}`, values) ?? '')
      : (textIfKnown(`hardware:${check}.remedy`, values) ?? listParams(params, preferences.language));
  return {
    title: textIfKnown(`hardware:${check}.${state}`, values) ?? coreWords('hardware:check.', check),
    text,
    place: state === 'ok' ? null : (places()[check] ?? null),
  };
}

function okKey(check: string, params: Check['params']): string {
  if (check === 'port') return `port.${String(params['state'])}`;
  if (check === 'audit' && !params['verifiedAt']) return 'audit.unchecked';
  return `${check}.okText`;
}

/** Figures that are not counts: a port and a process have a number, not an amount. */
function ownWords(check: string, params: Check['params']): Record<string, string> {
  if (check === 'port') return { port: String(params['port']) };
  if (check === 'lock') return { pid: String(params['pid']), since: fmt.when(params['since'] ?? 0) };
  if (check === 'audit') return { verifiedAt: fmt.when(params['verifiedAt'] ?? 0) };
  if (check === 'sqlite') return { synchronous: synchronousName(String(params['synchronous'])) };
  if (check === 'memory')
    return { totalBytes: fmt.memory(Number(params['totalBytes'])), freeBytes: fmt.memory(Number(params['freeBytes'])) };
  return {};
}

/** SQLite answers with a number. */
function synchronousName(value: string): string {
  return ['OFF', 'NORMAL', 'FULL', 'EXTRA'][Number(value)] ?? value;
}

function places(): Record<string, CheckText['place']> {
  const settings = { label: t('hardware:remedy.settings'), area: 'settings' as const };
  return { port: settings, memory: settings, audit: { label: t('hardware:remedy.audit'), area: 'audit' as const } };
}
