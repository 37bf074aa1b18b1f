import type { Migration } from '../platform/migrate.ts';

/** Other files of a registered version: the model in 8-bit integers, with what that changed on the version's test rows. */
export const modelVariants: Migration = {
  id: 12,
  name: 'model-variants',
  up(db) {
    db.exec(`
      CREATE TABLE model_variants (
        model_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('dynamic', 'static')),
        report TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        PRIMARY KEY (model_id, version, sha256),
        FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER model_variants_immutable BEFORE UPDATE ON model_variants
        BEGIN SELECT RAISE(ABORT, 'a variant of a version never changes'); END;
      CREATE TRIGGER model_variants_kept BEFORE DELETE ON model_variants
        BEGIN SELECT RAISE(ABORT, 'a variant of a version is never deleted'); END;
    `);
  },
};
