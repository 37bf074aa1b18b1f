import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { AuditWriter } from '../platform/auditWriter.ts';
import { transaction, type WritableDb } from '../platform/sqlite.ts';

/** What a person put off in Today, and until when. */
export class SnoozeStore {
  readonly #db: WritableDb;
  readonly #audit: AuditWriter;

  constructor(db: WritableDb, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
  }

  /** Item → end of its snooze, for those that have not ended at `now`. */
  active(now: number): Map<string, number> {
    const rows = this.#db
      .prepare<[number], { item_id: string; until_ms: number }>('SELECT item_id, until_ms FROM snoozes WHERE until_ms > ?')
      .all(now);
    return new Map(rows.map((row) => [row.item_id, row.until_ms]));
  }

  /** A time that has passed wakes the item up. Snoozes that have ended are cleared away on the occasion. */
  snooze(itemId: string, untilMs: number, now: number, caller: Caller): void {
    transaction(this.#db, () => {
      this.#db.prepare('DELETE FROM snoozes WHERE until_ms <= ? OR item_id = ?').run(now, itemId);
      if (untilMs > now) this.#db.prepare('INSERT INTO snoozes (item_id, until_ms) VALUES (?, ?)').run(itemId, untilMs);
      this.#audit.append({ caller, action: 'system.snooze', subject: `item ${itemId}`, details: { untilMs } });
    });
  }
}
