import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nameSchema, type VersionRef } from '../../../src-shared/domain/names.ts';
import type { Cell, DatasetVersion, TableProfile } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobContext, JobEngine, JobKind } from '../../platform/jobs.ts';
import type { StartWorker } from '../../platform/processHost.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { DataWorkers } from './dataWorkers.ts';
import type { DataOperation, FinishedTable, OperationAnswer, OperationParams, StoredTable } from './operations.ts';
import { writeRowsFile } from './rowsFile.ts';
import { DataStore, type StoredVersion } from './store.ts';

export interface DataDependencies {
  db: WritableDb;
  blobs: BlobStore;
  jobs: JobEngine;
  audit: AuditWriter;
  clock: Clock;
  emit: Emit;
  startWorker: StartWorker;
  /** The workspace's folder for unfinished files, on the file system of the blobs. */
  scratch: string;
  /** Memory that one import may use, MiB. */
  jobMemoryMb: () => number;
  /** What was built from a version, known to the stages above. */
  usedBy?: (ref: VersionRef) => Result<'data.usedBy'>;
}

/** Result of an import or a change of types. */
export interface ImportResult {
  dataset: string;
  version: number;
  rows: number;
  rowsSetAside: number;
  /** False when the dataset already had a version with this content: that one is given. */
  isNew: boolean;
}

/** What becomes a version, wherever it came from. */
export interface NewVersion extends Pick<FinishedTable, 'file' | 'kind' | 'rows' | 'columns' | 'warnings' | 'profile'> {
  name: string;
  source: DatasetVersion['source'];
  /** Audit action, e.g. `data.import`. */
  action: string;
}

/** A person waits for a preview, and it reads only heads: what takes longer is a file that hurts its reader. */
const previewTimeoutMs = 120_000;

/** Datasets: import, versions, questions. */
export class DataService implements AsyncDisposable {
  readonly #with: DataDependencies;
  readonly #store: DataStore;
  readonly #workers: DataWorkers;

