import type { Migration } from '../platform/migrate.ts';

/** Cycles of self-learning: why one began, what it trained on, what the comparison said, who decided. */
export const cycles: Migration = {
  id: 8,
  name: 'cycles',
  up(db) {
    db.exec(`
      CREATE TABLE cycles (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        endpoint TEXT,
        trigger TEXT NOT NULL,
        request TEXT NOT NULL,
        dataset TEXT,
        champion_version INTEGER NOT NULL,
        challenger_version INTEGER,
        job_id TEXT NOT NULL,
        run_id TEXT,
        state TEXT NOT NULL CHECK (state IN
          ('preparing', 'training', 'comparing', 'proposed', 'promoted', 'rejected', 'noImprovement', 'failed')),
        requests_added INTEGER NOT NULL DEFAULT 0,
        comparison TEXT,
        gates TEXT,
        decision TEXT,
        error TEXT,
        started_at INTEGER NOT NULL,
        finished_at INTEGER
      ) STRICT;
      CREATE INDEX cycles_by_model ON cycles (model, number DESC);
      CREATE INDEX cycles_by_state ON cycles (state, number DESC);
    `);
  },
};
