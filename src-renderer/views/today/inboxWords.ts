// An entry of the inbox as a headline and a sentence. The core sends kind, name and figures.
import { preferences } from '../../app/preferences.svelte.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { formatParams, listParams } from '../../format/params.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { textIfKnown } from '../../i18n/i18n.svelte.ts';
import { subjectWords } from '../../i18n/jobWords.ts';
import type { InboxItem } from '../../managers/today.svelte.ts';

export interface InboxText {
  title: string;
  /** Empty when there is nothing to add. */
  why: string;
}

type Item = Pick<InboxItem, 'kind' | 'name' | 'params'>;

/** `of` in the figures (an alert on `nullRate`, a failed `data.import`) chooses the finer text, where there is one. */
export function inboxText(item: Item): InboxText {
  const values = { name: item.name, ...valuesOf(item) };
  const find = (part: 'title' | 'why'): string | null =>
    complete(textIfKnown(`core:inbox.${item.kind}.${String(item.params['of'] ?? '')}.${part}`, values)) ??
    complete(textIfKnown(`core:inbox.${item.kind}.${part}`, values));
  return { title: find('title') ?? item.name, why: find('why') ?? listParams(item.params, preferences.language) };
}

/** Figures whose unit depends on what the entry is about. */
function valuesOf({ kind, name, params }: Item): Record<string, string | number> {
  const texts = formatParams(params, preferences.language);
  const number = (key: string): number | null => (typeof params[key] === 'number' ? params[key] : null);
  if (kind === 'alert') {
    const of = params['of'];
    const write =
      of === 'nullRate' || of === 'errorRate'
        ? fmt.percent
        : of === 'latency'
          ? fmt.duration
          : (value: number | null) => fmt.decimal(value);
    for (const key of ['value', 'limit', 'reference']) if (key in params) texts[key] = write(number(key));
  }
  if (kind === 'proposal') {
    texts['difference'] = fmt.difference(number('difference'));
    for (const key of ['low', 'high']) if (key in params) texts[key] = fmt.decimal(number(key));
    if ('metric' in params) texts['metric'] = coreWords('metrics:name.', String(params['metric']));
  }
  if (kind === 'advice') {
    texts['action'] = coreWords('core:advice.', String(params['of'] ?? ''));
    for (const key of ['fromAt', 'toAt']) if (key in params) texts[key] = fmt.day(number(key) ?? 0);
    texts['gap'] = fmt.difference(number('gap'), 0);
  }
  if (kind === 'jobFailed') {
    texts['kind'] = coreWords('core:kind.', String(params['of'] ?? ''));
    texts['subject'] = subjectWords(name);
  }
  return texts;
}

/** A sentence whose figures were not sent is no sentence. */
function complete(text: string | null): string | null {
  return text === null || text.includes('{{') ? null : text;
}
