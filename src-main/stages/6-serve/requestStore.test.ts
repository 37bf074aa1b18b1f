// From the journal to what a screen shows: the ingester's parts on a real database, and the whole over HTTP in stored.test.ts.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { migrate } from '../../platform/migrate.ts';
import { openDatabase, type WritableDb } from '../../platform/sqlite.ts';
import { counterRandom } from '../../platform/random.ts';
import { Ingest } from './ingester/ingest.ts';
import { addBuckets, latencyBucket, percentileMs } from './ingester/latencyBuckets.ts';
import { requestMigrations } from './ingester/requestSchema.ts';
import { retain } from './ingester/retention.ts';
import { labelledRows, storeTruth } from './ingester/truth.ts';
import { JournalWriter } from './journal/journalWriter.ts';
import type { JournalRecord, RequestFacts } from './journal/record.ts';
import { segmentName } from './journal/segmentNames.ts';
import { RequestStore, type RequestQuery } from './requestStore.ts';

let folder: string;
let journal: string;
let db: WritableDb;
let store: RequestStore;
let writer: JournalWriter;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-requests-'));
  journal = join(folder, 'journal');
  mkdirSync(journal);
  db = openDatabase(join(folder, 'requests.sqlite'));
  migrate(db, requestMigrations);
  store = new RequestStore(db);
  writer = new JournalWriter(journal, systemClock);
});
afterEach(() => {
  writer.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const record = (
  id: string,
  facts: Partial<RequestFacts> = {},
  input: unknown = { rows: [{ name: '张三', city: 'Łódź', tenure: 12 }] },
): JournalRecord => {
  const status = facts.status ?? 200;
  const body = (value: unknown): Uint8Array =>
    facts.omitted ? new Uint8Array() : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    facts: {
      id,
      at: 1_700_000_000_000,
      endpoint: 'churn',
      model: 'churn',
      version: 3,
      protocol: 'named',
      status,
      latencyMs: 2,
      error: null,
      inputJsonBytes: null,
      outputJsonBytes: null,
      omitted: null,
      ...facts,
    },
    meta: Buffer.from(
      JSON.stringify({
        rows: 1,
        prediction: 'yes',
        warnings: 0,
        error: status < 400 ? null : { code: 'MK_SERVE_TYPE_MISMATCH', params: { row: 0, field: 'tenure', found: '"12个月"' } },
      }),
    ),
    input: body(input),
    output: body(
      status < 400
        ? { predictions: [{ prediction: 'yes', probabilities: { no: 0.1, yes: 0.9 } }] }
        : { error: { code: 'MK_SERVE_TYPE_MISMATCH' } },
    ),
  };
};
const ingest = (): Ingest => new Ingest(db, journal);
const find = (query: Partial<RequestQuery>): string[] => store.requests({ only: 'all', limit: 100, ...query }).requests.map(({ id }) => id);

describe('ingestion', () => {
  test('stores each record once, deletes finished segments, and reads on where it was', async () => {
    const small = new JournalWriter(journal, systemClock, { segmentBytes: 1500 });
    for (let at = 0; at < 20; at++) small.append(record(`req_${at}`));
    expect(await ingest().run()).toMatchObject({ stored: 20, known: 0, damaged: 0, endpoints: ['churn'] });
    expect(readdirSync(journal).length).toBeLessThanOrEqual(1);
    small.append(record('req_20'));
    expect(await ingest().run()).toMatchObject({ stored: 1, known: 0 });
    small.close();
  });

  test('is idempotent at every interruption: before the commit, after it, before and after the file went', async () => {
    const names = new Set<string>();
    for (let at = 0; at < 5; at++) writer.append(record(`req_${at}`));
    writer.close();
    // Of a process that is gone: the last segment of a living one may still grow, and stays.
    const name = segmentName({ now: 1, writer: 'a'.repeat(12), pid: 2 ** 30, order: 0 });
    renameSync(join(journal, readdirSync(journal)[0]!), join(journal, name));
    copyFileSync(join(journal, name), join(folder, 'copy'));
    await ingest().run();
    expect(readdirSync(journal)).toEqual([]);
    // Killed after the commit and before the file was deleted: the file is there, the place is known.
    copyFileSync(join(folder, 'copy'), join(journal, name));
    db.prepare('INSERT INTO segments VALUES (?, ?)').run(name, 100);
    expect(await ingest().run()).toMatchObject({ stored: 0 });
    // Killed after the file's row went: everything is read again, and known.
    copyFileSync(join(folder, 'copy'), join(journal, name));
    expect(await ingest().run()).toMatchObject({ stored: 0, known: 5 });
    for (const id of find({})) names.add(id);
    expect(names.size).toBe(5);
    expect(store.traffic('churn', 1_700_000_000_000, 3_600_000).requests).toBe(5);
    expect(db.prepare('SELECT count(*) FROM segments').pluck().get()).toBe(0);
  });

  test('an unreadable body is kept as text, and V2 tensors become JSON', async () => {
    writer.append(record('bad', { status: 400 }, '{"rows":[{"tenure":'));
    const tensor = { name: 'tenure', shape: [2, 1], datatype: 'FP32', parameters: { binary_data_size: 8 } };
    const json = JSON.stringify({ inputs: [tensor] });
    const v2 = record('v2', { protocol: 'v2', inputJsonBytes: json.length });
    writer.append({ ...v2, input: Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.of(1.5, 2).buffer)]) });
    await ingest().run();
    expect(store.request('bad').input).toEqual({ unreadable: '{"rows":[{"tenure":' });
    expect(store.request('v2').input).toEqual({ inputs: [{ name: 'tenure', shape: [2, 1], datatype: 'FP32', data: [1.5, 2] }] });
  });

  test('without stored inputs there are only facts: no value of any row reaches the database', async () => {
    const secret = record('quiet', { omitted: 'setting', status: 422 });
    writer.append({ ...secret, input: new Uint8Array(), output: new Uint8Array() });
    await ingest().run();
    expect(store.request('quiet')).toMatchObject({
      input: { omitted: 'setting' },
      output: null,
      prediction: null,
      error: { params: { row: 0, field: 'tenure' } },
    });
    expect(JSON.stringify(db.prepare('SELECT * FROM requests').all())).not.toContain('个月');
    expect(find({ search: '个月' })).toEqual([]);
  });
});

