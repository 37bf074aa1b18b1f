// One endpoint: the host that answers, its replacement when it dies or hangs, and the switch to another version without a failed request.
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { LoadedModelInfo, ModelToServe } from '../wire/messages.ts';
import { EndpointStatistics } from '../statistics/endpointStatistics.ts';
import type { HostFactory } from './hostFactory.ts';
import type { Dispatch, HostProcess } from './hostProcess.ts';
import { Limiter } from './limiter.ts';

export interface EndpointLimits {
  /** A host that shows no progress for so long is hung; or 20 times its slowest chunk, if that is longer. */
  hungAfterMs: number;
  /** Loading and warming up one version. */
  loadWithinMs: number;
  /** What an old host may take for what it still has when a new one has taken over. */
  drainWithinMs: number;
  /** A host that has grown by more than this since it was loaded is replaced. */
  growthBytes: number;
}

export type EndpointCondition = 'starting' | 'ready' | 'switching' | 'failing' | 'stopped';

export interface EndpointReport {
  name: string;
  state: EndpointCondition;
  version: number | null;
  error: { code: string; params: Record<string, string | number | boolean> } | null;
  pid: number | null;
  /** Hosts that were replaced because they died, hung or grew. */
  replaced: number;
}

export class ServedEndpoint {
  readonly name: string;
  readonly limiter = new Limiter({ floor: 64, targetMs: 50 });
  readonly #factory: HostFactory;
  readonly #limits: EndpointLimits;
  readonly #onChange: (report: EndpointReport) => void;
  /** What should be answering. */
  #wanted: ModelToServe;
  #current: HostProcess | null = null;
  readonly #draining = new Set<HostProcess>();
  /** Admitted while no host was ready, or while a suspect runs alone. */
  #waiting: Dispatch[] = [];
  /** Were with a host when it died. One of them may be what killed it: each runs alone, and the guilty one fails alone. */
  #suspects: Dispatch[] = [];
  #suspectRunning: Dispatch | null = null;
  #work: Promise<unknown> = Promise.resolve();
  #state: EndpointCondition = 'starting';
  #error: EndpointReport['error'] = null;
  #stopped = false;
  #replaced = 0;
  #statistics = { of: '', counts: new EndpointStatistics() };
  #failures = 0;
  #retryTimer: NodeJS.Timeout | null = null;

  constructor(first: ModelToServe, factory: HostFactory, limits: EndpointLimits, onChange: (report: EndpointReport) => void) {
    this.name = first.endpoint;
    this.#wanted = first;
    this.#factory = factory;
    this.#limits = limits;
    this.#onChange = onChange;
  }

  get report(): EndpointReport {
    return {
      name: this.name,
      state: this.#state,
      version: this.#current?.served?.version ?? null,
      error: this.#error,
      pid: this.#current?.pid ?? null,
      replaced: this.#replaced,
    };
  }

  get state(): EndpointCondition {
    return this.#state;
  }

  /** What answers now; null while nothing does. */
  get serving(): ModelToServe | null {
    return this.#current?.served ?? null;
  }

  get info(): LoadedModelInfo | null {
    return this.#current?.info ?? null;
  }

