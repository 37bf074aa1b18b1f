// Pasted outcomes: `request_id,row,truth` or `request_id,truth`, one a line, with or without the heading; commas or tabs.
import type { TruthRows } from '../../managers/monitor.svelte.ts';

export type ReadLines =
  { rows: TruthRows } | { wrong: 'fields'; line: number; found: number } | { wrong: 'row'; line: number; found: string };

/** Blank lines are skipped. The first line that cannot be read is told by its number, from 1; then no row is. */
export function readTruthLines(text: string): ReadLines {
  const rows: TruthRows = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const fields = line.split(line.includes('\t') ? '\t' : ',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
    if (index === 0 && fields[0]?.toLowerCase() === 'request_id') continue;
    const [requestId = '', second = '', third] = fields;
    if (fields.length < 2 || fields.length > 3 || requestId === '') return { wrong: 'fields', line: index + 1, found: fields.length };
    const row = third === undefined ? '0' : second;
    if (!/^\d{1,9}$/.test(row)) return { wrong: 'row', line: index + 1, found: row };
    rows.push({ requestId, row: Number(row), truth: third ?? second });
  }
  return { rows };
}