describe('search', () => {
  beforeEach(async () => {
    writer.append(record('a', { at: 1000 }));
    writer.append(record('b', { at: 2000, endpoint: 'other' }, { rows: [{ name: '李四', note: 'said "100%" off_ers', tenure: 7 }] }));
    writer.append(record('c', { at: 3000, status: 422 }, { rows: [{ name: 'Anna', tenure: 'x' }] }));
    writer.append(record('d', { at: 3000 }, { rows: [{ name: 'ANNA', tenure: 120 }] }));
    await ingest().run();
  });

  test.each<[string, Partial<RequestQuery>, string[]]>([
    ['everything, newest first', {}, ['d', 'c', 'b', 'a']],
    ['two Chinese characters', { search: '张三' }, ['a']],
    ['one Chinese character', { search: '李' }, ['b']],
    ['three letters, any case', { search: 'anna' }, ['d', 'c']],
    ['letters with marks', { search: 'Łódź' }, ['a']],
    ['a value with its column', { search: 'tenure: 12' }, ['d', 'a']],
    ['quotes and wildcards as they are', { search: '"100%" off_' }, ['b']],
    ['a percent sign alone', { search: '%' }, ['b']],
    ['the operators of the search engine as they are', { search: 'name OR tenure' }, []],
    ['an answer', { search: 'prediction: yes' }, ['d', 'b', 'a']],
    ['a code of an error', { search: 'TYPE_MISMATCH' }, ['c']],
    ['an endpoint', { endpoint: 'other' }, ['b']],
    ['errors', { only: 'errors' }, ['c']],
    ['good answers of an endpoint in a period', { only: 'ok', endpoint: 'churn', from: 1000, to: 3000 }, ['a']],
    ['nothing', { search: 'no such thing' }, []],
  ])('finds %s', (_title, query, ids) => {
    expect(find(query)).toEqual(ids);
  });

  test('pages without gaps or repeats, also between requests of the same millisecond', () => {
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const page = store.requests({ only: 'all', limit: 1, ...(before === undefined ? {} : { before }) });
      expect(page.total).toBe(4);
      if (page.requests.length === 0) break;
      seen.push(page.requests[0]!.id);
      before = page.requests[0]!.id;
    }
    expect(seen).toEqual(['d', 'c', 'b', 'a']);
    expect(() => store.requests({ only: 'all', limit: 1, before: 'nobody' })).toThrow(expect.objectContaining({ code: 'MK_NOT_FOUND' }));
    expect(() => store.request('nobody')).toThrow(expect.objectContaining({ code: 'MK_NOT_FOUND' }));
  });

  test('what a screen waits on is answered from an index', () => {
    const plan = (sql: string): string =>
      (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join('; ');
    expect(plan("SELECT * FROM requests r WHERE r.endpoint = 'x' ORDER BY r.at DESC, r.seq DESC LIMIT 100")).toMatch(
      /USING INDEX requests_by_endpoint/,
    );
    expect(plan('SELECT * FROM requests r ORDER BY r.at DESC, r.seq DESC LIMIT 100')).toMatch(/USING INDEX requests_by_time/);
    expect(plan("SELECT * FROM requests r WHERE r.endpoint = 'x' AND r.status >= 400 ORDER BY r.at DESC, r.seq DESC LIMIT 100")).toMatch(
      /USING INDEX requests_failed/,
    );
    expect(plan("SELECT seq FROM requests WHERE endpoint = 'x' AND status < 400 ORDER BY seq DESC")).toMatch(
      /USING INDEX requests_answered/,
    );
    expect(
      plan(
        "SELECT t.seq FROM truth t JOIN requests r ON r.seq = t.seq WHERE t.endpoint = 'x' AND r.version = 3 ORDER BY t.seq DESC, t.row LIMIT 10",
      ),
    ).toMatch(/SEARCH t USING .*PRIMARY KEY/);
  });
});

