// All SQL of the registry. Writing functions are called inside a transaction by the service.
import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import type { ModelVariant, QuantizationReport } from '../../../src-shared/domain/modelVariant.ts';
import type { Metrics } from '../../../src-shared/domain/training.ts';
import type { ModelVersion } from '../../../src-shared/rpc/registry.ts';
import type { Database } from '../../platform/sqlite.ts';
import type { CardLine } from './card.ts';
import type { ColumnImportance } from './candidates.ts';

export interface ModelRow {
  id: number;
  name: string;
  created_at: number;
}

interface VersionRow {
  model: string;
  version: number;
  run_id: string;
  candidate_id: string;
  learner: ModelVersion['learner'];
  dataset: string;
  dataset_version: number;
  label_set: string | null;
  label_version: number | null;
  signature: string;
  test: string;
  primary_metric: ModelVersion['primaryMetric'];
  sha256: string;
  size_bytes: number;
  reference_sha256: string | null;
  card: string;
  importance: string;
  description: string;
  created_at: number;
  created_by: string;
}

/** A version with what only the registry needs. */
export interface StoredVersion extends ModelVersion {
  labels: { name: string; version: number } | null;
  referenceSha256: string | null;
  card: CardLine[];
  importance: ColumnImportance[];
}

export interface AliasMove {
  at: number;
  actor: string;
  alias: string;
  from: number | null;
  to: number | null;
  reason: string;
}

const versionColumns = `m.name AS model, v.version, v.run_id, v.candidate_id, v.learner, v.dataset, v.dataset_version, v.label_set,
  v.label_version, v.signature, v.test, v.primary_metric, v.sha256, v.size_bytes, v.reference_sha256, v.card, v.importance, v.description,
  v.created_at, v.created_by`;
const versionsFrom = 'FROM model_versions AS v JOIN models AS m ON m.id = v.model_id';

