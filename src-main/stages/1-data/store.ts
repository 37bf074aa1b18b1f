// All SQL of the data stage. Writing functions are called inside a transaction by the service.
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import type { Database } from '../../platform/sqlite.ts';
import type { ImportWarning } from './operations.ts';

/** A version with what only the core needs to know. */
export interface StoredVersion extends DatasetVersion {
  profileSha256: string;
  warnings: ImportWarning[];
}

interface VersionRow {
  dataset: string;
  version: number;
  kind: DatasetVersion['kind'];
  columns: string;
  rows: number;
  size_bytes: number;
  sha256: string;
  profile_sha256: string;
  source: string;
  warnings: string;
  created_at: number;
  created_by: string;
}

const selectVersion = `SELECT d.name AS dataset, v.version, v.kind, v.columns, v.rows, v.size_bytes, v.sha256, v.profile_sha256, v.source, v.warnings, v.created_at, v.created_by
  FROM datasets AS d JOIN dataset_versions AS v ON v.dataset_id = d.id`;

/** What a screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  newest: `${selectVersion} WHERE d.name = ? ORDER BY v.version DESC LIMIT 1`,
  one: `${selectVersion} WHERE d.name = ? AND v.version = ?`,
  all: `${selectVersion} WHERE d.name = ? ORDER BY v.version DESC`,
} as const;

export class DataStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  newest(name: string): StoredVersion | undefined {
    return this.#one(screenQueries.newest, name);
  }

  version(name: string, version: number): StoredVersion | undefined {
    return this.#one(screenQueries.one, name, version);
  }

  /** Newest first. */
  versions(name: string): StoredVersion[] {
    return this.#db.prepare<[string], VersionRow>(screenQueries.all).all(name).map(fromRow);
  }

  /** The newest version of each dataset and how many there are, by name. */
  list(): { newest: StoredVersion; versions: number }[] {
    const names = this.#db.prepare<[], { name: string; versions: number }>(
      'SELECT d.name, (SELECT count(*) FROM dataset_versions AS v WHERE v.dataset_id = d.id) AS versions FROM datasets AS d ORDER BY d.name',
    );
    return names.all().map(({ name, versions }) => ({ newest: this.newest(name)!, versions }));
  }

  /** The version with this content, if the dataset has one. */
  withContent(name: string, sha256: string, columns: DatasetVersion['columns']): StoredVersion | undefined {
    return this.#one(`${selectVersion} WHERE d.name = ? AND v.sha256 = ? AND v.columns = ?`, name, sha256, JSON.stringify(columns));
  }

  /** Adds the next version, and the dataset with its first one; gives its number. */
  insert(version: Omit<StoredVersion, 'version'>): number {
    this.#db
      .prepare('INSERT INTO datasets (name, created_at, created_by) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING')
      .run(version.dataset, version.createdAt, version.createdBy);
    return this.#db
      .prepare<unknown[], number>(
        `INSERT INTO dataset_versions (dataset_id, version, kind, columns, rows, size_bytes, sha256, profile_sha256, source, warnings, created_at, created_by)
         SELECT d.id, 1 + coalesce((SELECT max(v.version) FROM dataset_versions AS v WHERE v.dataset_id = d.id), 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
         FROM datasets AS d WHERE d.name = ? RETURNING version`,
      )
      .pluck()
      .get(
        version.kind,
        JSON.stringify(version.columns),
        version.rows,
        version.sizeBytes,
        version.sha256,
        version.profileSha256,
        JSON.stringify(version.source),
        JSON.stringify(version.warnings),
        version.createdAt,
        version.createdBy,
        version.dataset,
      )!;
  }

  #one(sql: string, ...values: unknown[]): StoredVersion | undefined {
    const row = this.#db.prepare<unknown[], VersionRow>(sql).get(...values);
    return row && fromRow(row);
  }
}

function fromRow(row: VersionRow): StoredVersion {
  return {
    dataset: row.dataset,
    version: row.version,
    kind: row.kind,
    columns: JSON.parse(row.columns) as DatasetVersion['columns'],
    rows: row.rows,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    profileSha256: row.profile_sha256,
    source: JSON.parse(row.source) as DatasetVersion['source'],
    warnings: JSON.parse(row.warnings) as ImportWarning[],
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
