// All SQL of the training stage. Reading functions take any handle; writing ones are called inside a transaction by the service.
import type { FeatureSpec, ModelSignature } from '../../../src-shared/domain/features.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Candidate, CandidateProgress, CurvePoint, Metrics, Run, TrainRequest } from '../../../src-shared/domain/training.ts';
import type { Database } from '../../platform/sqlite.ts';
import type { FinishedCandidate } from './worker/order.ts';

export interface StoredCandidate {
  candidate: Candidate;
  position: number;
  referenceSha256: string | null;
  importance: FinishedCandidate['importance'];
}

/** What a screen waits on; the query-plan test walks this list. */
export const screenQueries = {
  newest: 'SELECT * FROM runs ORDER BY number DESC LIMIT ?',
  newestOfDataset: 'SELECT * FROM runs WHERE dataset = ? ORDER BY number DESC LIMIT ?',
  ofVersion: 'SELECT * FROM runs WHERE dataset = ? AND dataset_version = ? ORDER BY number DESC',
  run: 'SELECT * FROM runs WHERE id = ?',
  candidates: 'SELECT * FROM candidates WHERE run_id = ? ORDER BY position',
  candidate: 'SELECT * FROM candidates WHERE id = ?',
} as const;

interface RunRow {
  number: number;
  id: string;
  job_id: string;
  dataset: string;
  dataset_version: number;
  request: string;
  spec: string | null;
  spec_sha256: string | null;
  signature: string | null;
  state: Run['state'];
  primary_metric: Run['primaryMetric'];
  rows: string | null;
  best_candidate_id: string | null;
  started_at: number;
  finished_at: number | null;
  created_by: string;
  findings: string;
}

interface CandidateRow {
  id: string;
  run_id: string;
  position: number;
  learner: Candidate['learner'];
  settings: string;
  state: Candidate['state'];
  validation: string;
  test: string;
  sha256: string | null;
  size_bytes: number | null;
  reference_sha256: string | null;
  importance: string;
  train_ms: number;
  predict_ms: number | null;
  parity: number | null;
  curve: string;
  progress: string | null;
}

