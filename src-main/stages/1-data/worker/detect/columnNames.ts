import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { nameKey } from '../sql.ts';
import type { Reason } from './dialect.ts';

/** More columns than this are refused: the engine's Parquet writer takes 256 KiB a column, and a table so wide holds measurements that
 *  belong in rows. */
export const columnLimit = 2000;

export interface NamedColumns {
  names: string[];
  warnings: Reason[];
}

/** Names for `fields` columns from the cells of a header (none: `column_1` …). Spaces around are dropped, empty ones numbered, and
 *  equal ones (also `Amount` and `amount`, which the engine cannot tell apart) renamed `amount_2` … or refused.
 *  `rowNames`: the first field names rows, and the header may lack a cell for it.
 *  Errors: MK_DATA_TOO_MANY_COLUMNS, MK_DATA_DUPLICATE_COLUMNS. */
export function nameColumns(
  file: string,
  cells: readonly string[],
  fields: number,
  duplicates: 'reject' | 'rename',
  rowNames = false,
): NamedColumns {
  checkColumnCount(file, Math.max(cells.length, fields));
  const warnings: Reason[] = [];
  let header = cells.map((cell) =>
    cell
      .replace(/^\ufeff/, '')
      .replaceAll('\0', '')
      .trim(),
  );
  if (rowNames && header.length > 0 && header.length + 1 === fields) {
    header = ['row', ...header]; // as R writes its row names
    warnings.push({ code: 'headerShorter', params: { file } });
  }
  if (header.length === 0) header = Array.from({ length: fields }, () => '');
  const unnamed = header.filter((cell) => cell === '').length;
  if (unnamed > 0 && unnamed < header.length) warnings.push({ code: 'unnamedColumns', params: { file, count: unnamed } });

  const taken = new Map<string, number>();
  const given = new Set(header.map(nameKey));
  const names: string[] = [];
  const renamed: string[] = [];
  for (const [index, cell] of header.entries()) {
    const base = cell === '' ? `column_${index + 1}` : cell;
    const count = (taken.get(nameKey(base)) ?? 0) + 1;
    taken.set(nameKey(base), count);
    let name = base;
    for (let suffix = count; name !== base || count > 1; suffix++) {
      name = `${base}_${suffix}`;
      if (!given.has(nameKey(name)) && !taken.has(nameKey(name))) break;
    }
    if (name !== base) {
      taken.set(nameKey(name), 1);
      renamed.push(name);
    }
    names.push(name);
  }
  if (renamed.length > 0) {
    const repeated = header.find((cell) => (taken.get(nameKey(cell)) ?? 0) > 1) ?? '';
    const params = { file, field: repeated, count: taken.get(nameKey(repeated)) ?? 2, proposed: renamed.slice(0, 5).join(', ') };
    if (duplicates === 'reject') throw new ModelkeepError('MK_DATA_DUPLICATE_COLUMNS', params);
    warnings.push({ code: 'duplicateColumns', params });
  }
  return { names, warnings };
}

/** Error: MK_DATA_TOO_MANY_COLUMNS. */
export function checkColumnCount(file: string, found: number): void {
  if (found > columnLimit) throw new ModelkeepError('MK_DATA_TOO_MANY_COLUMNS', { file, found, limit: columnLimit });
}
