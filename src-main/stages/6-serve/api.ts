/**
 * Endpoints: which model answers under which name, and what was asked and answered.
 *
 * The service owns the gateway (HTTP, inference hosts) and the ingester (stored requests) as child processes, keeps what is deployed in the
 * registry's database, and brings everything back after any of them, or the core, was killed. It never loads a model itself.
 * Caveats: a version counts as deployed once it answers; when it cannot be loaded, the version before goes on and nothing is recorded.
 * Truth and stored requests live in requests.sqlite, which only the ingester writes.
 */
import { join } from 'node:path';
import { describeError, type ErrorCode } from '../../../src-shared/errors/catalogue.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { requireName } from '../../../src-shared/errors/requireName.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { Endpoint } from '../../../src-shared/rpc/serve.ts';
import type { Settings } from '../../../src-shared/rpc/system.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StartWorker, Worker } from '../../platform/processHost.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { curlCommand } from './exampleRow.ts';
import type { GatewaySettings } from './gateway/main.ts';
import type { EndpointReport } from './gateway/servedEndpoint.ts';
import type { Performance } from './ingester/performance.ts';
import type { Retention } from './ingester/retention.ts';
import type { LabelledRow, TruthResult, TruthRow } from './ingester/truth.ts';
import type { WindowCounts, WindowQuery } from './ingester/window.ts';
import type { ModelResolver, ServableVersion } from './models.ts';
import { postJson } from './postJson.ts';
import { EndpointStore, type EndpointRow } from './store.ts';
import { SupervisedWorker } from './supervisedWorker.ts';
import type { ModelToServe } from './wire/messages.ts';
import { wireError, type IndexEntry, type RepositoryAnswer, type RepositoryQuestion } from './wire/repository.ts';

export type { ModelResolver, ServableVersion } from './models.ts';
export type { ColumnCounts, Counts } from './statistics/counts.ts';
export type { LabelledRow, TruthRow } from './ingester/truth.ts';
export { exampleRow } from './exampleRow.ts';

export interface ServeDependencies {
  db: WritableDb;
  audit: AuditWriter;
  clock: Clock;
  emit: Emit;
  startWorker: StartWorker;
  models: ModelResolver;
  /** The workspace's folder (for requests.sqlite), its journal and its folder for sockets. */
  folders: { workspace: string; journal: string; run: string };
  settings: () => Pick<Settings, 'servePort' | 'serveGrpcPort' | 'serveControl' | 'requestRetentionDays'>;
  /** For tests; see gateway/main.ts. */
  limits?: Pick<GatewaySettings, 'endpoint' | 'server' | 'grpc'>;
}

export type WindowReport = WindowCounts & { performance: Performance };

/** Who deploys when nobody is there: the alias had moved while Modelkeep was not running. */
const system: Caller = { actor: 'modelkeep', shell: 'headless' };
/** A caller of the protocol: nobody knows who. */
const network: Caller = { actor: 'protocol', shell: 'headless' };
const maxStoredBytes = 8 * 1024 * 1024 * 1024;

export class ServeService {
  readonly #with: ServeDependencies;
  readonly #store: EndpointStore;
  readonly #gateway: SupervisedWorker;
  readonly #ingester: SupervisedWorker;
  readonly #reports = new Map<string, EndpointReport>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #ingestListeners = new Set<(endpoints: string[]) => void>();
  /** Kept over restarts of the gateway, so that callers find it where it was. */
  #port: number | null = null;
  #grpcPort: number | null = null;
  /** What the settings said when the gateway was started; 0 lets the system choose. */
  #askedPort = 0;
  #askedGrpcPort = 0;
  #gatewayError: Endpoint['error'] = null;
  #gatewayUp = false;
  #broughtBack: Promise<unknown> = Promise.resolve();