  constructor(dependencies: DataDependencies) {
    this.#with = dependencies;
    this.#store = new DataStore(dependencies.db);
    this.#workers = new DataWorkers(dependencies.startWorker, dependencies.scratch);
    dependencies.jobs.register(this.#importKind());
    dependencies.jobs.register(this.#retypeKind());
    dependencies.jobs.register(this.#exportKind());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }

  // ---- for people

  preview(params: Parsed<'data.preview'>): Promise<Result<'data.preview'>> {
    return this.#workers.work('preview', params, { memoryMb: this.#with.jobMemoryMb(), timeoutMs: previewTimeoutMs }, (answer) =>
      Promise.resolve(answer),
    );
  }

  /** Queues an import. What is wrong with the files fails the job. */
  startImport(params: Parsed<'data.import'>, caller: Caller): Result<'data.import'> {
    return { jobId: this.#with.jobs.start('data.import', params, caller).id };
  }

  /** Error: MK_NOT_FOUND, MK_DATA_COLUMN_UNKNOWN. */
  startRetype(params: Parsed<'data.retype'>, caller: Caller): Result<'data.retype'> {
    const version = this.version(params);
    for (const field of Object.keys(params.types))
      if (!version.columns.some(({ name }) => name === field))
        throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject: `dataset ${params.name}` });
    return { jobId: this.#with.jobs.start('data.retype', params, caller).id };
  }

  /** Error: MK_NOT_FOUND. */
  startExport(params: Parsed<'data.export'>, caller: Caller): Result<'data.export'> {
    this.version(params);
    return { jobId: this.#with.jobs.start('data.export', params, caller).id };
  }

  list(): Result<'data.list'> {
    return this.#store.list().map(({ newest, versions }) => ({ ...published(newest), versions, targetHint: targetHint(newest) }));
  }

  /** Error: MK_NOT_FOUND. */
  get({ name, version }: Parsed<'data.get'>): Result<'data.get'> {
    const stored = this.#require(name, version);
    return { ...published(stored), versions: this.#store.versions(name).map(published), warnings: stored.warnings };
  }

  async rows({ name, version, ...window }: Parsed<'data.rows'>): Promise<Result<'data.rows'>> {
    const table = this.#table(this.#require(name, version));
    if (window.sort) requireColumn(table, window.sort.column, name);
    if (window.filter?.column) requireColumn(table, window.filter.column, name);
    return this.#workers.ask('rows', { table, ...window });
  }

  async image({ name, version, row, column }: Parsed<'data.image'>): Promise<Result<'data.image'>> {
    const { bytes, ...image } = await this.#workers.ask('image', { table: this.#table(this.#require(name, version)), row, column });
    return { ...image, base64: Buffer.from(bytes).toString('base64') };
  }

  async diff({ name, from, to }: Parsed<'data.diff'>): Promise<Result<'data.diff'>> {
    const [before, after] = await Promise.all(
      [from, to].map(async (version) => {
        const stored = this.#require(name, version);
        return { ...this.#table(stored), profile: await this.#profileOf(stored) };
      }),
    );
    return this.#workers.ask('diff', { before: before!, after: after! });
  }

  usedBy(ref: VersionRef): Result<'data.usedBy'> {
    this.version(ref);
    return this.#with.usedBy?.(ref) ?? [];
  }

  // ---- for the stages above

  /** The newest version when none is named. Error: MK_NOT_FOUND. */
  version({ name, version }: { name: string; version?: number | undefined }): DatasetVersion {
    return published(this.#require(name, version));
  }

  newest(name: string): DatasetVersion {
    return published(this.#require(name));
  }

  /** Computed when the version was made. */
  profile({ name, version }: { name: string; version?: number | undefined }): Promise<TableProfile> {
    return this.#profileOf(this.#require(name, version));
  }

  /** Whole rows by position, in the order asked. */
  rowsAt(ref: VersionRef, rows: number[]): Promise<Record<string, Cell>[]> {
    return this.#workers.ask('rowsAt', { table: this.#table(this.#require(ref.name, ref.version)), rows });
  }

  /** Runs a SELECT over one version, which stands in the text as `{table}`. */
  query(ref: VersionRef, sql: string, signal?: AbortSignal): Promise<Record<string, unknown>[]> {
    return this.#workers.ask('query', { table: this.#table(this.#require(ref.name, ref.version)), sql }, signal ? { signal } : {});
  }

  /** Adds a version made from a Parquet file that the product itself wrote into the scratch folder; the file is taken over. */
  async createVersion(
    name: string,
    file: string,
    columns: DatasetVersion['columns'],
    rows: number,
    source: DatasetVersion['source'],
    action: string,
    caller: Caller,
  ): Promise<ImportResult> {
    const profile = await this.#workers.ask('profile', { table: { file, rows, columns } });
    return this.#keep({ name, file, kind: 'table', rows, columns, warnings: [], profile, source, action }, caller);
  }

  /**
   * A new version: the rows of `base`, then `rows`, whose values are as a caller of an endpoint sends them (text, number, boolean, ISO date,
   * null; a column that is absent is missing). A row with a value that does not fit its column is set aside and counted.
   * Part of a job: `signal` stops it. Error: MK_NOT_FOUND.
   */
  async appendRows(
    base: VersionRef,
    rows: readonly Record<string, unknown>[],
    source: DatasetVersion['source'],
    action: string,
    caller: Caller,
    signal?: AbortSignal,
  ): Promise<ImportResult> {
    const { scratch, jobMemoryMb } = this.#with;
    const stored = this.#require(base.name, base.version);
    const rowsFile = join(scratch, `rows-${randomBytes(8).toString('hex')}.jsonl`);
    try {
      await writeRowsFile(rowsFile, rows, stored.columns);
      const params = { table: this.#table(stored), rowsFile };
      const { warnings, kind } = stored;
      const { columns } = stored;
      return await this.#workers.work('appendRows', params, { memoryMb: jobMemoryMb(), ...(signal && { signal }) }, (answer) =>
        this.#keep(
          { ...answer, columns, name: base.name, kind, warnings, source: { ...source, rowsSetAside: answer.rowsSetAside }, action },
          caller,
        ),
      );
    } finally {
      await rm(rowsFile, { force: true });
    }
  }

  // ---- jobs

  #importKind(): JobKind<Parsed<'data.import'>, ImportResult> {
    return {
      kind: 'data.import',
      subject: ({ name }) => `dataset ${name}`,
      memoryMb: () => this.#with.jobMemoryMb(),
      // The files are still where they were: an import that was cut off starts again from them.
      resumable: true,
      run: (context) => {
        const { name, files, options } = context.params;
        return this.#work(context, 'import', { files, options }, (table) =>
          this.#keep(
            {
              ...table,
              name: nameSchema.parse(name),
              source: { files, format: table.format, options: table.options, rowsSetAside: table.rowsSetAside },
              action: 'data.import',
            },
            context.caller,
          ),
        );
      },
    };
  }

  #retypeKind(): JobKind<Parsed<'data.retype'>, ImportResult> {
    return {
      kind: 'data.retype',
      subject: ({ name }) => `dataset ${name}`,
      memoryMb: () => this.#with.jobMemoryMb(),
      resumable: true,
      run: (context) => {
        const { name, version, types } = context.params;
        const stored = this.#require(name, version);
        const source = { ...stored.source, options: { ...stored.source.options, types: { ...stored.source.options.types, ...types } } };
        return this.#work(context, 'retype', { table: this.#table(stored), types }, (table) =>
          this.#keep({ ...table, kind: stored.kind, name, source, action: 'data.retype' }, context.caller),
        );
      },
    };
  }

  #exportKind(): JobKind<Parsed<'data.export'>, { file: string; sizeBytes: number }> {
    return {
      kind: 'data.export',
      subject: ({ name, version }) => `dataset ${name} v${version}`,
      memoryMb: () => this.#with.jobMemoryMb(),
      resumable: true,
      run: async (context) => {
        const { name, version, format, file } = context.params;
        const { sizeBytes } = await this.#work(
          context,
          'export',
          { table: this.#table(this.#require(name, version)), format, target: file },
          (answer) => Promise.resolve(answer),
        );
        const { db, audit } = this.#with;
        transaction(db, () =>
          audit.append({
            caller: context.caller,
            action: 'data.export',
            subject: `dataset ${name} v${version}`,
            details: { file, format, sizeBytes },
          }),
        );
        return { file, sizeBytes };
      },
    };
  }

  /** The operation in a process of its own, watched and cancelled as the job is. */
  #work<O extends DataOperation, P, R>(
    context: JobContext<P>,
    operation: O,
    params: OperationParams<O>,
    use: (answer: OperationAnswer<O>) => Promise<R>,
  ): Promise<R> {
    const { signal } = context;
    return this.#workers.work(
      operation,
      params,
      { memoryMb: this.#with.jobMemoryMb(), signal, onProgress: context.progress.bind(context) },
      use,
    );
  }

