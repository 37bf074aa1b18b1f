import type { Migration } from '../platform/migrate.ts';

/** Business metrics with their newest analysis, and advice with what was decided about it. */
export const advice: Migration = {
  id: 9,
  name: 'advice',
  up(db) {
    db.exec(`
      CREATE TABLE metrics (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        definition TEXT NOT NULL,
        -- Of the newest analysis; NULL before the first and after the definition changed.
        dataset_version INTEGER,
        points TEXT,
        method TEXT,
        latest TEXT,
        spark TEXT,
        analysed_at INTEGER,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;

      CREATE TABLE advice (
        id TEXT PRIMARY KEY,
        metric_id INTEGER NOT NULL REFERENCES metrics (id) ON DELETE CASCADE,
        period_from INTEGER NOT NULL,
        period_to INTEGER NOT NULL,
        content TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'taken', 'dismissed')),
        decided_by TEXT,
        decided_at INTEGER,
        note TEXT,
        at INTEGER NOT NULL,
        UNIQUE (metric_id, period_from, period_to),
        CHECK ((state = 'open') = (decided_by IS NULL))
      ) STRICT;
      CREATE INDEX advice_by_state ON advice (state, at DESC);
    `);
  },
};