  constructor(dependencies: ServeDependencies) {
    this.#with = dependencies;
    this.#store = new EndpointStore(dependencies.db);
    this.#gateway = new SupervisedWorker({
      start: dependencies.startWorker,
      name: 'gateway',
      setUp: (worker) => this.#setUpGateway(worker),
      onEvent: (event, data) => {
        if (event === 'endpoint') this.#onReport(data as EndpointReport);
        else if (event === 'repository') void this.#onQuestion(data as RepositoryQuestion);
      },
      onLost: () => this.#onGatewayLost(),
    });
    this.#ingester = new SupervisedWorker({
      start: dependencies.startWorker,
      name: 'ingester',
      setUp: async (worker) => void (await worker.request('open', this.#storage())),
      onEvent: (event, data) => {
        if (event !== 'ingested') return;
        const { endpoints } = data as { endpoints: string[] };
        for (const name of endpoints) this.#changed(name);
        for (const listener of this.#ingestListeners) listener(endpoints);
      },
    });
  }

  /** Brings back what was running. Called once by shells that stay; resolves when every endpoint answers or has said why not. */
  async resume(): Promise<void> {
    const running = this.#store.all().filter(({ desired }) => desired === 'running');
    await Promise.all([
      this.#ingester.get().catch(() => {}), // it is tried again
      running.length > 0 ? this.#gateway.get().catch(() => {}) : undefined,
    ]);
    await this.#broughtBack;
  }

  /** After the settings were saved: another port moves the gateway there (callers are cut off for a moment), another retention counts
   *  from now on. Error: MK_PORT_IN_USE; endpoints are failing until another port is chosen or this one is free. */
  async applySettings(): Promise<void> {
    if (this.#ingester.running) await this.#ingester.request('open', this.#storage());
    const { servePort, serveGrpcPort } = this.#with.settings();
    if (!this.#gateway.running || (this.#askedPort === servePort && this.#askedGrpcPort === serveGrpcPort)) return;
    await this.#gateway.stop();
    this.#onGatewayLost();
    this.#port = null;
    this.#grpcPort = null;
    await this.#gateway.get();
    await this.#broughtBack;
  }

  /** Creates the endpoint, or points an existing one at another alias, and waits until it answers.
   *  Errors: MK_NAME_INVALID, MK_NOT_FOUND, MK_PORT_IN_USE, MK_SERVE_LOAD_FAILED, …_WARMUP_HUNG, …_SIGNATURE_MISMATCH, MK_BLOB_…. */
  deploy({ endpoint, model, alias, storeInputs, reason }: Parsed<'serve.deploy'>, caller: Caller): Promise<Endpoint> {
    requireName(endpoint);
    return this.#inTurn(endpoint, async () => {
      const version = this.#with.models.resolve(model, alias);
      const before = this.#store.get(endpoint);
      try {
        await this.#bringUp(endpoint, version, storeInputs);
      } catch (error) {
        if (before?.desired !== 'running') await this.#withdraw(endpoint);
        throw error;
      }
      this.#record({ endpoint, alias, version, storeInputs, reason, caller, before, action: 'serve.deploy' });
      return this.#describe(this.#require(endpoint));
    });
  }

  /** Called by the registry when an alias has moved: every endpoint that follows it and runs answers with the new version when this resolves,
   *  or goes on with the old one when it rejects. A removed alias (`to` null) leaves endpoints as they are. */
  async onAliasMoved({
    model,
    alias,
    to,
    reason,
    caller,
  }: {
    model: string;
    alias: string;
    to: number | null;
    reason: string;
    caller: Caller;
  }): Promise<void> {
    if (to === null) return;
    const moved: EndpointRow[] = [];
    try {
      for (const { name } of this.#store.following(model, alias)) {
        await this.#inTurn(name, async () => {
          const before = this.#store.get(name);
          if (!before || before.model !== model || before.alias !== alias || before.version === to) return;
          const version = this.#with.models.version(model, to);
          if (before.desired === 'running') await this.#bringUp(name, version, before.storeInputs);
          this.#record({ endpoint: name, alias, version, storeInputs: before.storeInputs, reason, caller, before, action: 'serve.switch' });
          moved.push(before);
        });
      }
    } catch (error) {
      // All or none: the alias goes back, so the endpoints that had followed go back too.
      for (const before of moved) await this.#goBack(before, caller).catch(() => {});
      throw error;
    }
  }

  /** `keepsListening`: callers that stop the last endpoint over the network are still answered, and can start it again. */
  stop({ name }: { name: string }, caller: Caller, keepsListening = false): Promise<Endpoint> {
    return this.#inTurn(name, async () => {
      const row = this.#require(name);
      if (row.desired === 'running') {
        this.#setDesired(row, 'stopped', caller);
        await this.#withdraw(name, keepsListening);
      }
      return this.#describe(this.#require(name));
    });
  }

  /** Errors: as `deploy`. */
  start({ name }: { name: string }, caller: Caller): Promise<Endpoint> {
    return this.#inTurn(name, async () => {
      const row = this.#require(name);
      const version = this.#present(row);
      try {
        await this.#bringUp(name, version, row.storeInputs);
      } catch (error) {
        if (row.desired === 'stopped') await this.#withdraw(name);
        throw error;
      }
      if (row.desired === 'stopped') this.#setDesired(row, 'running', caller);
      if (version.version !== row.version) this.#recordMissed(this.#require(name), version);
      return this.#describe(this.#require(name));
    });
  }

  /** Moves the alias back to the version that answered before. Errors: MK_SERVE_NO_PREVIOUS, and as `deploy`. */
  async rollback({ name, reason }: { name: string; reason: string }, caller: Caller): Promise<Endpoint> {
    const { model, alias, version } = this.#require(name);
    const previous = this.#store.deployments(name).find((each) => each.model === model && each.version !== version);
    if (!previous) throw new ModelkeepError('MK_SERVE_NO_PREVIOUS', { name });
    const move = { model, alias, version: previous.version, reason: reason || `rollback from version ${version}` };
    await this.#with.models.moveAlias(move, caller);
    await this.onAliasMoved({ model, alias, to: previous.version, reason: move.reason, caller }); // nothing to do when the registry has called it
    return this.#describe(this.#require(name));
  }

  async list(): Promise<Result<'serve.list'>> {
    const rows = this.#store.all();
    const traffic = await this.traffic(
      rows.map(({ name }) => name),
      3_600_000,
    );
    return rows.map((row, at) => ({ ...this.#describe(row), traffic: traffic[at]! }));
  }

  async get({ name, windowMs }: Parsed<'serve.get'>): Promise<Result<'serve.get'>> {
    const endpoint = this.#describe(this.#require(name));
    const [traffic] = await this.traffic([name], windowMs);
    const url = endpoint.predictUrl ?? `http://127.0.0.1:${this.#port ?? this.#with.settings().servePort}${predictPath(name)}`;
    return { ...endpoint, traffic: traffic!, curl: endpoint.signature ? curlCommand(url, endpoint.signature) : '' };
  }

  /** Sends rows through the real HTTP endpoint. Errors: MK_SERVE_STOPPED, MK_SERVE_NOT_READY; what the endpoint answers is the result. */
  async try({ name, rows }: Parsed<'serve.try'>): Promise<Result<'serve.try'>> {
    const { predictUrl, state } = this.#describe(this.#require(name));
    if (state === 'stopped') throw new ModelkeepError('MK_SERVE_STOPPED', { name });
    if (predictUrl === null) throw new ModelkeepError('MK_SERVE_NOT_READY', { field: name, state });
    const start = performance.now();
    const { status, body } = await postJson(predictUrl, { rows }).catch((error: unknown) => {
      throw new ModelkeepError('MK_SERVE_NOT_READY', { field: name, state }, { cause: error });
    });
    return { status, body, latencyMs: performance.now() - start };
  }

  requests(query: Parsed<'serve.requests'>): Promise<Result<'serve.requests'>> {
    return this.#ingester.request('requests', query);
  }

  /** Error: MK_NOT_FOUND. */
  request(id: string): Promise<Result<'serve.request'>> {
    return this.#ingester.request('request', { id });
  }

  traffic(endpoints: string[], windowMs: number): Promise<Result<'serve.get'>['traffic'][]> {
    return this.#ingester.request('traffic', { endpoints, windowMs });
  }

  /** Name, model and version of every endpoint; cheap. */
  endpoints(): { name: string; model: string; version: number; running: boolean }[] {
    return this.#store.all().map(({ name, model, version, desired }) => ({ name, model, version, running: desired === 'running' }));
  }

  /** The version that an endpoint answers with (or did when it was stopped). Error: MK_NOT_FOUND. */
  served(name: string): ServableVersion {
    const { model, version } = this.#require(name);
    return this.#with.models.version(model, version);
  }

  /** Endpoints that do not answer although they should. */
  failing(): { name: string; error: Endpoint['error'] }[] {
    return this.#store.all().flatMap((row) => {
      const { state, error } = this.#describe(row);
      return state === 'failing' ? [{ name: row.name, error }] : [];
    });
  }

  /** What the gateway says of each endpoint, with the process of its host. Empty while nothing is served. */
  async hosts(): Promise<EndpointReport[]> {
    return this.#gateway.running ? this.#gateway.request<EndpointReport[]>('reports', {}) : [];
  }

  // For the monitor and for learning: counted and read where the requests are stored.

  /** The newest rows in the bins of a reference, and how right the answers were. */
  window(query: WindowQuery): Promise<WindowReport> {
    return this.#ingester.request('window', query);
  }

  storeTruth(endpoint: string, rows: TruthRow[]): Promise<TruthResult> {
    return this.#ingester.request('truth', { endpoint, rows });
  }

  /** Errors: MK_NOT_FOUND, MK_MONITOR_TRUTH_FILE. */
  readTruthFile(file: string): Promise<TruthRow[]> {
    return this.#ingester.request('readTruthFile', { file });
  }

  /** Stored inputs whose truth is known, oldest first, in pages: rows for retraining. */
  labelledRows(
    endpoint: string,
    { afterSeq = 0, limit = 1000 }: { afterSeq?: number; limit?: number } = {},
  ): Promise<{ rows: LabelledRow[]; nextSeq: number | null }> {
    const columns = this.served(endpoint).signature.inputs.map(({ name }) => name);
    return this.#ingester.request('labelled', { endpoint, columns, afterSeq, limit });
  }

  /** Called with the endpoints that have new stored requests. Returns the way to stop. */
  onIngested(listener: (endpoints: string[]) => void): () => void {
    this.#ingestListeners.add(listener);
    return () => void this.#ingestListeners.delete(listener);
  }

  /** Lets running requests finish, stores what was answered, ends the children. */
  async close(): Promise<void> {
    await this.#gateway.stop();
    await this.#ingester.stop();
  }

  /** What the ingester works on. */
  #storage(): { journal: string; database: string; retention: Retention } {
    const { folders, settings } = this.#with;
    const retention = { keepDays: settings().requestRetentionDays, maxBytes: maxStoredBytes };
    return { journal: folders.journal, database: join(folders.workspace, 'requests.sqlite'), retention };
  }

  // Gateway.

  async #setUpGateway(worker: Worker): Promise<void> {
    const { folders, settings, limits } = this.#with;
    this.#askedPort = settings().servePort;
    this.#askedGrpcPort = settings().serveGrpcPort;
    try {
      const start = {
        port: this.#port ?? this.#askedPort,
        grpcPort: this.#grpcPort ?? this.#askedGrpcPort,
        journal: folders.journal,
        run: folders.run,
        ...limits,
      } satisfies GatewaySettings;
      const { port, grpcPort } = await worker.request<{ port: number; grpcPort: number }>('start', start);
      this.#port = port;
      this.#grpcPort = grpcPort;
      this.#gatewayError = null;
      this.#gatewayUp = true;
    } catch (error) {
      this.#gatewayError = errorData(error);
      this.#changed(null);
      throw error;
    }
    // Loading takes a while each, and a slow one must not hold up the others or a new deployment; the gateway reports how it goes.
    this.#broughtBack = Promise.all(this.#store.all().flatMap((row) => (row.desired === 'running' ? [this.#bringBack(worker, row)] : [])));
  }

  /** After a restart. What cannot be brought back is reported as failing; the rest serves. */
  async #bringBack(worker: Worker, row: EndpointRow): Promise<void> {
    try {
      const version = this.#present(row);
      await worker.request('deploy', toServe(row.name, version, row.storeInputs));
      if (version.version !== row.version) this.#recordMissed(row, version);
    } catch (error) {
      this.#onReport({ name: row.name, state: 'failing', version: null, error: errorData(error), pid: null, replaced: 0 });
    }
  }

  #onGatewayLost(): void {
    this.#gatewayUp = false;
    for (const [name, report] of this.#reports) this.#reports.set(name, { ...report, state: 'starting', version: null, pid: null });
    this.#changed(null);
  }

  /** Takes an endpoint out of the gateway, and gives the port back when nothing is served any more. */
  async #withdraw(name: string, keepsListening = false): Promise<void> {
    this.#reports.delete(name);
    if (keepsListening || this.#store.all().some(({ name: other, desired }) => other !== name && desired === 'running')) {
      await this.#gateway.request('stop', { name }).catch(ignoreDeath);
      return;
    }
    this.#gatewayUp = false;
    this.#gatewayError = null;
    await this.#gateway.stop();
    this.#port = null;
    this.#grpcPort = null;
  }

  /** The repository extension of the protocol. */
  async #onQuestion({ id, action, name }: RepositoryQuestion): Promise<void> {
    let error: RepositoryAnswer['error'] = null;
    try {
      if (action !== 'index') await this.#control(action, name);
    } catch (failure) {
      error = wireError(failure);
    }
    const entries = action === 'index' ? this.#store.all().map((row) => indexEntry(this.#describe(row))) : [];
    await this.#gateway.request('repositoryAnswer', { id, entries, error } satisfies RepositoryAnswer).catch(() => {}); // it has gone
  }

  async #control(action: 'load' | 'unload', name: string): Promise<void> {
    if (!this.#with.settings().serveControl) throw new ModelkeepError('MK_SERVE_CONTROL_OFF', { field: name.slice(0, 80) });
    if (!this.#store.get(name)) throw new ModelkeepError('MK_SERVE_ENDPOINT_UNKNOWN', { field: name.slice(0, 80) });
    if (action === 'load') await this.start({ name }, network);
    else await this.stop({ name }, network, true);
  }

  async #bringUp(endpoint: string, version: ServableVersion, storeInputs: boolean): Promise<void> {
    void this.#ingester.get().catch(() => {});
    await this.#gateway.request('deploy', toServe(endpoint, version, storeInputs));
  }

  async #goBack(before: EndpointRow, caller: Caller): Promise<void> {
    await this.#inTurn(before.name, async () => {
      const version = this.#with.models.version(before.model, before.version);
      if (before.desired === 'running') await this.#bringUp(before.name, version, before.storeInputs);
      this.#record({
        endpoint: before.name,
        alias: before.alias,
        version,
        storeInputs: before.storeInputs,
        reason: 'another endpoint could not switch',
        caller,
        before,
        action: 'serve.switch',
      });
    });
  }

  #onReport(report: EndpointReport): void {
    this.#reports.set(report.name, report);
    this.#changed(report.name);
  }

  // What is deployed.

  /** What the alias points at now; what answered last when the alias was removed meanwhile. */
  #present({ model, alias, version }: EndpointRow): ServableVersion {
    try {
      return this.#with.models.resolve(model, alias);
    } catch (error) {
      if (!isModelkeepError(error) || error.code !== 'MK_NOT_FOUND') throw error;
      return this.#with.models.version(model, version);
    }
  }

  #record({ endpoint, alias, version, storeInputs, reason, caller, before, action }: Recorded): void {
    const { db, audit, clock } = this.#with;
    const at = clock.now();
    const { model, version: number, sha256 } = version;
    transaction(db, () => {
      const desired = action === 'serve.deploy' ? 'running' : (before?.desired ?? 'running');
      this.#store.put({ name: endpoint, model, alias, desired, version: number, storeInputs, createdAt: at, createdBy: caller.actor });
      if (!before || before.version !== number || before.model !== model)
        this.#store.addDeployment({ endpoint, model, version: number, sha256, at, actor: caller.actor, reason });
      audit.append({
        caller,
        action,
        subject: `endpoint ${endpoint}`,
        details: { model, alias, from: before?.version ?? null, to: number, sha256, storeInputs, reason },
      });
    });
    this.#changed(endpoint);
  }

  /** The alias moved while nothing ran: said in the history and in the audit log. */
  #recordMissed(before: EndpointRow, version: ServableVersion): void {
    const { name: endpoint, alias, storeInputs } = before;
    this.#record({ endpoint, alias, version, storeInputs, reason: 'the alias had moved', caller: system, before, action: 'serve.switch' });
  }

  #setDesired(row: EndpointRow, desired: EndpointRow['desired'], caller: Caller): void {
    const { db, audit } = this.#with;
    transaction(db, () => {
      this.#store.setDesired(row.name, desired);
      audit.append({
        caller,
        action: desired === 'running' ? 'serve.start' : 'serve.stop',
        subject: `endpoint ${row.name}`,
        details: { model: row.model, version: row.version },
      });
    });
    this.#changed(row.name);
  }

  #describe(row: EndpointRow): Endpoint {
    const report = this.#reports.get(row.name);
    const stopped = row.desired === 'stopped';
    const state = stopped ? 'stopped' : this.#gatewayError ? 'failing' : (report?.state ?? 'starting');
    const base = stopped || !this.#gatewayUp || this.#port === null ? null : `http://127.0.0.1:${this.#port}`;
    let signature: Endpoint['signature'] = null;
    try {
      signature = this.#with.models.version(row.model, row.version).signature;
    } catch {
      // The page still shows the endpoint when its version cannot be read.
    }
    return {
      name: row.name,
      model: row.model,
      alias: row.alias,
      version: row.version,
      state: state === 'stopped' && !stopped ? 'starting' : state,
      url: base,
      predictUrl: base && base + predictPath(row.name),
      v2Url: base && `${base}/v2/models/${encodeURIComponent(row.name)}`,
      grpcAddress: base && this.#grpcPort !== null ? `127.0.0.1:${this.#grpcPort}` : null,
      signature,
      error: stopped ? null : (this.#gatewayError ?? report?.error ?? null),
      deployments: this.#store.deployments(row.name).map(({ at, version, actor, reason }) => ({ at, version, actor, reason })),
      storeInputs: row.storeInputs,
      createdAt: row.createdAt,
    };
  }

  #require(name: string): EndpointRow {
    const row = this.#store.get(name);
    if (!row) throw new ModelkeepError('MK_NOT_FOUND', { what: 'endpoint', name });
    return row;
  }

  #changed(name: string | null): void {
    this.#with.emit('changed', { area: 'serve', name, at: this.#with.clock.now() });
  }

  /** Changes of one endpoint wait for each other. */
  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work, work);
    this.#turns.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  }
}

