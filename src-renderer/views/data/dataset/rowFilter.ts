// The filter of the rows as it stands in the address.
import type { RowFilter } from '../../../managers/datasets.svelte.ts';

export const conditions = ['equals', 'contains', 'below', 'above', 'missing', 'present'] as const;
export type Condition = (typeof conditions)[number];

export function needsValue(condition: Condition): boolean {
  return condition !== 'missing' && condition !== 'present';
}

/** Undefined when nothing is filtered; a condition that still lacks its value does not count. */
export function filterOfQuery(query: URLSearchParams): RowFilter | undefined {
  const text = query.get('text') ?? '';
  const column = query.get('column');
  const is = conditions.find((condition) => condition === query.get('is'));
  const value = query.get('value') ?? '';
  const condition = column && is && (!needsValue(is) || value !== '') ? { column, is, ...(needsValue(is) ? { value } : {}) } : {};
  const filter: RowFilter = { ...(text === '' ? {} : { text }), ...condition };
  return Object.keys(filter).length === 0 ? undefined : filter;
}
