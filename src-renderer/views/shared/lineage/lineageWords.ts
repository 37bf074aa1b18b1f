// The nodes of a lineage in words, and the trace line under a title.
import type { Lineage } from '../../../../src-shared/rpc/registry.ts';
import type { TraceStep } from '../../../components/Trace.svelte';
import { t } from '../../../i18n/i18n.svelte.ts';
import { lineageKinds, type LineageNode } from './lineageLayout.ts';

/** "churn v2", "run #3", "monitor". */
export function nodeName({ kind, name, version }: LineageNode): string {
  if (kind === 'features' && name.startsWith('#')) return t('registry:lineage.featuresOf', { name });
  if (kind === 'run') return t('registry:lineage.runOf', { name });
  return version === null ? name : `${name} v${version}`;
}

export function kindName(kind: LineageNode['kind']): string {
  return t(`registry:lineage.${kind}`);
}

/** More nodes of one kind than this are told as a number. */
const shownPerKind = 2;

/** From the file to the monitor; `currentId` is the page itself. */
export function traceOfLineage({ nodes }: Lineage, currentId: string): TraceStep[] {
  return lineageKinds.flatMap((kind): TraceStep[] => {
    const all = nodes.filter((node) => node.kind === kind).sort((a, b) => Number(b.id === currentId) - Number(a.id === currentId));
    const shown = all.slice(0, shownPerKind).map((node): TraceStep => ({
      // An endpoint and a monitor carry the same name: the kind tells them apart.
      label: kind === 'endpoint' || kind === 'monitor' ? `${kindName(kind)} ${node.name}` : nodeName(node),
      href: node.route ?? undefined,
      current: node.id === currentId,
    }));
    return all.length > shownPerKind ? [...shown, { label: `+${all.length - shownPerKind}` }] : shown;
  });
}
