import type { Migration } from '../platform/migrate.ts';

/** What the test rows say about a candidate's model, made when first asked for: a blob of JSON, of one model file and one format. */
export const evaluations: Migration = {
  id: 11,
  name: 'evaluations',
  up(db) {
    db.exec(`
      CREATE TABLE evaluations (
        candidate_id TEXT PRIMARY KEY REFERENCES candidates (id),
        model_sha256 TEXT NOT NULL,
        format INTEGER NOT NULL,
        sha256 TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      -- Of models of trees alone: what exact reasons need and the ONNX file does not hold.
      CREATE TABLE kept_trees (
        candidate_id TEXT PRIMARY KEY REFERENCES candidates (id),
        sha256 TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
