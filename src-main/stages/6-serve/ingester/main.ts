// Ingester: the only process that writes requests.sqlite, and the one that searches and counts in it, so that neither holds up the core or an answer.
import { statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../platform/clock.ts';
import { migrate, schemaVersion } from '../../../platform/migrate.ts';
import { openDatabase, type WritableDb } from '../../../platform/sqlite.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { listSegments } from '../journal/journalReader.ts';
import { RequestStore, type RequestQuery } from '../requestStore.ts';
import { Ingest, type IngestResult } from './ingest.ts';
import { measurePerformance, type PerformanceQuery } from './performance.ts';
import { requestMigrations } from './requestSchema.ts';
import { retain, type Retention } from './retention.ts';
import { labelledRows, storeTruth, type TruthRow } from './truth.ts';
import { readTruthFile } from './truthFile.ts';
import { countWindow, type WindowQuery } from './window.ts';

// Answers come first: what is stored a moment later is stored as well.
setPriority(5);

const ingestEveryMs = 250;
const freshWithinMs = 1500;
const retainEveryMs = 3_600_000;

interface Opened {
  db: WritableDb;
  store: RequestStore;
  journal: string;
  /** Everything that was answered before this call. */
  flush(): Promise<IngestResult>;
  /** As much of it as comes within `freshWithinMs`: a screen does not wait for a long backlog. */
  freshen(): Promise<unknown>;
}

let opened: Opened | null = null;
let kept: Retention = { keepDays: 3650, maxBytes: Number.MAX_SAFE_INTEGER };
const open = (): Opened => {
  if (!opened) throw new Error('not opened');
  return opened;
};

const server = serveWorker(
  {
    open: ({ journal, database, retention }: { journal: string; database: string; retention: Retention }) => {
      kept = retention; // also when it is opened already: the setting has changed
      opened ??= start(journal, database);
      return { pid: process.pid };
    },
    flush: () => open().flush(),
    requests: async (query: RequestQuery) => {
      await open().freshen();
      return open().store.requests(query);
    },
    request: async ({ id }: { id: string }) => {
      await open().freshen();
      return open().store.request(id);
    },
    traffic: async ({ endpoints, windowMs }: { endpoints: string[]; windowMs: number }) => {
      await open().freshen();
      return endpoints.map((endpoint) => open().store.traffic(endpoint, systemClock.now(), windowMs));
    },
    window: async (query: WindowQuery & PerformanceQuery) => {
      await open().flush();
      return { ...countWindow(open().db, query), performance: await measurePerformance(open().db, query) };
    },
    readTruthFile: ({ file }: { file: string }) => readTruthFile(file),
    truth: async ({ endpoint, rows }: { endpoint: string; rows: TruthRow[] }) => {
      await open().flush();
      return storeTruth(open().db, endpoint, rows, systemClock.now());
    },
    labelled: async (query: Parameters<typeof labelledRows>[1]) => {
      await open().flush();
      return labelledRows(open().db, query);
    },
    retain: (retention: Retention) => retain(open().db, systemClock.now(), retention),
    state: async () => {
      const names = await listSegments(open().journal);
      const counters = open().db.prepare<[], { name: string; value: number }>('SELECT name, value FROM counters').all();
      return {
        segments: names.length,
        journalBytes: names.reduce((sum, name) => sum + sizeOf(join(open().journal, name)), 0),
        requests: open().db.prepare<[], number>('SELECT count(*) FROM requests').pluck().get(),
        counters: Object.fromEntries(counters.map(({ name, value }) => [name, value])),
      };
    },
  },
  {
    close: async () => {
      await opened?.flush();
      opened?.db.close();
    },
  },
);

function start(journal: string, database: string): Opened {
  const db = openDatabase(database);
  if (schemaVersion(db) === 0) {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM'); // the setting only counts before the first table, and the write-ahead log already made the first page
  }
  migrate(db, requestMigrations);
  const ingest = new Ingest(db, journal);
  let last: Promise<unknown> = Promise.resolve();
  const flush = (): Promise<IngestResult> => {
    const run = last.then(() => ingest.run());
    last = run.catch(() => {});
    return run.then((result) => {
      if (result.stored > 0) server.emit('ingested', { endpoints: result.endpoints, stored: result.stored });
      return result;
    });
  };
  const again = (): void => {
    void flush()
      .catch((error: unknown) => console.error('ingest', error)) // a full disk: the journal waits
      .finally(() => setTimeout(again, ingestEveryMs).unref());
  };
  again();
  setInterval(
    () => void retain(db, systemClock.now(), kept).catch((error: unknown) => console.error('retention', error)),
    retainEveryMs,
  ).unref();
  const freshen = (): Promise<unknown> => Promise.race([flush().catch(() => {}), delay(freshWithinMs)]);
  return { db, store: new RequestStore(db), journal, flush, freshen };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