describe('traffic', () => {
  test('counts per bucket, with percentiles within 2.1 % of the exact ones', async () => {
    const random = counterRandom(5);
    const latencies = Array.from({ length: 3000 }, () => Math.exp(random.normal()) * 3);
    const now = 1_700_000_000_000;
    latencies.forEach((latencyMs, at) =>
      writer.append(record(`req_${at}`, { at: now - (at % 60) * 60_000, latencyMs, status: at % 10 === 0 ? 500 : 200 })),
    );
    await ingest().run();
    const traffic = store.traffic('churn', now, 3_600_000);
    expect(traffic).toMatchObject({ bucketMs: 60_000, requests: 3000, errors: 300, buckets: { length: 60 } });
    expect(traffic.buckets.every(({ requests }) => requests === 50)).toBe(true);
    const sorted = latencies.toSorted((a, b) => a - b);
    expect(Math.abs(traffic.p50Ms! / sorted[1499]! - 1)).toBeLessThan(0.021);
    expect(Math.abs(traffic.p99Ms! / sorted[2969]! - 1)).toBeLessThan(0.021);
    expect(store.traffic('churn', now, 31 * 86_400_000).buckets.length).toBeLessThanOrEqual(240);
    expect(store.traffic('nobody', now, 3_600_000)).toMatchObject({ requests: 0, p50Ms: null, buckets: { length: 60 } });
  });

  test('buckets add up like the requests themselves', () => {
    const [a, b, both] = [{}, {}, {}] as Record<string, number>[];
    for (let at = 0; at < 1000; at++) {
      const bucket = { [latencyBucket(at * 0.37)]: 1 };
      addBuckets(at % 2 === 0 ? a! : b!, bucket);
      addBuckets(both!, bucket);
    }
    addBuckets(a!, b!);
    expect(a).toEqual(both);
    expect(percentileMs({}, 0.5)).toBeNull();
  });
});

