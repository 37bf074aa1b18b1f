import type { Migration } from '../platform/migrate.ts';

/** Registered models, their versions (content in blobs), aliases and every move of an alias. */
export const models: Migration = {
  id: 5,
  name: 'models',
  up(db) {
    db.exec(`
      CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;

      CREATE TABLE model_versions (
        model_id INTEGER NOT NULL REFERENCES models (id),
        version INTEGER NOT NULL CHECK (version > 0),
        run_id TEXT NOT NULL,
        candidate_id TEXT NOT NULL,
        learner TEXT NOT NULL,
        dataset TEXT NOT NULL,
        dataset_version INTEGER NOT NULL,
        label_set TEXT,
        label_version INTEGER,
        signature TEXT NOT NULL,
        test TEXT NOT NULL,
        primary_metric TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        reference_sha256 TEXT,
        card TEXT NOT NULL,
        importance TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        PRIMARY KEY (model_id, version),
        UNIQUE (model_id, candidate_id)
      ) STRICT;
      CREATE INDEX model_versions_by_run ON model_versions (run_id);
      CREATE INDEX model_versions_by_dataset ON model_versions (dataset, dataset_version);
      -- What a version is never changes; only its description may.
      CREATE TRIGGER model_versions_immutable BEFORE UPDATE OF
        model_id, version, run_id, candidate_id, learner, dataset, dataset_version, label_set, label_version, signature, test,
        primary_metric, sha256, size_bytes, reference_sha256, card, importance, created_at, created_by ON model_versions
        BEGIN SELECT RAISE(ABORT, 'a registered version never changes'); END;
      CREATE TRIGGER model_versions_kept BEFORE DELETE ON model_versions
        BEGIN SELECT RAISE(ABORT, 'a registered version is never deleted'); END;

      CREATE TABLE model_aliases (
        model_id INTEGER NOT NULL,
        alias TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (model_id, alias),
        FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE alias_history (
        id INTEGER PRIMARY KEY,
        model_id INTEGER NOT NULL REFERENCES models (id),
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        alias TEXT NOT NULL,
        version_before INTEGER,
        version_after INTEGER,
        reason TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alias_history_by_model ON alias_history (model_id, id);
      CREATE TRIGGER alias_history_immutable BEFORE UPDATE ON alias_history
        BEGIN SELECT RAISE(ABORT, 'alias history never changes'); END;
    `);
  },
};
