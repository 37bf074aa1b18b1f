import { setImmediate as nextTurn } from 'node:timers/promises';
import { transaction, type WritableDb } from '../../../platform/sqlite.ts';

export interface Retention {
  keepDays: number;
  /** Size of requests.sqlite beyond which the oldest requests go. */
  maxBytes: number;
}

const dayMs = 86_400_000;
const batchRows = 200;

/** Deletes requests (and their truth) older than `keepDays` and, beyond `maxBytes`, the oldest, at most a fifth at a time. Sums per
 *  minute stay ten times as long. In small transactions, so that ingestion goes on between them. Returns how many requests went. */
export async function retain(db: WritableDb, now: number, { keepDays, maxBytes }: Retention): Promise<number> {
  const horizon = now - keepDays * dayMs;
  let removed = await removeOldest(db, horizon, Number.POSITIVE_INFINITY);
  if (usedBytes(db) > maxBytes) {
    const rows = db.prepare<[], number>('SELECT count(*) FROM requests').pluck().get()!;
    removed += await removeOldest(db, Number.MAX_SAFE_INTEGER, Math.ceil(rows / 5));
  }
  db.prepare('DELETE FROM traffic WHERE minute < ?').run(now - 10 * keepDays * dayMs);
  db.prepare('DELETE FROM column_counts WHERE minute < ?').run(horizon);
  if (removed > 0) db.pragma('incremental_vacuum');
  return removed;
}

async function removeOldest(db: WritableDb, before: number, most: number): Promise<number> {
  const oldest = db.prepare<[number, number], number>('SELECT seq FROM requests WHERE at < ? ORDER BY at, seq LIMIT ?').pluck();
  const text = db.prepare<[number]>('DELETE FROM request_text WHERE rowid = ?');
  const request = db.prepare<[number]>('DELETE FROM requests WHERE seq = ?');
  let removed = 0;
  while (removed < most) {
    const batch = oldest.all(before, Math.min(batchRows, most - removed));
    if (batch.length === 0) break;
    transaction(db, () => {
      for (const seq of batch) {
        text.run(seq);
        request.run(seq);
      }
    });
    removed += batch.length;
    await nextTurn();
  }
  return removed;
}

function usedBytes(db: WritableDb): number {
  const of = (name: string): number => db.pragma(name, { simple: true }) as number;
  return (of('page_count') - of('freelist_count')) * of('page_size');
}
