// The endpoints of this process and the way of one request through them: admit, infer, journal, answer.
import { catalogue, type ErrorCode } from '../../../../src-shared/errors/catalogue.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { JournalWriter } from '../journal/journalWriter.ts';
import type { JournalRecord, RequestFacts } from '../journal/record.ts';
import type { AnswerMeta, ModelToServe, RequestKind } from '../wire/messages.ts';
import { EndpointStatistics } from '../statistics/endpointStatistics.ts';
import type { HostFactory } from './hostFactory.ts';
import type { Dispatch, Outcome } from './hostProcess.ts';
import { GatewayMetrics } from './metrics.ts';
import { ServedEndpoint, type EndpointLimits, type EndpointReport } from './servedEndpoint.ts';

/** Bodies in memory of all requests together. */
const maxBytesInFlight = 256 * 1024 * 1024;
/** A request and answer that are larger are stored without their content. */
const maxStoredBytes = 1024 * 1024;

export interface Ticket {
  endpoint: ServedEndpoint;
  kind: RequestKind;
  requestId: string;
  arrivedAt: number;
  at: number;
  pinnedVersion: number | null;
  /** On the clock of `performance.now`; null when the caller waits as long as it takes. */
  deadlineAt: number | null;
  /** What a host was asked, once it was. */
  dispatch: Dispatch | null;
  model: string;
  storeInputs: boolean;
}

export type InferAnswer =
  { error: ModelkeepError } | { error: null; status: number; body: Buffer; jsonBytes: number | null; version: number };

const nothing = new Uint8Array();

export class Gateway {
  readonly metrics: GatewayMetrics;
  readonly #endpoints = new Map<string, ServedEndpoint>();
  readonly #factory: HostFactory;
  readonly #journal: JournalWriter;
  readonly #clock: Clock;
  readonly #limits: EndpointLimits;
  readonly #onChange: (report: EndpointReport) => void;
  readonly #watch: NodeJS.Timeout;
  #bytesInFlight = 0;
  /** Answers of this turn of the event loop, not yet in the journal. */
  #answers: { record: JournalRecord; ticket: Ticket; outcome: Outcome; done: (answer: InferAnswer) => void }[] = [];
  #closing = false;
  /** Set from outside while the disk has little room: requests are still counted, their content is not kept. */
  diskLow = false;

