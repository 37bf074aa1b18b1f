import type { Migration } from '../platform/migrate.ts';

/** Feature specs by name and version, training runs and their candidates (models and references in blobs). */
export const training: Migration = {
  id: 4,
  name: 'training',
  up(db) {
    db.exec(`
      CREATE TABLE feature_specs (
        name TEXT NOT NULL,
        version INTEGER NOT NULL CHECK (version > 0),
        spec TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        PRIMARY KEY (name, version)
      ) STRICT;
      CREATE TRIGGER feature_specs_immutable BEFORE UPDATE ON feature_specs
        BEGIN SELECT RAISE(ABORT, 'a saved feature spec never changes'); END;

      CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        job_id TEXT NOT NULL,
        dataset TEXT NOT NULL,
        dataset_version INTEGER NOT NULL,
        request TEXT NOT NULL,
        spec TEXT,
        -- Of the canonical spec, to find the runs that used a saved one.
        spec_sha256 TEXT,
        signature TEXT,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
        primary_metric TEXT,
        rows TEXT,
        best_candidate_id TEXT,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        created_by TEXT NOT NULL,
        findings TEXT NOT NULL
      ) STRICT;
      CREATE INDEX runs_by_dataset ON runs (dataset, number);
      CREATE INDEX runs_by_dataset_version ON runs (dataset, dataset_version, number);
      CREATE INDEX runs_by_spec ON runs (spec_sha256);

      CREATE TABLE candidates (
        id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs (id),
        position INTEGER NOT NULL,
        learner TEXT NOT NULL,
        settings TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'training', 'done', 'failed', 'stopped')),
        validation TEXT NOT NULL,
        test TEXT NOT NULL,
        sha256 TEXT,
        size_bytes INTEGER,
        reference_sha256 TEXT,
        importance TEXT NOT NULL,
        train_ms REAL NOT NULL,
        predict_ms REAL,
        parity REAL,
        curve TEXT NOT NULL,
        UNIQUE (run_id, position)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
