// What really happened, by request id and row.
import { transaction, type ReadableDb, type WritableDb } from '../../../platform/sqlite.ts';
import { inputRows } from './storedRows.ts';

export interface TruthRow {
  requestId: string;
  row: number;
  truth: string | number;
}

export interface TruthResult {
  matched: number;
  /** Rows whose request is not stored for this endpoint, or has no such row. */
  unknown: number;
}

/** Stores all rows in one transaction; truth that comes again for a row replaces what was there. */
export function storeTruth(db: WritableDb, endpoint: string, rows: readonly TruthRow[], now: number): TruthResult {
  const request = db.prepare<[string, string], { seq: number; rows: number }>(
    'SELECT seq, rows FROM requests WHERE id = ? AND endpoint = ?',
  );
  const insert = db.prepare<[string, number, number, string, number]>(
    'INSERT OR REPLACE INTO truth (endpoint, seq, row, truth, at) VALUES (?, ?, ?, ?, ?)',
  );
  return transaction(db, () => {
    let matched = 0;
    for (const { requestId, row, truth } of rows) {
      const found = request.get(requestId, endpoint);
      if (!found || row >= found.rows) continue;
      insert.run(endpoint, found.seq, row, String(truth), now);
      matched++;
    }
    return { matched, unknown: rows.length - matched };
  });
}

export interface LabelledRow {
  requestId: string;
  row: number;
  at: number;
  version: number | null;
  /** Values by column, as the caller sent them. */
  input: Record<string, unknown>;
  truth: string;
}

/** Stored inputs whose truth is known, oldest first: new training rows. `afterSeq` continues where the last page ended. */
export function labelledRows(
  db: ReadableDb,
  { endpoint, columns, afterSeq, limit }: { endpoint: string; columns: readonly string[]; afterSeq: number; limit: number },
): { rows: LabelledRow[]; nextSeq: number | null } {
  const requests = db
    .prepare<[string, number], { seq: number; id: string; at: number; version: number | null; input: string }>(
      `SELECT DISTINCT r.seq, r.id, r.at, r.version, r.input FROM truth t JOIN requests r ON r.seq = t.seq
       WHERE t.endpoint = ? AND t.seq > ? AND r.input IS NOT NULL ORDER BY t.seq`,
    )
    .iterate(endpoint, afterSeq);
  const truths = db.prepare<[string, number], { row: number; truth: string }>(
    'SELECT row, truth FROM truth WHERE endpoint = ? AND seq = ? ORDER BY row',
  );
  const rows: LabelledRow[] = [];
  const found: { seq: number; id: string; at: number; version: number | null; input: string }[] = [];
  let expected = 0;
  let more = false;
  for (const request of requests) {
    if (expected >= limit) {
      more = true;
      break;
    }
    found.push(request);
    expected++;
  }
  for (const { seq, id, at, version, input } of found) {
    const read = inputRows(input);
    if (!read) continue;
    for (const { row, truth } of truths.all(endpoint, seq)) {
      if (row >= read.rows) continue;
      rows.push({
        requestId: id,
        row,
        at,
        version,
        input: Object.fromEntries(columns.map((name) => [name, read.column(name)(row) ?? null])),
        truth,
      });
    }
  }
  return { rows, nextSeq: more ? found.at(-1)!.seq : null };
}
