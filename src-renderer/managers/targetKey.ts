// What is predicted, as it stands in an address.
import type { TrainRequest } from '../../src-shared/domain/training.ts';

export type Target = TrainRequest['target'];

/** `column:churn`, `labels:tone@2`, `flags:["a","b"]`, `delimited:["tags",";"]`, `ranking:["grade","query"]`. */
export function targetKey(target: Target): string {
  switch (target.kind) {
    case 'column':
      return `column:${target.column}`;
    case 'labels':
      return `labels:${target.labelSet}@${target.version}`;
    case 'flags':
      return `flags:${JSON.stringify(target.columns)}`;
    case 'delimited':
      return `delimited:${JSON.stringify([target.column, target.separator])}`;
    case 'ranking':
      return `ranking:${JSON.stringify([target.column, target.group])}`;
  }
}

export function targetOfKey(key: string | null): Target | null {
  const [, kind, rest] = /^(column|labels|flags|delimited|ranking):(.+)$/s.exec(key ?? '') ?? [];
  if (kind === undefined || rest === undefined) return null;
  if (kind === 'column') return { kind: 'column', column: rest };
  if (kind !== 'labels') {
    const words = textsIn(rest);
    const [column, second] = words;
    if (kind === 'flags') return words.length >= 2 ? { kind, columns: words } : null;
    if (column === undefined || second === undefined || second === '') return null;
    return kind === 'ranking' ? { kind, column, group: second } : { kind: 'delimited', column, separator: second };
  }
  const [, labelSet, version] = /^(.+)@(\d+)$/.exec(rest) ?? [];
  return labelSet === undefined ? null : { kind: 'labels', labelSet, version: Number(version) };
}

/** [] where the text is no array of texts: addresses are typed, too. */
function textsIn(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : [];
  } catch {
    return [];
  }
}
