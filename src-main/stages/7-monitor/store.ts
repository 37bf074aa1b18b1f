// SQL of monitors, alerts and past windows.
import { monitorSettings, type Alert, type MonitorReport, type MonitorSettings } from '../../../src-shared/rpc/monitor.ts';
import type { WritableDb } from '../../platform/sqlite.ts';
import type { Check } from './judge.ts';

interface RawAlert {
  id: string;
  endpoint: string;
  kind: Alert['kind'];
  column_name: string;
  value: number;
  limit_value: number;
  reference: number | null;
  rows: number;
  window_from: number;
  window_to: number;
  opened_at: number;
  closed_at: number | null;
  acknowledged_by: string | null;
  calm: number;
}

/** Windows that are kept for each endpoint. */
const keptWindows = 1000;

export class MonitorStore {
  readonly #db: WritableDb;

  constructor(db: WritableDb) {
    this.#db = db;
  }

  settings(endpoint: string): MonitorSettings {
    const stored = this.#db.prepare<[string], string>('SELECT settings FROM monitors WHERE endpoint = ?').pluck().get(endpoint);
    return monitorSettings.parse(stored === undefined ? {} : JSON.parse(stored));
  }

  putSettings(endpoint: string, settings: MonitorSettings, at: number, actor: string): void {
    this.#db
      .prepare(
        'INSERT INTO monitors VALUES (?, ?, ?, ?) ON CONFLICT (endpoint) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at, updated_by = excluded.updated_by',
      )
      .run(endpoint, JSON.stringify(settings), at, actor);
  }

  report(endpoint: string): { basis: string; report: MonitorReport } | null {
    const row = this.#db
      .prepare<[string], { basis: string; report: string }>('SELECT basis, report FROM monitor_reports WHERE endpoint = ?')
      .get(endpoint);
    return row ? { basis: row.basis, report: JSON.parse(row.report) as MonitorReport } : null;
  }

  putReport(endpoint: string, basis: string, report: MonitorReport): void {
    this.#db.prepare('INSERT OR REPLACE INTO monitor_reports VALUES (?, ?, ?, ?)').run(endpoint, report.at, basis, JSON.stringify(report));
  }

  addWindow(endpoint: string, at: number, version: number, rows: number, columns: Record<string, [number | null, number]>): void {
    this.#db
      .prepare('INSERT INTO monitor_windows (endpoint, at, version, rows, columns) VALUES (?, ?, ?, ?, ?)')
      .run(endpoint, at, version, rows, JSON.stringify(columns));
    this.#db
      .prepare(
        'DELETE FROM monitor_windows WHERE endpoint = ? AND id <= (SELECT id FROM monitor_windows WHERE endpoint = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
      )
      .run(endpoint, endpoint, keptWindows);
  }

  /** Oldest first. */
  windows(endpoint: string, limit: number): { at: number; columns: Record<string, [number | null, number]> }[] {
    return this.#db
      .prepare<[string, number], { at: number; columns: string }>(
        'SELECT at, columns FROM monitor_windows WHERE endpoint = ? ORDER BY id DESC LIMIT ?',
      )
      .all(endpoint, limit)
      .toReversed()
      .map(({ at, columns }) => ({ at, columns: JSON.parse(columns) as Record<string, [number | null, number]> }));
  }

  openAlert(endpoint: string, kind: Alert['kind'], column: string | null): { id: string; calm: number } | null {
    return (
      this.#db
        .prepare<[string, string, string], { id: string; calm: number }>(
          'SELECT id, calm FROM alerts WHERE endpoint = ? AND kind = ? AND column_name = ? AND closed_at IS NULL',
        )
        .get(endpoint, kind, column ?? '') ?? null
    );
  }

  insertAlert(id: string, endpoint: string, version: number, check: Check, window: { from: number; to: number }, at: number): void {
    this.#db
      .prepare(
        `INSERT INTO alerts (id, endpoint, kind, column_name, version, value, limit_value, reference, rows, window_from, window_to, opened_at, note, calm)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)`,
      )
      .run(
        id,
        endpoint,
        check.kind,
        check.column ?? '',
        version,
        check.value,
        check.limit,
        check.reference,
        check.rows,
        window.from,
        window.to,
        at,
      );
  }

  updateAlert(id: string, check: Check, window: { from: number; to: number }, calm: number): void {
    this.#db
      .prepare('UPDATE alerts SET value = ?, limit_value = ?, rows = ?, window_from = ?, window_to = ?, calm = ? WHERE id = ?')
      .run(check.value, check.limit, check.rows, window.from, window.to, calm, id);
  }

  closeAlert(id: string, at: number): void {
    this.#db.prepare('UPDATE alerts SET closed_at = ? WHERE id = ?').run(at, id);
  }

  acknowledge(id: string, actor: string, note: string, at: number): void {
    this.#db.prepare('UPDATE alerts SET acknowledged_by = ?, acknowledged_at = ?, note = ? WHERE id = ?').run(actor, at, note, id);
  }

  alert(id: string): Alert | null {
    const row = this.#db.prepare<[string], RawAlert>('SELECT * FROM alerts WHERE id = ?').get(id);
    return row ? alertOf(row) : null;
  }

  /** Newest first. */
  alerts({ endpoint, open, limit = 500 }: { endpoint?: string; open: boolean; limit?: number }): Alert[] {
    const parts = [...(endpoint === undefined ? [] : ['endpoint = ?']), ...(open ? ['closed_at IS NULL'] : [])];
    const where = parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
    return this.#db
      .prepare<unknown[], RawAlert>(`SELECT * FROM alerts ${where} ORDER BY opened_at DESC, id DESC LIMIT ?`)
      .all(...(endpoint === undefined ? [] : [endpoint]), limit)
      .map(alertOf);
  }

  addTruthBatch(id: string, endpoint: string, rows: number, source: string, at: number, actor: string): void {
    this.#db
      .prepare('INSERT INTO truth_batches (id, endpoint, rows, source, at, actor) VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, endpoint, rows, source, at, actor);
  }

  finishTruthBatch(id: string, matched: number): void {
    this.#db.prepare('UPDATE truth_batches SET matched = ? WHERE id = ?').run(matched, id);
  }
}

function alertOf(row: RawAlert): Alert {
  return {
    id: row.id,
    endpoint: row.endpoint,
    kind: row.kind,
    column: row.column_name === '' ? null : row.column_name,
    value: row.value,
    limit: row.limit_value,
    reference: row.reference,
    rows: row.rows,
    windowFrom: row.window_from,
    windowTo: row.window_to,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    acknowledgedBy: row.acknowledged_by,
    state: row.closed_at !== null ? 'closed' : row.acknowledged_by !== null ? 'acknowledged' : 'open',
  };
}
