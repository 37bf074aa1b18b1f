/**
 * The read side of the stored requests: search, one request, traffic. Runs in the ingester's process, because a search over a million
 * requests may take longer than the core can wait; `ServeService` asks it there.
 */
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { ReadableDb } from '../../platform/sqlite.ts';
import { addBuckets, percentileMs, type LatencyBuckets } from './ingester/latencyBuckets.ts';

export type RequestQuery = Parsed<'serve.requests'>;
export type RequestPage = Result<'serve.requests'>;
export type WholeRequest = Result<'serve.request'>;
export type Traffic = Result<'serve.get'>['traffic'];

const minuteMs = 60_000;
/** An index of trigrams finds nothing shorter; two Chinese characters are a word, so shorter searches read the text itself. */
const shortestIndexed = 3;

export class RequestStore {
  readonly #db: ReadableDb;

  constructor(db: ReadableDb) {
    this.#db = db;
  }

  /** Newest first. `before` is the id of the last request of the page before. */
  requests(query: RequestQuery): RequestPage {
    const where = conditions(query);
    const total = this.#db
      .prepare<unknown[], number>(`SELECT count(*) FROM requests r ${where.sql}`)
      .pluck()
      .get(...where.values)!;
    const page = conditions(query, query.before === undefined ? undefined : this.#place(query.before));
    const requests = this.#db
      .prepare<unknown[], SummaryRow>(`SELECT ${summaryColumns} FROM requests r ${page.sql} ORDER BY r.at DESC, r.seq DESC LIMIT ?`)
      .all(...page.values, query.limit)
      .map(summaryOf);
    return { requests, total };
  }

  /** Error: MK_NOT_FOUND. */
  request(id: string): WholeRequest {
    const row = this.#db
      .prepare<[string], SummaryRow & { input: string | null; output: string | null; error: string | null; omitted: string | null }>(
        `SELECT ${summaryColumns}, r.input, r.output, r.error, r.omitted FROM requests r WHERE r.id = ?`,
      )
      .get(id);
    if (!row) throw new ModelkeepError('MK_NOT_FOUND', { what: 'request', name: id });
    const parse = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));
    const input = row.omitted === null ? parse(row.input) : { omitted: row.omitted };
    return { ...summaryOf(row), input, output: parse(row.output), error: parse(row.error) };
  }

  /** The last `windowMs` in at most 240 buckets. Percentiles come from buckets of latency that are 4 % wide. */
  traffic(endpoint: string, now: number, windowMs: number): Traffic {
    const bucketMs = Math.max(1, Math.ceil(windowMs / 240 / minuteMs)) * minuteMs;
    const to = Math.floor(now / bucketMs) * bucketMs + bucketMs;
    const from = to - Math.ceil(windowMs / bucketMs) * bucketMs;
    const all: LatencyBuckets = {};
    const buckets = new Map<number, { requests: number; errors: number; latencies: LatencyBuckets }>();
    for (let at = from; at < to; at += bucketMs) buckets.set(at, { requests: 0, errors: 0, latencies: {} });
    const minutes = this.#db
      .prepare<[string, number, number], { minute: number; requests: number; errors: number; latencies: string }>(
        'SELECT minute, requests, errors, latencies FROM traffic WHERE endpoint = ? AND minute >= ? AND minute < ?',
      )
      .all(endpoint, from, to);
    for (const { minute, requests, errors, latencies } of minutes) {
      const bucket = buckets.get(Math.floor(minute / bucketMs) * bucketMs);
      if (!bucket) continue;
      const counts = JSON.parse(latencies) as LatencyBuckets;
      bucket.requests += requests;
      bucket.errors += errors;
      addBuckets(bucket.latencies, counts);
      addBuckets(all, counts);
    }
    const figures = [...buckets].map(([at, { requests, errors, latencies }]) => ({
      at,
      requests,
      errors,
      p50Ms: percentileMs(latencies, 0.5),
      p99Ms: percentileMs(latencies, 0.99),
    }));
    return {
      buckets: figures,
      bucketMs,
      requests: figures.reduce((sum, { requests }) => sum + requests, 0),
      errors: figures.reduce((sum, { errors }) => sum + errors, 0),
      p50Ms: percentileMs(all, 0.5),
      p99Ms: percentileMs(all, 0.99),
    };
  }

  #place(id: string): { at: number; seq: number } {
    const place = this.#db.prepare<[string], { at: number; seq: number }>('SELECT at, seq FROM requests WHERE id = ?').get(id);
    if (!place) throw new ModelkeepError('MK_NOT_FOUND', { what: 'request', name: id });
    return place;
  }
}

interface SummaryRow {
  id: string;
  at: number;
  endpoint: string;
  version: number | null;
  protocol: 'named' | 'v2';
  rows: number;
  status: number;
  latency_ms: number;
  error_code: string | null;
  prediction: string | null;
}

const summaryColumns = 'r.id, r.at, r.endpoint, r.version, r.protocol, r.rows, r.status, r.latency_ms, r.error_code, r.prediction';

function summaryOf(row: SummaryRow): RequestPage['requests'][number] {
  const { id, at, endpoint, version, protocol, rows, status, prediction } = row;
  return { id, at, endpoint, version, protocol, rows, status, latencyMs: row.latency_ms, errorCode: row.error_code, prediction };
}

function conditions(query: RequestQuery, before?: { at: number; seq: number }): { sql: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (part: string, ...more: (string | number)[]): void => {
    parts.push(part);
    values.push(...more);
  };
  if (query.endpoint !== undefined) add('r.endpoint = ?', query.endpoint);
  if (query.only === 'errors') add('r.status >= 400');
  if (query.only === 'ok') add('r.status < 400');
  if (query.from !== undefined) add('r.at >= ?', query.from);
  if (query.to !== undefined) add('r.at < ?', query.to);
  const search = query.search?.trim() ?? '';
  if ([...search].length >= shortestIndexed)
    add('r.seq IN (SELECT rowid FROM request_text WHERE request_text MATCH ?)', `"${search.replaceAll('"', '""')}"`);
  else if (search !== '') add('r.seq IN (SELECT rowid FROM request_text WHERE instr(lower(text), lower(?)) > 0)', search);
  if (before) add('(r.at, r.seq) < (?, ?)', before.at, before.seq);
  return { sql: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}
