// The trace line of a dataset version: the files it came from, itself, and what was built from it.
import type { DatasetVersion } from '../../../../src-shared/domain/table.ts';
import type { Result } from '../../../../src-shared/rpc/contract.ts';
import { href } from '../../../app/router.svelte.ts';
import type { TraceStep } from '../../../components/Trace.svelte';
import { t } from '../../../i18n/i18n.svelte.ts';
import { filesWords } from '../sourceWords.ts';

export type Use = Result<'data.usedBy'>[number];

export function traceOfDataset({ dataset, version, source }: DatasetVersion, uses: readonly Use[]): TraceStep[] {
  const shown = uses.slice(0, 4).map((use): TraceStep => ({ label: traceName(use), href: useHref(use) }));
  const more = uses.length - shown.length;
  return [
    { label: source.format === 'requests' ? t('data:trace.requests') : filesWords(source.files) },
    { label: `${dataset} v${version}`, current: true },
    ...shown,
    ...(more > 0 ? [{ label: `+${more}`, href: `${href('data', dataset, `v${version}`)}?tab=used` }] : []),
  ];
}

export function useHref({ kind, name, version }: Use): string {
  switch (kind) {
    case 'labelSet':
      return href('label', name);
    case 'run':
      return href('train', name);
    case 'modelVersion':
      return version === null ? href('registry', name) : href('registry', name, `v${version}`);
    case 'metric':
      return href('advise', name);
  }
}

/** In a trace line a name alone does not say what it is. */
function traceName(use: Use): string {
  const name = useName(use);
  return use.kind === 'modelVersion'
    ? t('core:subject.model', { name })
    : use.kind === 'metric'
      ? t('core:subject.metric', { name })
      : name;
}

/** Runs are told by their number, where the core sends it as `version`. */
export function useName({ kind, name, version }: Use): string {
  if (kind === 'run') return version === null ? t('data:used.run') : t('train:runNumber', { number: version });
  return version === null ? name : `${name} v${version}`;
}
