import type { Migration } from '../platform/migrate.ts';

/** Label sets, the present label of each decided row, every change ever made, and frozen versions (content in blobs). */
export const labels: Migration = {
  id: 3,
  name: 'labels',
  up(db) {
    db.exec(`
      CREATE TABLE label_sets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        dataset TEXT NOT NULL,
        dataset_version INTEGER NOT NULL,
        dataset_rows INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('table', 'text', 'image')),
        item_column TEXT,
        suggest_from TEXT,
        guideline TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;

      CREATE TABLE label_classes (
        set_id INTEGER NOT NULL REFERENCES label_sets (id),
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (set_id, position),
        UNIQUE (set_id, name),
        UNIQUE (set_id, key)
      ) STRICT, WITHOUT ROWID;

      -- Only decided rows: labelled (class) or skipped. An open row has no entry, so a set over a million rows starts empty.
      CREATE TABLE labels (
        set_id INTEGER NOT NULL REFERENCES label_sets (id),
        row INTEGER NOT NULL CHECK (row >= 0),
        class TEXT,
        skipped INTEGER NOT NULL CHECK (skipped IN (0, 1)),
        author TEXT NOT NULL,
        at INTEGER NOT NULL,
        took_ms REAL,
        PRIMARY KEY (set_id, row),
        CHECK ((class IS NULL) = (skipped = 1))
      ) STRICT, WITHOUT ROWID;
      -- Counts per class and the lists "labelled" and "skipped" are answered from this index alone.
      CREATE INDEX labels_by_state ON labels (set_id, skipped, class, row);
      CREATE INDEX labels_by_skipped_row ON labels (set_id, skipped, row);

      -- A note belongs to the item, not to its label: it stays when a label is taken back.
      CREATE TABLE label_notes (
        set_id INTEGER NOT NULL REFERENCES label_sets (id),
        row INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (set_id, row)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE label_history (
        id INTEGER PRIMARY KEY,
        set_id INTEGER NOT NULL REFERENCES label_sets (id),
        row INTEGER NOT NULL,
        class_before TEXT,
        skipped_before INTEGER NOT NULL,
        class_after TEXT,
        skipped_after INTEGER NOT NULL,
        note TEXT NOT NULL,
        author TEXT NOT NULL,
        at INTEGER NOT NULL,
        took_ms REAL
      ) STRICT;
      CREATE INDEX label_history_by_row ON label_history (set_id, row, id);

      CREATE TABLE label_versions (
        set_id INTEGER NOT NULL REFERENCES label_sets (id),
        version INTEGER NOT NULL CHECK (version > 0),
        labels INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        PRIMARY KEY (set_id, version)
      ) STRICT, WITHOUT ROWID;
      -- What was frozen stays as it was.
      CREATE TRIGGER label_versions_immutable BEFORE UPDATE ON label_versions
        BEGIN SELECT RAISE(ABORT, 'a frozen label version never changes'); END;
      CREATE TRIGGER label_history_immutable BEFORE UPDATE ON label_history
        BEGIN SELECT RAISE(ABORT, 'label history never changes'); END;
    `);
  },
};
