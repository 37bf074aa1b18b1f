// What is predicted, as it stands in an address.
import type { TrainRequest } from '../../src-shared/domain/training.ts';

export type Target = TrainRequest['target'];

/** `column:churn`, `labels:tone@2`. */
export function targetKey(target: Target): string {
  return target.kind === 'column' ? `column:${target.column}` : `labels:${target.labelSet}@${target.version}`;
}

export function targetOfKey(key: string | null): Target | null {
  const [, kind, rest] = /^(column|labels):(.+)$/s.exec(key ?? '') ?? [];
  if (kind === undefined || rest === undefined) return null;
  if (kind === 'column') return { kind: 'column', column: rest };
  const [, labelSet, version] = /^(.+)@(\d+)$/.exec(rest) ?? [];
  return labelSet === undefined ? null : { kind: 'labels', labelSet, version: Number(version) };
}
