import type { Migration } from '../platform/migrate.ts';

/** Limits, alerts, past windows and what was handed in as truth. Endpoints are named, not referenced: alerts outlive them. */
export const monitors: Migration = {
  id: 7,
  name: 'monitors',
  up(db) {
    db.exec(`
      CREATE TABLE monitors (
        endpoint TEXT PRIMARY KEY,
        settings TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        updated_by TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- The newest evaluation as it is shown, so that a page opens at once and after a restart.
      CREATE TABLE monitor_reports (
        endpoint TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        -- What the evaluation rested on; the same again is no news.
        basis TEXT NOT NULL,
        report TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- One row per evaluation that saw something new. columns: JSON {name: [psi or null, null rate]}.
      CREATE TABLE monitor_windows (
        id INTEGER PRIMARY KEY,
        endpoint TEXT NOT NULL,
        at INTEGER NOT NULL,
        version INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        columns TEXT NOT NULL
      ) STRICT;
      CREATE INDEX monitor_windows_by_endpoint ON monitor_windows (endpoint, id);

      CREATE TABLE alerts (
        id TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('psi', 'nullRate', 'errorRate', 'latency', 'performance', 'predictionShift')),
        -- '' stands for "no column": UNIQUE takes two NULLs for different.
        column_name TEXT NOT NULL,
        version INTEGER,
        value REAL NOT NULL,
        limit_value REAL NOT NULL,
        reference REAL,
        rows INTEGER NOT NULL,
        window_from INTEGER NOT NULL,
        window_to INTEGER NOT NULL,
        opened_at INTEGER NOT NULL,
        closed_at INTEGER,
        acknowledged_by TEXT,
        acknowledged_at INTEGER,
        note TEXT NOT NULL,
        -- Evaluations in a row that found the value well within its limit.
        calm INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE UNIQUE INDEX alerts_open ON alerts (endpoint, kind, column_name) WHERE closed_at IS NULL;
      CREATE INDEX alerts_by_time ON alerts (opened_at);
      CREATE INDEX alerts_by_endpoint ON alerts (endpoint, opened_at);

      -- Truth itself stands with the requests in requests.sqlite; here is who handed in how much. matched is null until it is stored there.
      CREATE TABLE truth_batches (
        id TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        rows INTEGER NOT NULL,
        matched INTEGER,
        source TEXT NOT NULL,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
