// Where a dataset version came from, in a few words.
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';

/** `churn.csv · CSV`; for many files the first and how many more. */
export function sourceWords(source: DatasetVersion['source']): string {
  if (source.format === 'requests') return t('data:trace.requests');
  const name = filesWords(source.files);
  if (source.format === 'images' || source.format === 'texts') return name === '' ? '' : t('data:source.folder', { name });
  const format = t(`data:format.${source.format}`);
  return name === '' ? format : `${name} · ${format}`;
}

export function filesWords(files: readonly string[]): string {
  const [first, ...more] = files;
  if (first === undefined) return '';
  const name = baseName(first);
  return more.length === 0 ? name : t('data:trace.files', { file: name, count: more.length, n: fmt.count(more.length) });
}

/** The last part of a path of this machine, whichever its separators. */
export function baseName(path: string): string {
  return (
    path
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? path
  );
}
