// Endpoints: the list, one endpoint with its traffic, its stored requests as they come.
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type EndpointEntry = Result<'serve.list'>[number];
export type EndpointPage = Result<'serve.get'>;
export type RequestSummary = Result<'serve.requests'>['requests'][number];
export type StoredRequest = Result<'serve.request'>;
export type TriedRow = Params<'serve.try'>['rows'][number];

export class EndpointsManager {
  readonly list = new Loaded<EndpointEntry[]>(() => client.call('serve.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

export class EndpointManager {
  readonly #name: string;
  #windowMs = $state(3_600_000);
  readonly page: Loaded<EndpointPage>;
  /** All endpoints, to tell which others follow the same alias. */
  readonly #all = new Loaded<EndpointEntry[]>(() => client.call('serve.list', {}));
  readonly limits: Loaded<Result<'monitor.get'>['settings']>;
  readonly lineage: Loaded<Result<'registry.lineage'>>;

  constructor(name: string) {
    this.#name = name;
    this.page = new Loaded(() => client.call('serve.get', { name, windowMs: this.#windowMs }));
    this.limits = new Loaded(async () => (await client.call('monitor.get', { endpoint: name })).settings);
    this.lineage = new Loaded(() => client.call('registry.lineage', { kind: 'endpoint', name, version: null }));
  }

  get name(): string {
    return this.#name;
  }
  get windowMs(): number {
    return this.#windowMs;
  }
  /** Shows another stretch of time. */
  async show(windowMs: number): Promise<void> {
    this.#windowMs = windowMs;
    await this.page.reload();
  }
  readonly load = async (): Promise<void> => {
    await Promise.all([this.page.reload(), this.#all.reload(), this.lineage.reload(), this.limits.reload()]);
  };

  /** The version that answered before the present one; null when none did. */
  get previousVersion(): number | null {
    const page = this.page.value;
    return page?.deployments.toSorted((a, b) => b.at - a.at).find(({ version }) => version !== page.version)?.version ?? null;
  }
  /** Running endpoints that follow the same alias, this one first. */
  get together(): string[] {
    const page = this.page.value;
    const others = (this.#all.value ?? []).filter(
      ({ name, model, alias, state }) => name !== this.#name && model === page?.model && alias === page.alias && state !== 'stopped',
    );
    return [this.#name, ...others.map(({ name }) => name)];
  }

  async stop(): Promise<void> {
    await client.call('serve.stop', { name: this.#name });
    await this.load();
  }
  async start(): Promise<void> {
    await client.call('serve.start', { name: this.#name });
    await this.load();
  }
  async rollBack(reason: string): Promise<number | null> {
    const { version } = await client.call('serve.rollback', { name: this.#name, reason });
    await this.load();
    return version;
  }
  try(row: TriedRow): Promise<Result<'serve.try'>> {
    return client.call('serve.try', { name: this.#name, rows: [row] });
  }
}

const pageSize = 100;

/** Stored requests of one endpoint, newest first; older ones on demand, newer ones as they come unless paused. */
export class RequestsManager {
  readonly #endpoint: string;
  #search = $state('');
  #only = $state<'all' | 'errors'>('all');
  #paused = $state(false);
  #requests = $state.raw<RequestSummary[]>([]);
  #total = $state<number | null>(null);
  #error = $state.raw<unknown>(null);
  #loadingOlder = $state(false);
  #missed = $state(0);
  #run = 0;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  get requests(): readonly RequestSummary[] {
    return this.#requests;
  }
  /** Behind the filter; null until the first answer. */
  get total(): number | null {
    return this.#total;
  }
  get error(): unknown {
    return this.#error;
  }
  get search(): string {
    return this.#search;
  }
  get only(): 'all' | 'errors' {
    return this.#only;
  }
  get paused(): boolean {
    return this.#paused;
  }
  /** Requests that came while paused. */
  get missed(): number {
    return this.#missed;
  }
  get hasOlder(): boolean {
    return this.#total !== null && this.#requests.length < this.#total;
  }
  get loadingOlder(): boolean {
    return this.#loadingOlder;
  }

  filter(change: { search?: string; only?: 'all' | 'errors' }): void {
    this.#search = change.search ?? this.#search;
    this.#only = change.only ?? this.#only;
    this.#requests = [];
    void this.#read();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#missed = 0;
    if (!paused) void this.#read();
  }

  /** Called when requests may have come. */
  readonly load = async (): Promise<void> => {
    if (!this.#paused || this.#total === null) return this.#read();
    const before = this.#total;
    const { total } = await this.#ask({ limit: 1 }).catch(() => ({ total: before }));
    this.#missed = Math.max(0, total - before);
  };

  async loadOlder(): Promise<void> {
    const last = this.#requests.at(-1);
    if (!last || this.#loadingOlder) return;
    this.#loadingOlder = true;
    try {
      const { requests } = await this.#ask({ before: last.id, limit: pageSize });
      this.#requests = [...this.#requests, ...requests];
    } catch (error) {
      this.#error = error;
    } finally {
      this.#loadingOlder = false;
    }
  }

  async #read(): Promise<void> {
    const run = ++this.#run;
    try {
      const { requests, total } = await this.#ask({ limit: pageSize });
      if (run !== this.#run) return;
      // What was scrolled to stays: newer ones are put before it.
      const known = new Set(requests.map(({ id }) => id));
      const oldest = requests.at(-1);
      const older = oldest ? this.#requests.filter(({ id, at }) => !known.has(id) && at <= oldest.at) : [];
      this.#requests = [...requests, ...older];
      this.#total = total;
      this.#error = null;
    } catch (error) {
      if (run === this.#run) this.#error = error;
    }
  }

  #ask(window: { before?: string; limit: number }): Promise<Result<'serve.requests'>> {
    const search = this.#search.trim();
    return client.call('serve.requests', { endpoint: this.#endpoint, only: this.#only, ...(search ? { search } : {}), ...window });
  }
}

/** One stored request with what was sent and answered. */
export function storedRequest(id: string): Loaded<StoredRequest> {
  return new Loaded(() => client.call('serve.request', { id }));
}

export function deploy(params: Params<'serve.deploy'>): Promise<Result<'serve.deploy'>> {
  return client.call('serve.deploy', params);
}
