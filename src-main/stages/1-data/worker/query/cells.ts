// Rows as they travel to a screen: dates as ISO text, images as null, numbers that JSON cannot hold as null.
import type { Cell, Column } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { quoteName } from '../sql.ts';

/** Texts in a grid are cut here; the whole text is asked for row by row (`rowsAt`). */
export const cellCharacters = 2000;

/** A select list that gives cells for `columns`, positionally. */
export function cellList(columns: readonly Column[], { whole = false } = {}): string {
  return columns.map(({ name, type }, index) => `${cellSql(quoteName(name), type, whole)} AS v${index}`).join(', ');
}

function cellSql(x: string, type: Column['type'], whole: boolean): string {
  switch (type) {
    case 'image':
      return 'NULL';
    case 'date':
      return `strftime(${x}, '%Y-%m-%d')`;
    case 'timestamp':
      return `CASE WHEN date_part('microseconds', ${x}) % 1000000 = 0 THEN strftime(${x}, '%Y-%m-%dT%H:%M:%S') ELSE strftime(${x}, '%Y-%m-%dT%H:%M:%S.%g') END`;
    case 'category':
    case 'text':
      return whole ? x : `left(${x}, ${cellCharacters})`;
    default:
      return x;
  }
}

/** Rows of `select`, which must give at least `columns`. */
export async function cellsOf(engine: Engine, select: string, columns: readonly Column[], watch: Watch = {}): Promise<Cell[][]> {
  if (columns.length === 0) return [];
  const rows = await engine.all(`SELECT ${cellList(columns)} FROM (${select})`, watch);
  return rows.map((row) => columns.map((_, index) => toCell(row[`v${index}`])));
}

export function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return String(value);
}
