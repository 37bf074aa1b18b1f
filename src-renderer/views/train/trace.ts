// The trace line of a run: data, labels, features, itself, and the versions and endpoints that came of it.
import type { Lineage } from '../../../src-shared/rpc/registry.ts';
import { href } from '../../app/router.svelte.ts';
import type { TraceStep } from '../../components/Trace.svelte';
import { t } from '../../i18n/i18n.svelte.ts';
import type { RunDetail } from '../../managers/training.svelte.ts';

export function traceOfRun({ request, number, id }: RunDetail, lineage: Lineage | null): TraceStep[] {
  const { dataset, target } = request;
  const after = (lineage?.nodes ?? []).filter(({ kind }) => kind === 'modelVersion' || kind === 'endpoint');
  return [
    { label: `${dataset.name} v${dataset.version}`, href: href('data', dataset.name, `v${dataset.version}`) },
    ...(target.kind === 'labels' ? [{ label: `${target.labelSet} v${target.version}`, href: href('label', target.labelSet) }] : []),
    { label: t('train:runNumber', { number }), href: href('train', id), current: true },
    ...after.slice(0, 4).map(({ name, version, route }): TraceStep => ({
      label: version === null ? t('core:subject.endpoint', { name }) : t('core:subject.model', { name: `${name} v${version}` }),
      href: route ?? undefined,
    })),
  ];
}
