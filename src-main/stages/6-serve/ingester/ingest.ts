// Journal segments → requests.sqlite. Records and the place up to which a segment was read are one transaction, and ids are unique:
// after a kill at any moment every record is there once.
import { stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { transaction, type WritableDb } from '../../../platform/sqlite.ts';
import { listSegments, readSegment } from '../journal/journalReader.ts';
import type { JournalRecord } from '../journal/record.ts';
import { mayGrow } from '../journal/segmentNames.ts';
import { addCounts, type Counts } from '../statistics/counts.ts';
import type { AnswerMeta } from '../wire/messages.ts';
import { addBuckets, latencyBucket, type LatencyBuckets } from './latencyBuckets.ts';
import { normalise } from './normalise.ts';

const minuteMs = 60_000;

export interface IngestResult {
  stored: number;
  /** Records that were there already. */
  known: number;
  damaged: number;
  /** Endpoints that have new requests. */
  endpoints: string[];
}

export class Ingest {
  readonly #db: WritableDb;
  readonly #folder: string;
  readonly #statements;

  constructor(db: WritableDb, folder: string) {
    this.#db = db;
    this.#folder = folder;
    this.#statements = prepare(db);
  }

  /** Reads everything that is in the journal when it is called, and deletes the segments that are done. What is written meanwhile is left
   *  for the next run: under load there would be no end. */
  async run(): Promise<IngestResult> {
    const total: IngestResult = { stored: 0, known: 0, damaged: 0, endpoints: [] };
    const endpoints = new Set<string>();
    const names = await listSegments(this.#folder);
    for (const name of names) {
      const closed = !mayGrow(name, names); // asked before the size: what is written afterwards would be missed
      const { size } = await stat(join(this.#folder, name));
      await this.#read(name, size, total, endpoints);
      if (closed) await this.#remove(name);
    }
    this.#forgetMissing(names);
    return { ...total, endpoints: [...endpoints] };
  }

  async #read(name: string, endOffset: number, total: IngestResult, endpoints: Set<string>): Promise<void> {
    let offset = this.#statements.offsetOf.get(name) ?? 0;
    for (;;) {
      const { records, nextOffset, damaged } = await readSegment(this.#folder, name, offset);
      if (nextOffset === offset || (records.length === 0 && damaged === 0)) return;
      const stored = transaction(this.#db, () => {
        const count = this.#store(records);
        if (damaged > 0) this.#statements.count.run('damagedRecords', damaged);
        this.#statements.setOffset.run(name, nextOffset);
        return count;
      });
      total.stored += stored;
      total.known += records.length - stored;
      total.damaged += damaged;
      for (const { facts } of records) endpoints.add(facts.endpoint);
      offset = nextOffset;
      if (offset >= endOffset) return;
    }
  }

  #store(records: readonly JournalRecord[]): number {
    const minutes = new Map<string, { endpoint: string; minute: number; requests: number; errors: number; latencies: LatencyBuckets }>();
    const counted = new Map<string, { endpoint: string; version: number; minute: number; rows: number; counts: Counts }>();
    let stored = 0;
    for (const record of records) {
      const { facts } = record;
      const meta = metaOf(record);
      const { input, output, text } = normalise(record);
      const error = facts.error ?? meta?.error ?? null;
      const { changes, lastInsertRowid } = this.#statements.insert.run({
        id: facts.id,
        at: facts.at,
        endpoint: facts.endpoint,
        model: facts.model,
        version: facts.version,
        protocol: facts.protocol,
        rows: meta?.rows ?? 0,
        status: facts.status,
        latencyMs: facts.latencyMs,
        errorCode: error?.code ?? null,
        error: error ? JSON.stringify(facts.omitted === 'setting' ? withoutValues(error) : error) : null,
        prediction: facts.omitted === 'setting' ? null : (meta?.prediction ?? null),
        warnings: meta?.warnings ?? 0,
        input,
        output,
        omitted: facts.omitted,
      });
      if (changes === 0) continue;
      stored++;
      this.#statements.insertText.run(lastInsertRowid, text);
      const minute = Math.floor(facts.at / minuteMs) * minuteMs;
      const key = `${minute} ${facts.endpoint}`;
      const sums = minutes.get(key) ?? { endpoint: facts.endpoint, minute, requests: 0, errors: 0, latencies: {} };
      sums.requests++;
      if (facts.status >= 400) sums.errors++;
      addBuckets(sums.latencies, { [latencyBucket(facts.latencyMs)]: 1 });
      minutes.set(key, sums);
      if (meta?.counts && facts.version !== null) {
        const countKey = `${key} ${facts.version}`;
        const before = counted.get(countKey);
        if (before) {
          before.rows += meta.rows;
          before.counts = addCounts(before.counts, meta.counts);
        } else counted.set(countKey, { endpoint: facts.endpoint, version: facts.version, minute, rows: meta.rows, counts: meta.counts });
      }
    }
    for (const sums of minutes.values()) this.#addMinute(sums);
    for (const each of counted.values()) this.#addCounts(each);
    return stored;
  }

  #addMinute({
    endpoint,
    minute,
    requests,
    errors,
    latencies,
  }: {
    endpoint: string;
    minute: number;
    requests: number;
    errors: number;
    latencies: LatencyBuckets;
  }): void {
    const before = this.#statements.minute.get(endpoint, minute);
    if (before) addBuckets(latencies, JSON.parse(before.latencies) as LatencyBuckets);
    this.#statements.setMinute.run(
      endpoint,
      minute,
      requests + (before?.requests ?? 0),
      errors + (before?.errors ?? 0),
      JSON.stringify(latencies),
    );
  }

  #addCounts({
    endpoint,
    version,
    minute,
    rows,
    counts,
  }: {
    endpoint: string;
    version: number;
    minute: number;
    rows: number;
    counts: Counts;
  }): void {
    const before = this.#statements.counts.get(endpoint, version, minute);
    const sum = before ? addCounts(JSON.parse(before.counts) as Counts, counts) : counts;
    this.#statements.setCounts.run(endpoint, version, minute, rows + (before?.rows ?? 0), JSON.stringify(sum));
  }

  /** The file first: a row without a file is tidied up later, a file without a row would be read again. */
  async #remove(name: string): Promise<void> {
    await unlink(join(this.#folder, name));
    this.#statements.forget.run(name);
  }

  #forgetMissing(present: readonly string[]): void {
    const known = this.#statements.segments.all();
    for (const name of known) if (!present.includes(name)) this.#statements.forget.run(name);
  }
}