  /** Counts of the version that answers, since it does; null for any other. A refusal before any host counts for the one that answers. */
  statisticsOf(version: number | null): EndpointStatistics | null {
    const served = this.serving ?? this.#wanted;
    if (version !== null && version !== served.version) return null;
    const of = `${served.model}:${served.version}`;
    if (this.#statistics.of !== of) this.#statistics = { of, counts: new EndpointStatistics() };
    return this.#statistics.counts;
  }

  /** What is to answer. */
  get wanted(): ModelToServe {
    return this.#wanted;
  }

  /** Resolves when `model` answers. When it cannot be loaded, the version before goes on and this rejects. */
  deploy(model: ModelToServe): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stopped) throw new ModelkeepError('MK_SERVE_STOPPED', { name: this.name });
      const serving = this.#current?.served;
      if (
        serving &&
        serving.sha256 === model.sha256 &&
        serving.version === model.version &&
        serving.storeInputs === model.storeInputs &&
        serving.model === model.model
      ) {
        this.#wanted = model;
        return;
      }
      const first = this.#current === null;
      this.#set(first ? 'starting' : 'switching');
      const before = this.#wanted;
      this.#wanted = model;
      try {
        await this.#bringUp(model);
      } catch (error) {
        if (first) this.#fail(error);
        else {
          this.#wanted = before;
          this.#set(this.#current ? 'ready' : 'starting');
          if (!this.#current) this.#replaceSoon();
        }
        throw error;
      }
    });
  }

  /** Sends it to the host that answers now, or keeps it until one does. */
  dispatch(dispatch: Dispatch): void {
    if (this.#current && this.#suspects.length === 0 && !this.#suspectRunning) this.#sendTo(this.#current, dispatch);
    else if (this.#stopped || this.#state === 'failing') dispatch.settle({ error: this.#notReady(), version: null });
    else this.#waiting.push(dispatch);
  }

  /** A few times a second. `pauseMs`: time in which this process itself did not run. */
  watch(now: number, pauseMs: number): void {
    for (const host of [this.#current, ...this.#draining]) {
      if (!host) continue;
      if (pauseMs > 0) host.forgive(pauseMs);
      const limitMs = Math.max(this.#limits.hungAfterMs, 20 * (host.info?.chunkMs ?? 0));
      if (host.isHung(now, limitMs)) host.kill();
      else if (host === this.#current && host.rssBytes > (host.info?.rssBytes ?? 0) * 2 + this.#limits.growthBytes) this.#recycle(host);
    }
  }

  /** No new host, the present one goes; what is waiting is refused. */
  stop(): void {
    this.#stopped = true;
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    this.#set('stopped');
    const host = this.#current;
    this.#current = null;
    if (host) this.#retire(host);
    this.#refuseWaiting();
  }

  kill(): void {
    this.#stopped = true;
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    for (const host of [this.#current, ...this.#draining]) host?.kill();
    this.#refuseWaiting();
  }

  get pending(): number {
    return (
      (this.#current?.pending ?? 0) +
      [...this.#draining].reduce((sum, host) => sum + host.pending, 0) +
      this.#waiting.length +
      this.#suspects.length
    );
  }

  #sendTo(host: HostProcess, dispatch: Dispatch): void {
    const version = host.served!.version;
    if (dispatch.pinnedVersion !== null && dispatch.pinnedVersion !== version) {
      dispatch.settle({
        error: new ModelkeepError('MK_SERVE_VERSION_NOT_SERVED', { expected: version, found: dispatch.pinnedVersion, field: this.name }),
        version: null,
      });
      return;
    }
    const gone = dispatch.cancelled ? 'MK_SERVE_CANCELLED' : isLate(dispatch) ? 'MK_SERVE_DEADLINE' : null;
    if (gone) dispatch.settle({ error: new ModelkeepError(gone, {}), version: null });
    else host.send(dispatch);
  }

  async #bringUp(model: ModelToServe): Promise<void> {
    const host = await this.#factory.take();
    // Announced before loading: a child that dies while it loads must not count as the one that answers.
    host.onGone = () => {};
    await host.load(model, this.#limits.loadWithinMs);
    if (this.#stopped) {
      host.kill();
      throw new ModelkeepError('MK_SERVE_STOPPED', { name: this.name });
    }
    if (!host.alive)
      throw new ModelkeepError('MK_SERVE_LOAD_FAILED', { model: model.model, version: model.version, reason: 'its process ended' });
    const old = this.#current;
    this.#current = host;
    host.onGone = (unanswered) => this.#onGone(host, unanswered);
    host.onAnswered = () => this.#pump();
    const { chunkRows, chunkMs } = host.info!;
    this.limiter.calibrate({ floor: 2 * chunkRows, targetMs: 50 + 2 * chunkMs });
    this.#failures = 0;
    this.#error = null;
    this.#set('ready');
    if (old) this.#retire(old);
    this.#pump();
    this.#factory.prepare();
  }

  #retire(host: HostProcess): void {
    this.#draining.add(host);
    const late = setTimeout(() => host.kill(), this.#limits.drainWithinMs).unref();
    const end = (): void => {
      if (host.pending > 0) return;
      clearTimeout(late);
      this.#draining.delete(host);
      host.onGone = () => {};
      host.kill();
    };
    host.onAnswered = end;
    host.onGone = (unanswered) => {
      clearTimeout(late);
      this.#draining.delete(host);
      this.#takeBack(unanswered);
    };
    end();
  }

  #onGone(host: HostProcess, unanswered: Dispatch[]): void {
    if (this.#current !== host) return this.#takeBack(unanswered);
    this.#current = null;
    this.#suspectRunning = null;
    this.#replaced++;
    this.#takeBack(unanswered);
    if (this.#stopped) return;
    this.#set('starting');
    this.#replaceSoon();
  }

  /** What a dead host left: tried once more, alone; then it is the request's own fault. */
  #takeBack(unanswered: Dispatch[]): void {
    for (const dispatch of unanswered) {
      dispatch.deaths++;
      if (this.#stopped) dispatch.settle({ error: this.#notReady(), version: null });
      else if (dispatch.deaths > 1)
        dispatch.settle({ error: new ModelkeepError('MK_SERVE_MODEL_CRASHED', { field: this.name }), version: null });
      else this.#suspects.push(dispatch);
    }
    this.#pump();
  }

  /** The first attempt at once; then ever later, at most every 10 s. */
  #replaceSoon(): void {
    const delayMs = this.#failures === 0 ? 0 : Math.min(10_000, 250 * 2 ** this.#failures);
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.#stopped || this.#current) return;
        try {
          await this.#bringUp(this.#wanted);
        } catch (error) {
          if (!this.#stopped) this.#fail(error);
        }
      });
    }, delayMs).unref();
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.#error = isModelkeepError(error)
      ? { code: error.code, params: error.params }
      : { code: 'MK_INTERNAL', params: { operation: 'load', detail: String(error) } };
    this.#set('failing');
    this.#refuseWaiting();
    this.#replaceSoon();
  }

  #recycle(host: HostProcess): void {
    void this.#inTurn(async () => {
      if (this.#stopped || this.#current !== host) return;
      this.#replaced++;
      await this.#bringUp(this.#wanted);
    }).catch(() => {}); // the old one goes on
  }

  /** Lets suspects run one by one, then everything that waits. */
  #pump(): void {
    const host = this.#current;
    if (!host) return;
    while (this.#suspects.length > 0) {
      if (host.pending > 0) return;
      this.#suspectRunning = this.#suspects.shift()!;
      this.#sendTo(host, this.#suspectRunning);
      if (host.pending > 0) return;
    }
    if (this.#suspectRunning && host.pending > 0) return;
    this.#suspectRunning = null;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const dispatch of waiting) this.#sendTo(host, dispatch);
  }

  #refuseWaiting(): void {
    const refused = [...this.#suspects, ...this.#waiting];
    this.#suspects = [];
    this.#waiting = [];
    for (const dispatch of refused) dispatch.settle({ error: this.#notReady(), version: null });
  }

  #notReady(): ModelkeepError {
    return new ModelkeepError('MK_SERVE_NOT_READY', { field: this.name, state: this.#state });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work, work);
    this.#work = turn.catch(() => {});
    return turn;
  }

  #set(state: EndpointCondition): void {
    if (state === this.#state && state !== 'ready') return;
    this.#state = state;
    this.#onChange(this.report);
  }
}

function isLate({ deadlineAt }: Dispatch): boolean {
  return deadlineAt !== null && performance.now() > deadlineAt;
}
