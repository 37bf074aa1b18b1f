// An entry of the inbox as a headline and a sentence. The core sends kind, name and figures.
import { preferences } from '../../app/preferences.svelte.ts';
import { formatParams, listParams } from '../../format/params.ts';
import { textIfKnown } from '../../i18n/i18n.svelte.ts';
import type { InboxItem } from '../../managers/today.svelte.ts';

export interface InboxText {
  title: string;
  /** Empty when there is nothing to add. */
  why: string;
}

/** A sub-kind in the figures (`of`, e.g. `nullRate` of an alert) chooses the finer text, where there is one. */
export function inboxText(item: Pick<InboxItem, 'kind' | 'name' | 'params'>): InboxText {
  const { language } = preferences;
  const values = { name: item.name, ...formatParams(item.params, language) };
  const find = (part: 'title' | 'why'): string | null =>
    textIfKnown(`core:inbox.${item.kind}.${String(item.params['of'] ?? '')}.${part}`, values) ??
    textIfKnown(`core:inbox.${item.kind}.${part}`, values);
  return { title: find('title') ?? item.name, why: find('why') ?? listParams(item.params, language) };
}