  constructor(
    factory: HostFactory,
    journal: JournalWriter,
    clock: Clock,
    limits: EndpointLimits,
    onChange: (report: EndpointReport) => void,
  ) {
    this.#factory = factory;
    this.#journal = journal;
    this.#clock = clock;
    this.#limits = limits;
    this.#onChange = onChange;
    this.metrics = new GatewayMetrics(
      () =>
        [...this.#endpoints.values()].map((endpoint) => ({
          endpoint: endpoint.name,
          inFlight: endpoint.limiter.inFlight,
          limit: endpoint.limiter.limit,
          ready: isAnswering(endpoint),
          replaced: endpoint.report.replaced,
          version: endpoint.report.version ?? 0,
        })),
      () => journal,
    );
    const everyMs = 50;
    let lastAt = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      // When this process was stopped itself, its hosts are not to blame.
      const pauseMs = Math.max(0, now - lastAt - 4 * everyMs);
      lastAt = now;
      for (const endpoint of this.#endpoints.values()) endpoint.watch(now, pauseMs);
    }, everyMs).unref();
  }

  /** Resolves when the version answers. Errors: those of ServedEndpoint.deploy. */
  async deploy(model: ModelToServe): Promise<EndpointReport> {
    let endpoint = this.#endpoints.get(model.endpoint);
    if (!endpoint || endpoint.state === 'stopped') {
      endpoint = new ServedEndpoint(model, this.#factory, this.#limits, this.#onChange);
      this.#endpoints.set(model.endpoint, endpoint);
    }
    await endpoint.deploy(model);
    return endpoint.report;
  }

  stop(name: string): void {
    const endpoint = this.#endpoints.get(name);
    this.#endpoints.delete(name);
    endpoint?.stop();
  }

  /** Takes a place for a request. Errors: MK_SERVE_ENDPOINT_UNKNOWN, …_VERSION_NOT_SERVED, …_NOT_READY, …_OVERLOADED. */
  admit({
    endpoint: name,
    kind,
    requestId,
    arrivedAt,
    pinnedVersion,
    deadlineAt = null,
  }: {
    endpoint: string;
    kind: RequestKind;
    requestId: string;
    arrivedAt: number;
    pinnedVersion: string | null;
    deadlineAt?: number | null;
  }): Ticket {
    const endpoint = this.#require(name);
    const { model, storeInputs } = endpoint.wanted;
    const pinned = pinnedVersion === null ? null : versionNumber(pinnedVersion);
    const ticket: Ticket = {
      endpoint,
      kind,
      requestId,
      arrivedAt,
      at: this.#clock.now(),
      pinnedVersion: pinned,
      deadlineAt,
      dispatch: null,
      model,
      storeInputs,
    };
    const served = endpoint.serving?.version ?? null;
    let error: ModelkeepError | null = null;
    if (this.#closing) error = new ModelkeepError('MK_SERVE_NOT_READY', { field: name, state: 'stopping' });
    else if (
      endpoint.state === 'failing' ||
      endpoint.state === 'stopped' ||
      (endpoint.state === 'starting' && served === null && endpoint.report.replaced === 0)
    )
      error = new ModelkeepError('MK_SERVE_NOT_READY', { field: name, state: endpoint.state });
    else if (pinned !== null && served !== null && pinned !== served)
      error = new ModelkeepError('MK_SERVE_VERSION_NOT_SERVED', { expected: served, found: pinnedVersion!.slice(0, 40), field: name });
    else if (this.#bytesInFlight > maxBytesInFlight || !endpoint.limiter.admit())
      error = new ModelkeepError('MK_SERVE_OVERLOADED', { field: name });
    if (error) {
      this.#record(ticket, error);
      throw error;
    }
    return ticket;
  }

  /** The request was refused before it ran. */
  refuse(ticket: Ticket, error: ModelkeepError): void {
    ticket.endpoint.limiter.abandon();
    this.#record(ticket, error);
  }

  /** The caller went away before the body was complete: nothing was asked. */
  abandon(ticket: Ticket): void {
    ticket.endpoint.limiter.abandon();
  }

  infer(ticket: Ticket, body: Buffer, jsonBytes: number | null, done: (answer: InferAnswer) => void): void {
    const { endpoint, kind, requestId, pinnedVersion, deadlineAt } = ticket;
    this.#bytesInFlight += body.length;
    const sentAt = performance.now();
    ticket.dispatch = {
      kind,
      requestId,
      jsonBytes,
      body,
      pinnedVersion,
      deadlineAt,
      cancelled: false,
      deaths: 0,
      settle: (outcome) => {
        const now = performance.now();
        this.#bytesInFlight -= body.length;
        endpoint.limiter.release(now - sentAt, now);
        const error = 'error' in outcome ? outcome.error : null;
        this.#answers.push({ record: this.#describe(ticket, error, { body, jsonBytes, outcome }), ticket, outcome, done });
        // All answers that came in one piece from a host are written together.
        if (this.#answers.length === 1) process.nextTick(() => this.#flush());
      },
    };
    endpoint.dispatch(ticket.dispatch);
  }

  /** The caller has gone: what no host has begun is not computed any more. */
  cancel({ dispatch }: Ticket): void {
    if (dispatch) dispatch.cancelled = true;
  }

  /** Journal first, answers after: what a caller was told is with the system by then, and is not lost whoever dies now. */
  #flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    this.#journal.appendAll(answers.map(({ record }) => record));
    for (const { record, ticket, outcome, done } of answers) {
      this.#count(ticket, record.facts, outcome);
      if ('error' in outcome) done({ error: outcome.error });
      else {
        const { status, meta, body, jsonBytes } = outcome.answer;
        const failed = ticket.kind === 'grpc' && status !== 200 ? (JSON.parse(meta.toString()) as AnswerMeta).error : null;
        if (failed) done({ error: new ModelkeepError(failed.code as ErrorCode, failed.params) });
        else done({ error: null, status, body, jsonBytes, version: outcome.version });
      }
    }
  }

  get ready(): boolean {
    return !this.#closing && [...this.#endpoints.values()].every(isAnswering);
  }

  /** Error: MK_SERVE_ENDPOINT_UNKNOWN. */
  isReady(name: string, version: string | null): boolean {
    const endpoint = this.#require(name);
    return !this.#closing && isAnswering(endpoint) && (version === null || versionNumber(version) === endpoint.serving?.version);
  }

  /** Errors: MK_SERVE_ENDPOINT_UNKNOWN, MK_SERVE_VERSION_NOT_SERVED. */
  described(name: string, version: string | null): ModelToServe {
    const endpoint = this.#require(name);
    const model = endpoint.serving ?? endpoint.wanted;
    if (version !== null && versionNumber(version) !== model.version)
      throw new ModelkeepError('MK_SERVE_VERSION_NOT_SERVED', { expected: model.version, found: version.slice(0, 40), field: name });
    return model;
  }

  /** Counts since the version answers; of every endpoint when no name is given. Errors: as `described`. */
  statistics(name: string | null, version: string | null): { endpoint: string; version: number; statistics: EndpointStatistics }[] {
    const served = name === null ? this.served() : [this.described(name, version)];
    return served.map((model) => ({
      endpoint: model.endpoint,
      version: model.version,
      statistics: this.#require(model.endpoint).statisticsOf(model.version) ?? new EndpointStatistics(),
    }));
  }

  /** Rows that are computed at once; 0 when the model takes them one by one. Errors: as `described`. */
  batchRows(name: string): number {
    const { batchable, chunkRows } = this.#require(name).info ?? { batchable: false, chunkRows: 0 };
    return batchable ? chunkRows : 0;
  }

  report(name: string): EndpointReport {
    return this.#require(name).report;
  }

  reports(): EndpointReport[] {
    return [...this.#endpoints.values()].map(({ report }) => report);
  }

  served(): ModelToServe[] {
    return [...this.#endpoints.values()].map((endpoint) => endpoint.serving ?? endpoint.wanted);
  }

  /** Lets what runs finish, at most `withinMs`, then ends every host. */
  async close(withinMs: number): Promise<void> {
    this.#closing = true;
    const until = performance.now() + withinMs;
    const pending = (): number => [...this.#endpoints.values()].reduce((sum, endpoint) => sum + endpoint.pending, 0);
    while (pending() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    clearInterval(this.#watch);
    for (const endpoint of this.#endpoints.values()) endpoint.kill();
    await this.#factory.close();
    this.#journal.close();
  }

  #require(name: string): ServedEndpoint {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw new ModelkeepError('MK_SERVE_ENDPOINT_UNKNOWN', { field: name });
    return endpoint;
  }

  /** A request that no host saw. */
  #record(ticket: Ticket, error: ModelkeepError): void {
    const record = this.#describe(ticket, error, null);
    this.#journal.append(record);
    this.#count(ticket, record.facts, null);
  }

  #count({ endpoint, kind }: Ticket, { at, status, latencyMs }: RequestFacts, outcome: Outcome | null): void {
    this.metrics.record(endpoint.name, kind, status, latencyMs);
    const answered = outcome && 'answer' in outcome ? outcome.answer : null;
    const statistics = endpoint.statisticsOf(outcome?.version ?? null);
    if (!statistics) return;
    if (answered) statistics.addRuns(answered.timing.runs);
    if (answered?.status === 200) statistics.addSuccess(at + latencyMs, latencyMs, answered.rows, answered.timing);
    else statistics.addFailure(latencyMs);
  }

  #describe(
    ticket: Ticket,
    error: ModelkeepError | null,
    ran: { body: Buffer; jsonBytes: number | null; outcome: Outcome } | null,
  ): JournalRecord {
    const answer = ran && 'answer' in ran.outcome ? ran.outcome.answer : null;
    const status = error ? catalogue[error.code].http : answer!.status;
    const latencyMs = performance.now() - ticket.arrivedAt;
    const bytes = (ran?.body.length ?? 0) + (answer?.body.length ?? 0);
    const omitted = !ticket.storeInputs ? 'setting' : bytes > maxStoredBytes ? 'tooLarge' : this.diskLow ? 'diskLow' : null;
    const facts: RequestFacts = {
      id: ticket.requestId,
      at: ticket.at,
      endpoint: ticket.endpoint.name,
      model: ticket.model,
      version: ran?.outcome.version ?? null,
      protocol: ticket.kind === 'named' ? 'named' : 'v2',
      status,
      latencyMs: Math.round(latencyMs * 1000) / 1000,
      error: error ? { code: error.code, params: error.params } : null,
      inputJsonBytes: ran?.jsonBytes ?? null,
      outputJsonBytes: answer?.jsonBytes ?? null,
      omitted,
      ...(ticket.kind === 'grpc' ? { encoding: 'protobuf' } : {}),
    };
    const keeps = omitted === null;
    return {
      facts,
      meta: answer?.meta ?? nothing,
      input: keeps && ran ? ran.body : nothing,
      output: keeps && answer ? answer.body : nothing,
    };
  }
}

/** NaN for what is no version, which then equals none. */
function versionNumber(text: string): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
}

function isAnswering(endpoint: ServedEndpoint): boolean {
  return endpoint.serving !== null && (endpoint.state === 'ready' || endpoint.state === 'switching');
}
