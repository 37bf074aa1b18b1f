import type { Migration } from '../platform/migrate.ts';

/** Endpoints, and every version that was put into service on them. */
export const endpoints: Migration = {
  id: 6,
  name: 'endpoints',
  up(db) {
    db.exec(`
      CREATE TABLE endpoints (
        name TEXT PRIMARY KEY,
        model TEXT NOT NULL,
        alias TEXT NOT NULL,
        -- What a person wants; whether it answers is the gateway's to say.
        desired TEXT NOT NULL CHECK (desired IN ('running', 'stopped')),
        -- The version that was last put into service.
        version INTEGER NOT NULL CHECK (version > 0),
        store_inputs INTEGER NOT NULL CHECK (store_inputs IN (0, 1)),
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX endpoints_by_alias ON endpoints (model, alias);

      CREATE TABLE deployments (
        id INTEGER PRIMARY KEY,
        endpoint TEXT NOT NULL REFERENCES endpoints (name),
        model TEXT NOT NULL,
        version INTEGER NOT NULL CHECK (version > 0),
        sha256 TEXT NOT NULL,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT NOT NULL
      ) STRICT;
      CREATE INDEX deployments_by_endpoint ON deployments (endpoint, id);
      CREATE TRIGGER deployments_immutable BEFORE UPDATE ON deployments
        BEGIN SELECT RAISE(ABORT, 'what was deployed stays as it was'); END;
    `);
  },
};