function metaOf({ meta }: JournalRecord): AnswerMeta | null {
  return meta.length === 0 ? null : (JSON.parse(Buffer.from(meta.buffer, meta.byteOffset, meta.byteLength).toString()) as AnswerMeta);
}

/** What was found may be a person's data. */
function withoutValues({ code, params }: { code: string; params: Record<string, unknown> }): unknown {
  const { found: _found, ...rest } = params;
  return { code, params: rest };
}

function prepare(db: WritableDb) {
  return {
    offsetOf: db.prepare<[string], number>('SELECT read_bytes FROM segments WHERE name = ?').pluck(),
    setOffset: db.prepare<[string, number]>(
      'INSERT INTO segments VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET read_bytes = excluded.read_bytes',
    ),
    forget: db.prepare<[string]>('DELETE FROM segments WHERE name = ?'),
    segments: db.prepare<[], string>('SELECT name FROM segments').pluck(),
    insert: db.prepare(`
      INSERT INTO requests (id, at, endpoint, model, version, protocol, rows, status, latency_ms, error_code, error, prediction, warnings, input, output, omitted)
      VALUES (@id, @at, @endpoint, @model, @version, @protocol, @rows, @status, @latencyMs, @errorCode, @error, @prediction, @warnings, @input, @output, @omitted)
      ON CONFLICT (id) DO NOTHING`),
    insertText: db.prepare<[number | bigint, string]>('INSERT INTO request_text (rowid, text) VALUES (?, ?)'),
    minute: db.prepare<[string, number], { requests: number; errors: number; latencies: string }>(
      'SELECT requests, errors, latencies FROM traffic WHERE endpoint = ? AND minute = ?',
    ),
    setMinute: db.prepare<[string, number, number, number, string]>('INSERT OR REPLACE INTO traffic VALUES (?, ?, ?, ?, ?)'),
    counts: db.prepare<[string, number, number], { rows: number; counts: string }>(
      'SELECT rows, counts FROM column_counts WHERE endpoint = ? AND version = ? AND minute = ?',
    ),
    setCounts: db.prepare<[string, number, number, number, string]>('INSERT OR REPLACE INTO column_counts VALUES (?, ?, ?, ?, ?)'),
    count: db.prepare<[string, number]>(
      'INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value',
    ),
  };
}
