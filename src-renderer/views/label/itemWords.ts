// An item of a label queue in one or two lines.
import type { LabelItem, LabelSet } from '../../../src-shared/rpc/label.ts';
import { baseName } from '../data/sourceWords.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';

/** The item's own text; the name of an image's file; the first cells of a row. */
export function itemWords(
  { row, cells }: Pick<LabelItem, 'row' | 'cells'>,
  { kind, itemColumn }: Pick<LabelSet, 'kind' | 'itemColumn'>,
): string {
  if (kind !== 'image' && itemColumn !== null) return String(cells[itemColumn] ?? t('components:table.missing'));
  const texts = Object.entries(cells).filter(([, value]) => value !== null && value !== '');
  if (kind === 'image') {
    const file = texts.find(([, value]) => typeof value === 'string' && /\.\w{3,4}$/.test(value));
    return file ? baseName(String(file[1])) : t('label:work.itemUnknown', { row: fmt.count(row + 1) });
  }
  const telling = texts.filter(([, value]) => (typeof value === 'number' ? Math.abs(value) > 1 : String(value).length > 3));
  return (telling.length > 0 ? telling : texts)
    .slice(0, 4)
    .map(([, value]) => String(value))
    .join(' · ');
}

/** Whether a value names a class: the folder `song/` of a file would answer before the person does. */
export function givesAway(value: unknown, classes: readonly { name: string }[]): boolean {
  const parts = String(value)
    .toLowerCase()
    .split(/[\\/_.\s-]+/);
  return classes.some(({ name }) => parts.includes(name.toLowerCase()));
}