/** What a screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  model: 'SELECT id, name, created_at FROM models WHERE name = ?',
  newest: `SELECT ${versionColumns} ${versionsFrom} WHERE v.model_id = ? ORDER BY v.version DESC LIMIT 1`,
  one: `SELECT ${versionColumns} ${versionsFrom} WHERE v.model_id = ? AND v.version = ?`,
  all: `SELECT ${versionColumns} ${versionsFrom} WHERE v.model_id = ? ORDER BY v.version DESC`,
  ofRun: `SELECT ${versionColumns} ${versionsFrom} WHERE v.run_id = ?`,
  ofDataset: `SELECT ${versionColumns} ${versionsFrom} WHERE v.dataset = ? AND v.dataset_version = ?`,
  aliases: 'SELECT alias, version FROM model_aliases WHERE model_id = ? ORDER BY alias',
  history: `SELECT at, actor, alias, version_before AS "from", version_after AS "to", reason FROM alias_history
    WHERE model_id = ? ORDER BY id DESC`,
  variants: 'SELECT sha256, report, created_at, created_by FROM model_variants WHERE model_id = ? AND version = ?',
} as const;

export class RegistryStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  model(name: string): ModelRow | undefined {
    return this.#db.prepare<[string], ModelRow>(screenQueries.model).get(name);
  }

  models(): ModelRow[] {
    return this.#db.prepare<[], ModelRow>('SELECT id, name, created_at FROM models ORDER BY name').all();
  }

  insertModel(name: string, at: number, actor: string): ModelRow {
    const { lastInsertRowid } = this.#db.prepare('INSERT INTO models (name, created_at, created_by) VALUES (?, ?, ?)').run(name, at, actor);
    return { id: Number(lastInsertRowid), name, created_at: at };
  }

  /** Without aliases: `withAliases` adds them. */
  version(modelId: number, version: number): StoredVersion | undefined {
    const row = this.#db.prepare<[number, number], VersionRow>(screenQueries.one).get(modelId, version);
    return row && this.#read(row, modelId);
  }

  newest(modelId: number): StoredVersion | undefined {
    const row = this.#db.prepare<[number], VersionRow>(screenQueries.newest).get(modelId);
    return row && this.#read(row, modelId);
  }

  /** Newest first. */
  versions(modelId: number): StoredVersion[] {
    const aliases = this.aliases(modelId);
    return this.#db
      .prepare<[number], VersionRow>(screenQueries.all)
      .all(modelId)
      .map((row) => decode(row, aliases));
  }

  versionsOfRun(runId: string): StoredVersion[] {
    return this.#db
      .prepare<[string], VersionRow>(screenQueries.ofRun)
      .all(runId)
      .map((row) => this.#readNamed(row));
  }

  versionsOfDataset(dataset: string, version: number): StoredVersion[] {
    return this.#db
      .prepare<[string, number], VersionRow>(screenQueries.ofDataset)
      .all(dataset, version)
      .map((row) => this.#readNamed(row));
  }

  versionOfCandidate(modelId: number, candidateId: string): number | undefined {
    return this.#db
      .prepare<[number, string], number>('SELECT version FROM model_versions WHERE model_id = ? AND candidate_id = ?')
      .pluck()
      .get(modelId, candidateId);
  }

  countVersions(modelId: number): number {
    return this.#db.prepare<[number], number>('SELECT COUNT(*) FROM model_versions WHERE model_id = ?').pluck().get(modelId)!;
  }

  countModels(): number {
    return this.#db.prepare<[], number>('SELECT COUNT(*) FROM models').pluck().get()!;
  }

  insertVersion(modelId: number, version: Omit<StoredVersion, 'aliases'>): void {
    this.#db
      .prepare(
        `INSERT INTO model_versions (model_id, version, run_id, candidate_id, learner, dataset, dataset_version, label_set, label_version,
           signature, test, primary_metric, sha256, size_bytes, reference_sha256, card, importance, description, created_at, created_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        modelId,
        version.version,
        version.runId,
        version.candidateId,
        version.learner,
        version.dataset.name,
        version.dataset.version,
        version.labels?.name ?? null,
        version.labels?.version ?? null,
        JSON.stringify(version.signature),
        JSON.stringify(version.test),
        version.primaryMetric,
        version.sha256,
        version.sizeBytes,
        version.referenceSha256,
        JSON.stringify(version.card),
        JSON.stringify(version.importance),
        version.description,
        version.createdAt,
        version.createdBy,
      );
  }

  describe(modelId: number, version: number, description: string): void {
    this.#db.prepare('UPDATE model_versions SET description = ? WHERE model_id = ? AND version = ?').run(description, modelId, version);
  }

  aliases(modelId: number): { alias: string; version: number }[] {
    return this.#db.prepare<[number], { alias: string; version: number }>(screenQueries.aliases).all(modelId);
  }

  /** `to` null removes the alias. Writes the history line too. */
  moveAlias(modelId: number, move: AliasMove): void {
    if (move.to === null) this.#db.prepare('DELETE FROM model_aliases WHERE model_id = ? AND alias = ?').run(modelId, move.alias);
    else
      this.#db
        .prepare(
          'INSERT INTO model_aliases (model_id, alias, version) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
        )
        .run(modelId, move.alias, move.to);
    this.#db
      .prepare('INSERT INTO alias_history (model_id, at, actor, alias, version_before, version_after, reason) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(modelId, move.at, move.actor, move.alias, move.from, move.to, move.reason);
  }

  /** Oldest first. */
  variants(modelId: number, version: number): ModelVariant[] {
    return this.#db
      .prepare<[number, number], { sha256: string; report: string; created_at: number; created_by: string }>(screenQueries.variants)
      .all(modelId, version)
      .map(({ sha256, report, created_at: createdAt, created_by: createdBy }) => ({
        ...(JSON.parse(report) as QuantizationReport),
        sha256,
        createdAt,
        createdBy,
      }))
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  insertVariant(modelId: number, version: number, { sha256, createdAt, createdBy, ...report }: ModelVariant): void {
    this.#db
      .prepare('INSERT INTO model_variants (model_id, version, sha256, kind, report, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(modelId, version, sha256, report.kind, JSON.stringify(report), createdAt, createdBy);
  }

  /** Newest first. */
  history(modelId: number): AliasMove[] {
    return this.#db.prepare<[number], AliasMove>(screenQueries.history).all(modelId);
  }

  #read(row: VersionRow, modelId: number): StoredVersion {
    return decode(row, this.aliases(modelId));
  }

  #readNamed(row: VersionRow): StoredVersion {
    return this.#read(row, this.model(row.model)!.id);
  }
}

function decode(row: VersionRow, aliases: { alias: string; version: number }[]): StoredVersion {
  return {
    model: row.model,
    version: row.version,
    aliases: aliases.filter((one) => one.version === row.version).map((one) => one.alias),
    runId: row.run_id,
    candidateId: row.candidate_id,
    learner: row.learner,
    dataset: { name: row.dataset, version: row.dataset_version },
    labels: row.label_set === null ? null : { name: row.label_set, version: row.label_version! },
    signature: JSON.parse(row.signature) as ModelSignature,
    test: JSON.parse(row.test) as Metrics,
    primaryMetric: row.primary_metric,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    referenceSha256: row.reference_sha256,
    card: JSON.parse(row.card) as CardLine[],
    importance: JSON.parse(row.importance) as ColumnImportance[],
    description: row.description,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