interface Recorded {
  endpoint: string;
  alias: string;
  version: ServableVersion;
  storeInputs: boolean;
  reason: string;
  caller: Caller;
  before: EndpointRow | null;
  action: 'serve.deploy' | 'serve.switch';
}

function toServe(
  endpoint: string,
  { model, version, path, sha256, signature, reference }: ServableVersion,
  storeInputs: boolean,
): ModelToServe {
  return { endpoint, model, version, path, sha256, signature, reference, storeInputs };
}

function indexEntry({ name, version, state, error }: Endpoint): IndexEntry {
  const answers = state === 'ready' || state === 'switching';
  const reason = error ? describeError(error.code as ErrorCode, error.params).message : state === 'stopped' ? 'stopped' : '';
  return { name, version: String(version ?? ''), state: answers ? 'READY' : state === 'starting' ? 'LOADING' : 'UNAVAILABLE', reason };
}

function predictPath(name: string): string {
  return `/api/v1/endpoints/${encodeURIComponent(name)}/predict`;
}

function errorData(error: unknown): NonNullable<Endpoint['error']> {
  if (isModelkeepError(error)) return { code: error.code, params: error.params };
  return { code: 'MK_INTERNAL', params: { operation: 'serve', detail: error instanceof Error ? error.message : String(error) } };
}

function ignoreDeath(error: unknown): void {
  if (!isModelkeepError(error) || error.code !== 'MK_WORKER_DIED') throw error;
}
