import type { ColumnType, DatasetVersion } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';

/** Column types that can be shown large, per kind of labelling; null: the whole row is the item. */
const accepted = {
  table: null,
  text: ['text', 'category', 'identifier'],
  image: ['image'],
} satisfies Record<string, ColumnType[] | null>;

/** The column shown large: the one asked for, checked, or the first that fits. Tables need none. */
export function itemColumnFor(kind: 'table' | 'text' | 'image', wanted: string | null, version: DatasetVersion): string | null {
  const types: readonly ColumnType[] | null = accepted[kind];
  if (wanted !== null) {
    const type = requireColumn(wanted, version);
    if (types && !types.includes(type)) throw wrongType(kind, wanted, type, types, version);
    return wanted;
  }
  if (!types) return null;
  for (const type of types) {
    const found = version.columns.find((column) => column.type === type);
    if (found) return found.name;
  }
  const first = version.columns[0];
  throw wrongType(kind, first?.name ?? '', first?.type ?? 'category', types, version);
}

/** Type of a column that must exist. Errors: MK_LABEL_COLUMN_UNKNOWN. */
export function requireColumn(name: string, version: DatasetVersion): ColumnType {
  const column = version.columns.find((one) => one.name === name);
  if (column) return column.type;
  const listed = version.columns.slice(0, 30).map((one) => one.name);
  throw new ModelkeepError('MK_LABEL_COLUMN_UNKNOWN', {
    column: name,
    dataset: version.dataset,
    version: version.version,
    columns: listed.join(', ') + (version.columns.length > listed.length ? ' …' : ''),
  });
}

function wrongType(kind: string, column: string, found: string, expected: readonly string[], version: DatasetVersion): ModelkeepError {
  return new ModelkeepError('MK_LABEL_COLUMN_TYPE', { column, dataset: version.dataset, found, kind, expected: expected.join(' / ') });
}