  // ---- storing

  /** Content first, then the row that names it and its audit entry in one transaction. */
  async #keep(table: NewVersion, caller: Caller): Promise<ImportResult> {
    const { db, blobs, audit, clock, emit } = this.#with;
    const { name, columns, rows, source, action } = table;
    const { sha256, sizeBytes } = await blobs.adopt(table.file);
    const { sha256: profileSha256 } = await blobs.put(Buffer.from(JSON.stringify(table.profile)));
    const at = clock.now();
    const result = transaction(db, (): ImportResult => {
      const known = this.#store.withContent(name, sha256, columns);
      if (known) return { dataset: name, version: known.version, rows, rowsSetAside: source.rowsSetAside, isNew: false };
      const version = this.#store.insert({
        dataset: name,
        kind: table.kind,
        columns,
        rows,
        sizeBytes,
        sha256,
        profileSha256,
        source,
        warnings: table.warnings,
        createdAt: at,
        createdBy: caller.actor,
      });
      audit.append({
        caller,
        action,
        subject: `dataset ${name} v${version}`,
        details: { sha256, rows, columns: columns.length, format: source.format, rowsSetAside: source.rowsSetAside },
      });
      return { dataset: name, version, rows, rowsSetAside: source.rowsSetAside, isNew: true };
    });
    if (result.isNew) emit('changed', { area: 'data', name, at });
    return result;
  }

  #table({ sha256, rows, columns }: StoredVersion): StoredTable {
    return { file: this.#with.blobs.path(sha256), rows, columns };
  }

  async #profileOf({ profileSha256 }: StoredVersion): Promise<TableProfile> {
    return JSON.parse((await this.#with.blobs.read(profileSha256)).toString()) as TableProfile;
  }

  #require(name: string, version?: number): StoredVersion {
    const stored = version === undefined ? this.#store.newest(name) : this.#store.version(name, version);
    if (!stored) throw new ModelkeepError('MK_NOT_FOUND', { what: 'dataset', name: version === undefined ? name : `${name} v${version}` });
    return stored;
  }
}

function published({ profileSha256: _profile, warnings: _warnings, ...version }: StoredVersion): DatasetVersion {
  return version;
}

function requireColumn(table: StoredTable, field: string, name: string): void {
  if (!table.columns.some((column) => column.name === field))
    throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject: `dataset ${name}` });
}

/** A column that is often what people want to predict, by its name. Only a hint: nothing is done with it unasked. */
function targetHint({ columns }: StoredVersion): string | null {
  const usual = /^(target|label|class|y|churn(ed|_flag)?|default(ed)?|fraud|outcome|converted|response|标签|目标|是否.{0,6})$/i;
  return columns.find(({ name }) => usual.test(name))?.name ?? null;
}
