import type { Migration } from '../platform/migrate.ts';

/** Datasets and their versions. */
export const datasets: Migration = {
  id: 2,
  name: 'datasets',
  up(db) {
    db.exec(`
      CREATE TABLE datasets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;
      -- A version never changes. The same content twice is the same version, so the hash is unique within its dataset.
      CREATE TABLE dataset_versions (
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        version INTEGER NOT NULL CHECK (version > 0),
        kind TEXT NOT NULL CHECK (kind IN ('table', 'images', 'texts')),
        columns TEXT NOT NULL,
        rows INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        profile_sha256 TEXT NOT NULL,
        source TEXT NOT NULL,
        warnings TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        PRIMARY KEY (dataset_id, version)
      ) STRICT, WITHOUT ROWID;
      -- Other types over the same bytes are another version: the types are part of the content.
      CREATE UNIQUE INDEX dataset_versions_content ON dataset_versions (dataset_id, sha256, columns);
    `);
  },
};