describe('truth', () => {
  test('is matched by request and row, replaced when it comes again, and counted when unknown', async () => {
    const two = record('a', {}, { rows: [{ x: 1 }, { x: 2 }] });
    writer.append({ ...two, meta: Buffer.from('{"rows":2,"prediction":"yes","warnings":0,"error":null}') });
    writer.append(record('b', { endpoint: 'other' }));
    await ingest().run();
    const store1 = storeTruth(
      db,
      'churn',
      [
        { requestId: 'a', row: 0, truth: 'no' },
        { requestId: 'a', row: 1, truth: 5 },
        { requestId: 'a', row: 2, truth: 'no' },
        { requestId: 'b', row: 0, truth: 'no' },
        { requestId: 'c', row: 0, truth: 'no' },
      ],
      1,
    );
    expect(store1).toEqual({ matched: 2, unknown: 3 });
    expect(storeTruth(db, 'churn', [{ requestId: 'a', row: 0, truth: 'yes' }], 2)).toEqual({ matched: 1, unknown: 0 });
    const { rows, nextSeq } = labelledRows(db, { endpoint: 'churn', columns: ['x', 'y'], afterSeq: 0, limit: 10 });
    expect(rows).toMatchObject([
      { requestId: 'a', row: 0, input: { x: 1, y: null }, truth: 'yes' },
      { row: 1, input: { x: 2 }, truth: '5' },
    ]);
    expect(nextSeq).toBeNull();
  });

  test('labelled rows come in pages', async () => {
    for (let at = 0; at < 5; at++) writer.append(record(`req_${at}`, {}, { x: at }));
    await ingest().run();
    storeTruth(
      db,
      'churn',
      [0, 1, 2, 3, 4].map((at) => ({ requestId: `req_${at}`, row: 0, truth: 'no' })),
      1,
    );
    const seen: unknown[] = [];
    for (let afterSeq: number | null = 0; afterSeq !== null;) {
      const page: ReturnType<typeof labelledRows> = labelledRows(db, { endpoint: 'churn', columns: ['x'], afterSeq, limit: 2 });
      seen.push(...page.rows.map(({ input }) => input['x']));
      afterSeq = page.nextSeq;
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('retention', () => {
  test('removes what is older than asked with its text and truth, keeps the sums, and the newest when space runs out', async () => {
    const day = 86_400_000;
    const now = 100 * day;
    for (let at = 0; at < 300; at++) writer.append(record(`req_${at}`, { at: now - (at % 30) * day }));
    await ingest().run();
    storeTruth(
      db,
      'churn',
      [
        { requestId: 'req_29', row: 0, truth: 'no' },
        { requestId: 'req_0', row: 0, truth: 'no' },
      ],
      now,
    );
    expect(await retain(db, now, { keepDays: 10, maxBytes: 1e12 })).toBe(190);
    expect(store.requests({ only: 'all', limit: 1 }).total).toBe(110);
    expect(find({ search: '张三', limit: 500 }).length).toBe(110);
    expect(db.prepare('SELECT count(*) FROM truth').pluck().get()).toBe(1);
    expect(store.traffic('churn', now, 31 * day).requests).toBe(300);
    expect(await retain(db, now, { keepDays: 10, maxBytes: 1 })).toBe(22);
    expect(find({ limit: 500 })).toContain('req_0');
  });
});
