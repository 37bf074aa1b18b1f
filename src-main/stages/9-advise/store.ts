// All SQL of the advice stage. Writing functions are called inside a transaction by the service.
import type { z } from 'zod';
import type { Advice, MetricDefinition, metricPoint, metricReport } from '../../../src-shared/rpc/advise.ts';
import type { Database } from '../../platform/sqlite.ts';

export type MetricPoint = z.infer<typeof metricPoint>;
export type Method = z.infer<typeof metricReport>['method'];

export interface Analysis {
  datasetVersion: number;
  points: MetricPoint[];
  method: Method;
  at: number;
}

/** What the list of metrics shows; the points stay unread. */
export interface MetricSummary {
  id: number;
  definition: MetricDefinition;
  latest: MetricPoint | null;
  spark: (number | null)[];
  openAdvice: number;
  /** Version of the dataset of the newest analysis. */
  analysedVersion: number | null;
}

interface AdviceRow {
  id: string;
  content: string;
  state: Advice['state'];
  decided_by: string | null;
  decided_at: number | null;
  note: string | null;
  at: number;
}

/** Periods of the small picture in a list. */
const sparkPeriods = 30;

/** What a screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  open: "SELECT id, content, state, decided_by, decided_at, note, at FROM advice WHERE state = 'open' ORDER BY at DESC",
  ofMetric: 'SELECT id, content, state, decided_by, decided_at, note, at FROM advice WHERE metric_id = ? ORDER BY period_from DESC',
  one: 'SELECT id, content, state, decided_by, decided_at, note, at FROM advice WHERE id = ?',
  openOfMetric: "SELECT COUNT(*) FROM advice WHERE metric_id = ? AND state = 'open'",
  analysis: 'SELECT dataset_version AS datasetVersion, points, method, analysed_at AS at FROM metrics WHERE name = ?',
} as const;

export class AdviceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  metric(name: string): { id: number; definition: MetricDefinition } | undefined {
    const row = this.#db
      .prepare<[string], { id: number; definition: string }>('SELECT id, definition FROM metrics WHERE name = ?')
      .get(name);
    return row && { id: row.id, definition: JSON.parse(row.definition) as MetricDefinition };
  }

  metrics(): MetricSummary[] {
    const open = this.#db.prepare<[number], number>(screenQueries.openOfMetric).pluck();
    return this.#db
      .prepare<[], { id: number; definition: string; latest: string | null; spark: string | null; analysedVersion: number | null }>(
        'SELECT id, definition, latest, spark, dataset_version AS analysedVersion FROM metrics ORDER BY name',
      )
      .all()
      .map(({ id, definition, latest, spark, analysedVersion }) => ({
        id,
        definition: JSON.parse(definition) as MetricDefinition,
        latest: latest === null ? null : (JSON.parse(latest) as MetricPoint),
        spark: spark === null ? [] : (JSON.parse(spark) as (number | null)[]),
        openAdvice: open.get(id) ?? 0,
        analysedVersion,
      }));
  }

  countMetrics(): number {
    return this.#db.prepare<[], number>('SELECT COUNT(*) FROM metrics').pluck().get()!;
  }

  countOpen(): number {
    return this.#db.prepare<[], number>("SELECT COUNT(*) FROM advice WHERE state = 'open'").pluck().get()!;
  }

  metricsOfDataset(dataset: string): string[] {
    return this.metrics()
      .filter(({ definition }) => definition.dataset === dataset)
      .map(({ definition }) => definition.name);
  }

  insertMetric(definition: MetricDefinition, at: number, actor: string): void {
    this.#db
      .prepare('INSERT INTO metrics (name, definition, created_at, created_by) VALUES (?, ?, ?, ?)')
      .run(definition.name, JSON.stringify(definition), at, actor);
  }

  /** A changed definition makes the old analysis worthless. */
  replaceMetric(id: number, definition: MetricDefinition): void {
    this.#db
      .prepare(
        `UPDATE metrics SET definition = ?, dataset_version = NULL, points = NULL, method = NULL, latest = NULL, spark = NULL,
           analysed_at = NULL WHERE id = ?`,
      )
      .run(JSON.stringify(definition), id);
    this.#db.prepare("DELETE FROM advice WHERE metric_id = ? AND state = 'open'").run(id);
  }

  removeMetric(id: number): void {
    this.#db.prepare('DELETE FROM metrics WHERE id = ?').run(id);
  }

  analysis(name: string): Analysis | null {
    const row = this.#db
      .prepare<[string], { datasetVersion: number | null; points: string; method: string; at: number }>(screenQueries.analysis)
      .get(name);
    if (!row || row.datasetVersion === null) return null;
    return {
      datasetVersion: row.datasetVersion,
      points: JSON.parse(row.points) as MetricPoint[],
      method: JSON.parse(row.method) as Method,
      at: row.at,
    };
  }

  saveAnalysis(id: number, { datasetVersion, points, method, at }: Analysis): void {
    this.#db
      .prepare('UPDATE metrics SET dataset_version = ?, points = ?, method = ?, latest = ?, spark = ?, analysed_at = ? WHERE id = ?')
      .run(
        datasetVersion,
        JSON.stringify(points),
        JSON.stringify(method),
        JSON.stringify(points.at(-1) ?? null),
        JSON.stringify(points.slice(-sparkPeriods).map((point) => point.value)),
        at,
        id,
      );
  }

  /** Open advice that overlaps the period is replaced: the newest analysis tells the story. What a person decided stays. */
  dropOpenOverlapping(metricId: number, from: number, to: number): void {
    this.#db
      .prepare("DELETE FROM advice WHERE metric_id = ? AND state = 'open' AND period_from <= ? AND period_to >= ?")
      .run(metricId, to, from);
  }

  /** Whether a person already decided about a period that overlaps. */
  isDecided(metricId: number, from: number, to: number): boolean {
    return (
      this.#db
        .prepare("SELECT 1 FROM advice WHERE metric_id = ? AND state <> 'open' AND period_from <= ? AND period_to >= ?")
        .get(metricId, to, from) !== undefined
    );
  }

  insertAdvice(metricId: number, advice: Advice): void {
    const { state: _state, decision: _decision, ...content } = advice;
    this.#db
      .prepare("INSERT INTO advice (id, metric_id, period_from, period_to, content, state, at) VALUES (?, ?, ?, ?, ?, 'open', ?)")
      .run(advice.id, metricId, advice.periodFrom, advice.periodTo, JSON.stringify(content), advice.at);
  }

  advice(id: string): Advice | undefined {
    const row = this.#db.prepare<[string], AdviceRow>(screenQueries.one).get(id);
    return row && decode(row);
  }

  adviceOf(metricId: number): Advice[] {
    return this.#db.prepare<[number], AdviceRow>(screenQueries.ofMetric).all(metricId).map(decode);
  }

  /** Newest first. */
  list(state: 'open' | 'all'): Advice[] {
    const sql =
      state === 'open' ? screenQueries.open : 'SELECT id, content, state, decided_by, decided_at, note, at FROM advice ORDER BY at DESC';
    return this.#db.prepare<[], AdviceRow>(sql).all().map(decode);
  }

  decide(id: string, state: 'taken' | 'dismissed', by: string, at: number, note: string): void {
    this.#db.prepare('UPDATE advice SET state = ?, decided_by = ?, decided_at = ?, note = ? WHERE id = ?').run(state, by, at, note, id);
  }
}

function decode(row: AdviceRow): Advice {
  return {
    ...(JSON.parse(row.content) as Omit<Advice, 'state' | 'decision'>),
    state: row.state,
    decision: row.decided_by === null ? null : { by: row.decided_by, at: row.decided_at!, note: row.note ?? '' },
  };
}