export class TrainStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insertRun(id: string, jobId: string, request: TrainRequest, startedAt: number, createdBy: string): void {
    this.#db
      .prepare(
        `INSERT INTO runs (id, job_id, dataset, dataset_version, request, state, started_at, created_by, findings)
         VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, '[]')`,
      )
      .run(id, jobId, request.dataset.name, request.dataset.version, JSON.stringify(request), startedAt, createdBy);
  }

  run(id: string): Run | undefined {
    const row = this.#db.prepare<[string], RunRow>(screenQueries.run).get(id);
    return row && presentRun(row);
  }

  newest(dataset: string | undefined, limit: number): Run[] {
    const rows =
      dataset === undefined
        ? this.#db.prepare<[number], RunRow>(screenQueries.newest).all(limit)
        : this.#db.prepare<[string, number], RunRow>(screenQueries.newestOfDataset).all(dataset, limit);
    return rows.map(presentRun);
  }

  runsOf({ name, version }: VersionRef): Run[] {
    return this.#db.prepare<[string, number], RunRow>(screenQueries.ofVersion).all(name, version).map(presentRun);
  }

  /** Also a run that had ended: when the core dies between a run's end and its job's, the job comes again. */
  /** `request` with what was left open filled in. */
  begin(id: string, spec: FeatureSpec, specSha256: string, request: TrainRequest): void {
    this.#db
      .prepare(`UPDATE runs SET state = 'running', finished_at = NULL, spec = ?, spec_sha256 = ?, request = ? WHERE id = ?`)
      .run(JSON.stringify(spec), specSha256, JSON.stringify(request), id);
  }

  /** Back to the start. Candidates stay: a model may be registered from one, and training again gives each the same result. */
  reset(id: string): void {
    this.#db
      .prepare(`UPDATE runs SET state = 'waiting', findings = '[]', best_candidate_id = NULL, finished_at = NULL WHERE id = ?`)
      .run(id);
  }

  prepared(id: string, facts: Pick<Run, 'rows' | 'primaryMetric' | 'findings'> & { signature: ModelSignature }): void {
    this.#db
      .prepare('UPDATE runs SET rows = ?, primary_metric = ?, signature = ?, findings = ? WHERE id = ?')
      .run(JSON.stringify(facts.rows), facts.primaryMetric, JSON.stringify(facts.signature), JSON.stringify(facts.findings), id);
  }

  finish(id: string, state: Run['state'], finishedAt: number, best: string | null, findings: Run['findings']): void {
    this.#db
      .prepare('UPDATE runs SET state = ?, finished_at = ?, best_candidate_id = ?, findings = ? WHERE id = ?')
      .run(state, finishedAt, best, JSON.stringify(findings), id);
  }

  insertCandidate(
    candidate: Pick<Candidate, 'id' | 'runId' | 'learner' | 'settings'> & { position: number; progress?: CandidateProgress },
  ): void {
    const { id, runId, position, learner, settings, progress } = candidate;
    this.#db
      .prepare(
        `INSERT INTO candidates (id, run_id, position, learner, settings, state, validation, test, importance, train_ms, curve, progress)
         VALUES (?, ?, ?, ?, ?, 'waiting', '{}', '{}', '[]', 0, '[]', ?)`,
      )
      .run(id, runId, position, learner, JSON.stringify(settings), progress ? JSON.stringify(progress) : null);
  }

  candidates(runId: string): StoredCandidate[] {
    return this.#db.prepare<[string], CandidateRow>(screenQueries.candidates).all(runId).map(presentCandidate);
  }

  candidate(id: string): StoredCandidate | undefined {
    const row = this.#db.prepare<[string], CandidateRow>(screenQueries.candidate).get(id);
    return row && presentCandidate(row);
  }

  updateCandidate(id: string, news: Pick<Candidate, 'state' | 'settings' | 'validation' | 'trainMs' | 'curve' | 'progress'>): void {
    const { state, settings, validation, trainMs, curve, progress } = news;
    this.#db
      .prepare('UPDATE candidates SET state = ?, settings = ?, validation = ?, train_ms = ?, curve = ?, progress = ? WHERE id = ?')
      .run(
        state,
        JSON.stringify(settings),
        JSON.stringify(validation),
        trainMs,
        JSON.stringify(curve),
        progress ? JSON.stringify(progress) : null,
        id,
      );
  }

  setCandidateState(id: string, state: Candidate['state']): void {
    this.#db.prepare('UPDATE candidates SET state = ? WHERE id = ?').run(state, id);
  }

  /** Blob of the trees of a model of trees alone. */
  treesOf(candidateId: string): string | null {
    const row = this.#db.prepare<[string], { sha256: string }>('SELECT sha256 FROM kept_trees WHERE candidate_id = ?').get(candidateId);
    return row?.sha256 ?? null;
  }

  /** Blob of the evaluation of this very model, if there is one in this format. */
  evaluationOf(candidateId: string, modelSha256: string, format: number): string | null {
    const row = this.#db
      .prepare<[string, string, number], { sha256: string }>(
        'SELECT sha256 FROM evaluations WHERE candidate_id = ? AND model_sha256 = ? AND format = ?',
      )
      .get(candidateId, modelSha256, format);
    return row?.sha256 ?? null;
  }

  keepEvaluation(candidateId: string, modelSha256: string, format: number, sha256: string): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO evaluations (candidate_id, model_sha256, format, sha256) VALUES (?, ?, ?, ?)')
      .run(candidateId, modelSha256, format, sha256);
  }

  finishCandidate(
    id: string,
    result: {
      test: Metrics;
      sha256: string;
      sizeBytes: number;
      referenceSha256: string;
      treesSha256: string | null;
      importance: FinishedCandidate['importance'];
      predictMs: number;
      parity: number;
      members: CandidateProgress['members'];
    },
  ): void {
    const progress = this.candidate(id)?.candidate.progress;
    if (progress && result.members.length > 0)
      this.#db.prepare('UPDATE candidates SET progress = ? WHERE id = ?').run(JSON.stringify({ ...progress, members: result.members }), id);
    if (result.treesSha256 === null) this.#db.prepare('DELETE FROM kept_trees WHERE candidate_id = ?').run(id);
    else this.#db.prepare('INSERT OR REPLACE INTO kept_trees (candidate_id, sha256) VALUES (?, ?)').run(id, result.treesSha256);
    this.#db
      .prepare(
        `UPDATE candidates SET state = CASE state WHEN 'stopped' THEN 'stopped' ELSE 'done' END, test = ?, sha256 = ?, size_bytes = ?,
           reference_sha256 = ?, importance = ?, predict_ms = ?, parity = ? WHERE id = ?`,
      )
      .run(
        JSON.stringify(result.test),
        result.sha256,
        result.sizeBytes,
        result.referenceSha256,
        JSON.stringify(result.importance),
        result.predictMs,
        result.parity,
        id,
      );
  }
}

function presentRun(row: RunRow): Run {
  const spec = parsed<FeatureSpec>(row.spec);
  return {
    id: row.id,
    number: row.number,
    jobId: row.job_id,
    request: JSON.parse(row.request) as TrainRequest,
    spec,
    signature: parsed<ModelSignature>(row.signature),
    task: spec?.task ?? null,
    state: row.state,
    primaryMetric: row.primary_metric,
    rows: parsed<NonNullable<Run['rows']>>(row.rows),
    bestCandidateId: row.best_candidate_id,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    createdBy: row.created_by,
    findings: JSON.parse(row.findings) as Run['findings'],
  };
}

function presentCandidate(row: CandidateRow): StoredCandidate {
  const candidate: Candidate = {
    id: row.id,
    runId: row.run_id,
    learner: row.learner,
    settings: JSON.parse(row.settings) as Candidate['settings'],
    state: row.state,
    validation: JSON.parse(row.validation) as Metrics,
    test: JSON.parse(row.test) as Metrics,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    trainMs: row.train_ms,
    predictMs: row.predict_ms,
    parity: row.parity,
    curve: JSON.parse(row.curve) as CurvePoint[],
    progress: parsed<CandidateProgress>(row.progress),
  };
  const importance = JSON.parse(row.importance) as StoredCandidate['importance'];
  return { candidate, position: row.position, referenceSha256: row.reference_sha256, importance };
}

function parsed<T>(json: string | null): T | null {
  return json === null ? null : (JSON.parse(json) as T);
}
