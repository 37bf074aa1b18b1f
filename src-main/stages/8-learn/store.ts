// All SQL of the learn stage. Writing functions are called inside a transaction by the service.
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Cycle } from '../../../src-shared/rpc/learn.ts';
import type { Database } from '../../platform/sqlite.ts';

/** What a cycle was asked to do; kept for a second attempt after a kill. */
export interface CycleRequest {
  dataset: VersionRef | null;
  withRequests: boolean;
  timeBudgetMs: number | null;
  seed: number | null;
}

export interface StoredCycle extends Cycle {
  request: CycleRequest;
}

export type CycleChange = Partial<
  Pick<Cycle, 'dataset' | 'challenger' | 'runId' | 'state' | 'requestsAdded' | 'comparison' | 'gates' | 'decision' | 'error' | 'finishedAt'>
>;

interface CycleRow {
  number: number;
  id: string;
  model: string;
  endpoint: string | null;
  trigger: string;
  request: string;
  dataset: string | null;
  champion_version: number;
  challenger_version: number | null;
  job_id: string;
  run_id: string | null;
  state: Cycle['state'];
  requests_added: number;
  comparison: string | null;
  gates: string | null;
  decision: string | null;
  error: string | null;
  started_at: number;
  finished_at: number | null;
}

const unfinished = "('preparing', 'training', 'comparing')";

/** What a screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  one: 'SELECT * FROM cycles WHERE id = ?',
  ofModel: 'SELECT * FROM cycles WHERE model = ? ORDER BY number DESC',
  inState: 'SELECT * FROM cycles WHERE state = ? ORDER BY number DESC',
} as const;

export class CycleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(cycle: Pick<StoredCycle, 'id' | 'model' | 'endpoint' | 'trigger' | 'request' | 'champion' | 'jobId' | 'startedAt'>): number {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO cycles (id, model, endpoint, trigger, request, champion_version, job_id, state, started_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'preparing', ?)`,
      )
      .run(
        cycle.id,
        cycle.model,
        cycle.endpoint,
        JSON.stringify(cycle.trigger),
        JSON.stringify(cycle.request),
        cycle.champion.version,
        cycle.jobId,
        cycle.startedAt,
      );
    return Number(lastInsertRowid);
  }

  one(id: string): StoredCycle | undefined {
    const row = this.#db.prepare<[string], CycleRow>(screenQueries.one).get(id);
    return row && decode(row);
  }

  /** Newest first. */
  ofModel(model: string): StoredCycle[] {
    return this.#db.prepare<[string], CycleRow>(screenQueries.ofModel).all(model).map(decode);
  }

  /** Newest first. */
  all(): StoredCycle[] {
    return this.#db.prepare<[], CycleRow>('SELECT * FROM cycles ORDER BY number DESC').all().map(decode);
  }

  inState(state: Cycle['state']): StoredCycle[] {
    return this.#db.prepare<[string], CycleRow>(screenQueries.inState).all(state).map(decode);
  }

  unfinishedOf(model: string): StoredCycle | undefined {
    const row = this.#db
      .prepare<[string], CycleRow>(`SELECT * FROM cycles WHERE model = ? AND state IN ${unfinished} ORDER BY number DESC LIMIT 1`)
      .get(model);
    return row && decode(row);
  }

  count(): { cycles: number; proposals: number } {
    const counts = this.#db.prepare<[], { state: string; n: number }>('SELECT state, COUNT(*) AS n FROM cycles GROUP BY state').all();
    return {
      cycles: counts.reduce((sum, one) => sum + one.n, 0),
      proposals: counts.find((one) => one.state === 'proposed')?.n ?? 0,
    };
  }

  change(id: string, change: CycleChange): void {
    const columns: Record<string, string | number | null> = {};
    const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));
    if ('dataset' in change) columns.dataset = json(change.dataset);
    if ('challenger' in change) columns.challenger_version = change.challenger?.version ?? null;
    if (change.runId !== undefined) columns.run_id = change.runId;
    if (change.state) columns.state = change.state;
    if (change.requestsAdded !== undefined) columns.requests_added = change.requestsAdded;
    if ('comparison' in change) columns.comparison = json(change.comparison);
    if ('gates' in change) columns.gates = json(change.gates);
    if ('decision' in change) columns.decision = json(change.decision);
    if ('error' in change) columns.error = json(change.error);
    if ('finishedAt' in change) columns.finished_at = change.finishedAt ?? null;
    const names = Object.keys(columns);
    if (names.length === 0) return;
    this.#db.prepare(`UPDATE cycles SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`).run({ ...columns, id });
  }
}

function decode(row: CycleRow): StoredCycle {
  const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
  return {
    id: row.id,
    number: row.number,
    model: row.model,
    endpoint: row.endpoint,
    trigger: JSON.parse(row.trigger) as Cycle['trigger'],
    request: JSON.parse(row.request) as CycleRequest,
    dataset: parse(row.dataset),
    champion: { name: row.model, version: row.champion_version },
    challenger: row.challenger_version === null ? null : { name: row.model, version: row.challenger_version },
    jobId: row.job_id,
    runId: row.run_id,
    state: row.state,
    requestsAdded: row.requests_added,
    comparison: parse(row.comparison),
    gates: parse<Cycle['gates']>(row.gates) ?? [],
    decision: parse(row.decision),
    error: parse(row.error),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
