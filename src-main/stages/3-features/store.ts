// All SQL of the feature stage.
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Database } from '../../platform/sqlite.ts';

export interface SpecRow {
  name: string;
  version: number;
  spec: FeatureSpec;
  sha256: string;
  createdAt: number;
  createdBy: string;
  /** Runs that used exactly this spec. */
  usedBy: number;
}

/** What the screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  newest: `SELECT s.*, (SELECT COUNT(*) FROM runs WHERE spec_sha256 = s.sha256) AS used_by FROM feature_specs AS s
    WHERE version = (SELECT MAX(version) FROM feature_specs WHERE name = s.name) ORDER BY name`,
  one: `SELECT s.*, (SELECT COUNT(*) FROM runs WHERE spec_sha256 = s.sha256) AS used_by FROM feature_specs AS s
    WHERE name = ? AND version = ?`,
  versions: 'SELECT version FROM feature_specs WHERE name = ? ORDER BY version',
} as const;

interface StoredRow {
  name: string;
  version: number;
  spec: string;
  sha256: string;
  created_at: number;
  created_by: string;
  used_by: number;
}

export class FeatureStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  newest(): SpecRow[] {
    return this.#db.prepare<[], StoredRow>(screenQueries.newest).all().map(present);
  }

  one(name: string, version: number): SpecRow | undefined {
    const row = this.#db.prepare<[string, number], StoredRow>(screenQueries.one).get(name, version);
    return row && present(row);
  }

  versions(name: string): number[] {
    return this.#db
      .prepare<[string], { version: number }>(screenQueries.versions)
      .all(name)
      .map((row) => row.version);
  }

  insert({ name, version, spec, sha256, createdAt, createdBy }: Omit<SpecRow, 'usedBy'>): void {
    this.#db
      .prepare('INSERT INTO feature_specs (name, version, spec, sha256, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?)')
      .run(name, version, JSON.stringify(spec), sha256, createdAt, createdBy);
  }
}

function present(row: StoredRow): SpecRow {
  return {
    name: row.name,
    version: row.version,
    spec: JSON.parse(row.spec) as FeatureSpec,
    sha256: row.sha256,
    createdAt: row.created_at,
    createdBy: row.created_by,
    usedBy: row.used_by,
  };
}
