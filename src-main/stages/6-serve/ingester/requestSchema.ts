// Tables of requests.sqlite: what endpoints were asked and answered. Written by the ingester only.
import type { Migration } from '../../../platform/migrate.ts';

export const requestMigrations: readonly Migration[] = [
  {
    id: 1,
    name: 'requests',
    up(db) {
      db.exec(`
        CREATE TABLE requests (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          at INTEGER NOT NULL,
          endpoint TEXT NOT NULL,
          model TEXT NOT NULL,
          version INTEGER,
          protocol TEXT NOT NULL CHECK (protocol IN ('named', 'v2')),
          rows INTEGER NOT NULL,
          status INTEGER NOT NULL,
          latency_ms REAL NOT NULL,
          error_code TEXT,
          error TEXT,
          prediction TEXT,
          warnings INTEGER NOT NULL,
          -- JSON, {"rows": […]} or {"inputs": […]}; null when it was not to be stored.
          input TEXT,
          output TEXT,
          omitted TEXT CHECK (omitted IN ('setting', 'tooLarge', 'diskLow'))
        ) STRICT;
        CREATE INDEX requests_by_time ON requests (at, seq);
        CREATE INDEX requests_by_endpoint ON requests (endpoint, at, seq);
        CREATE INDEX requests_failed ON requests (endpoint, at, seq) WHERE status >= 400;
        CREATE INDEX requests_failed_by_time ON requests (at, seq) WHERE status >= 400;
        -- The newest answers, for the monitor.
        CREATE INDEX requests_answered ON requests (endpoint, seq) WHERE status < 400;

        -- Every substring of three characters and more, in any script. rowid is requests.seq.
        CREATE VIRTUAL TABLE request_text USING fts5 (text, tokenize = 'trigram');

        -- Sums per minute outlive the requests themselves. latencies: JSON {bucket: count}, see latencyBuckets.ts.
        CREATE TABLE traffic (
          endpoint TEXT NOT NULL,
          minute INTEGER NOT NULL,
          requests INTEGER NOT NULL,
          errors INTEGER NOT NULL,
          latencies TEXT NOT NULL,
          PRIMARY KEY (endpoint, minute)
        ) STRICT, WITHOUT ROWID;

        -- For endpoints that do not store inputs: how many values fell into each bin of the reference, per minute and version.
        CREATE TABLE column_counts (
          endpoint TEXT NOT NULL,
          version INTEGER NOT NULL,
          minute INTEGER NOT NULL,
          rows INTEGER NOT NULL,
          counts TEXT NOT NULL,
          PRIMARY KEY (endpoint, version, minute)
        ) STRICT, WITHOUT ROWID;

        -- What really happened. Newest requests first is what the monitor asks for.
        CREATE TABLE truth (
          endpoint TEXT NOT NULL,
          seq INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
          row INTEGER NOT NULL CHECK (row >= 0),
          truth TEXT NOT NULL,
          at INTEGER NOT NULL,
          PRIMARY KEY (endpoint, seq, row)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX truth_by_request ON truth (seq);

        -- How far each segment of the journal has been read: in the same transaction as its records.
        CREATE TABLE segments (
          name TEXT PRIMARY KEY,
          read_bytes INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE counters (
          name TEXT PRIMARY KEY,
          value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
      `);
    },
  },
];
