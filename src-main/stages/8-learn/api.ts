/**
 * Cycles of self-learning: from an alert or a button to a proposal that a person decides.
 *
 * This stage keeps the state of cycles, judges the gates and takes the decision. The work across stages (newest data, training, comparison)
 * is a flow that the composition root supplies as `work`.
 * Caveats: one unfinished cycle a model. Nothing is promoted by itself. A proposal is worth something only against the champion that it was
 * compared with.
 */
import type { ErrorData } from '../../../src-shared/domain/job.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Caller, Parsed } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { Cycle } from '../../../src-shared/rpc/learn.ts';
import type { ModelVersion } from '../../../src-shared/rpc/registry.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobContext, JobEngine, JobKind } from '../../platform/jobs.ts';
import type { Ids } from '../../platform/random.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { hardGates } from './gates.ts';
import { CycleStore, type CycleChange, type StoredCycle } from './store.ts';

export { acceptsSameCallers, fewestRows, judgeGates, verdictOf, type Gate, type GateFacts } from './gates.ts';
export type { CycleChange, CycleRequest, StoredCycle } from './store.ts';

export interface LearnDependencies {
  db: WritableDb;
  audit: AuditWriter;
  clock: Clock;
  ids: Ids;
  jobs: JobEngine;
  emit: Emit;
  /** The version that `champion` points at, or null. Throws MK_NOT_FOUND. */
  champion(model: string): ModelVersion | null;
  /** Moves `champion`; resolves when the endpoints answer with it. */
  promote(model: string, version: number, reason: string, caller: Caller): Promise<void>;
  /** Endpoints that serve the model. */
  endpointsOf(model: string): string[];
  /** Endpoint and model of an alert. Throws MK_NOT_FOUND. */
  alert(id: string): { endpoint: string };
  /** Brings a cycle from `preparing` to `proposed` or `noImprovement`; may be called again after a kill. */
  work(cycle: StoredCycle, context: JobContext<{ cycleId: string }>): Promise<void>;
}

/** What the job of a cycle reports. */
export interface CycleResult {
  cycleId: string;
  state: Cycle['state'];
}

export class LearnService {
  readonly #with: LearnDependencies;
  readonly #store: CycleStore;
  readonly #kind: JobKind<{ cycleId: string; model: string }, CycleResult>;

  constructor(dependencies: LearnDependencies) {
    this.#with = dependencies;
    this.#store = new CycleStore(dependencies.db);
    this.#kind = {
      kind: 'learn',
      subject: ({ model }) => `model ${model}`,
      resumable: true,
      coordinator: true, // it waits for the training that it starts
      run: (context) => this.#run(context),
    };
    dependencies.jobs.register(this.#kind);
  }

  /** Errors: MK_NOT_FOUND, MK_LEARN_NO_CHAMPION, MK_LEARN_RUNNING. */
  start(params: Parsed<'learn.start'>, caller: Caller): { cycleId: string; jobId: string } {
    const { db, audit, clock, ids, jobs, emit, champion, endpointsOf, alert } = this.#with;
    const { model } = params;
    const current = champion(model);
    if (!current) throw new ModelkeepError('MK_LEARN_NO_CHAMPION', { model });
    const endpoint = params.alertId === undefined ? (endpointsOf(model)[0] ?? null) : alert(params.alertId).endpoint;
    const at = clock.now();
    const cycleId = ids.next('cycle');
    const jobId = transaction(db, () => {
      this.#requireIdle(model);
      const job = jobs.start(this.#kind, { cycleId, model }, caller);
      const number = this.#store.insert({
        id: cycleId,
        model,
        endpoint,
        trigger: { kind: params.alertId === undefined ? 'button' : 'alert', alertId: params.alertId ?? null, actor: caller.actor, at },
        request: {
          dataset: params.dataset ?? null,
          withRequests: params.withRequests,
          timeBudgetMs: params.timeBudgetMs ?? null,
          seed: params.seed ?? null,
        },
        champion: { name: model, version: current.version },
        jobId: job.id,
        startedAt: at,
      });
      audit.append({
        caller,
        action: 'learn.start',
        subject: `model ${model}`,
        details: { cycleId, number, champion: current.version, ...(params.alertId !== undefined && { alertId: params.alertId }) },
      });
      return job.id;
    });
    emit('changed', { area: 'learn', name: model, at });
    return { cycleId, jobId };
  }

  list(model?: string): Cycle[] {
    return (model === undefined ? this.#store.all() : this.#store.ofModel(model)).map((cycle) => this.#present(cycle));
  }

  /** Error: MK_NOT_FOUND. */
  get(id: string): Cycle {
    return this.#present(this.#require(id));
  }

  proposals(): Cycle[] {
    return this.#store.inState('proposed').map(withoutRequest);
  }

  counts(): { cycles: number; proposals: number } {
    return this.#store.count();
  }

  /** Errors: MK_NOT_FOUND, MK_LEARN_NOT_PROPOSED, MK_LEARN_REASON_MISSING, MK_LEARN_GATE_CLOSED, MK_LEARN_STALE, MK_REGISTRY_ALIAS_REVERTED
   *  (the cycle is as it was). Deciding the same again is answered as it stands. */
  async decide({ id, decision, reason }: Parsed<'learn.decide'>, caller: Caller): Promise<Cycle> {
    const cycle = this.#require(id);
    const wanted = decision === 'promote' ? 'promoted' : 'rejected';
    if (cycle.state === wanted) return this.get(id);
    this.#requireDecidable(cycle, decision);
    if (decision === 'promote') {
      this.#requirePromotable(cycle, reason);
      const words = reason || `cycle ${cycle.number}: better on ${cycle.comparison!.rows} rows`;
      await this.#with.promote(cycle.model, cycle.challenger!.version, words, caller);
    }
    const at = this.#with.clock.now();
    const decided = { by: caller.actor, at, reason };
    this.#write('learn.decide', cycle, caller, { state: wanted, decision: decided, finishedAt: at }, { decision, reason });
    return this.get(id);
  }

  /** For the flow: writes how far a cycle is. */
  advance(id: string, change: CycleChange): StoredCycle {
    const { db, clock, emit } = this.#with;
    transaction(db, () => this.#store.change(id, change));
    const cycle = this.#require(id);
    emit('changed', { area: 'learn', name: cycle.model, at: clock.now() });
    return cycle;
  }

  /** For the flow: the comparison, the gates and the verdict, with their audit entry. */
  conclude(
    id: string,
    change: Required<Pick<CycleChange, 'comparison' | 'gates'>> & { state: 'proposed' | 'noImprovement' },
    caller: Caller,
  ): void {
    const cycle = this.#require(id);
    const finishedAt = change.state === 'noImprovement' ? this.#with.clock.now() : null;
    this.#write('learn.conclude', cycle, caller, { ...change, finishedAt }, {
      state: change.state,
      challenger: cycle.challenger?.version,
      gatesClosed: (change.gates ?? []).filter((gate) => !gate.passed).map((gate) => gate.gate),
    }); // prettier-ignore
  }

  async #run(context: JobContext<{ cycleId: string; model: string }>): Promise<CycleResult> {
    const { cycleId } = context.params;
    const cycle = this.#require(cycleId);
    try {
      await this.#with.work(cycle, context);
    } catch (error) {
      // An interruption is not an end: the next start of the core takes the cycle up again.
      if (!isInterruption(context.signal.reason) && !isInterruption(error)) this.#fail(cycle, error, context.caller);
      throw error;
    }
    return { cycleId, state: this.#require(cycleId).state };
  }

  #fail(cycle: StoredCycle, error: unknown, caller: Caller): void {
    const data: ErrorData = isModelkeepError(error)
      ? { code: error.code, params: error.params }
      : { code: 'MK_INTERNAL', params: { operation: 'learn', detail: error instanceof Error ? error.message : String(error) } };
    const finishedAt = this.#with.clock.now();
    this.#write('learn.conclude', cycle, caller, { state: 'failed', error: data, finishedAt }, { state: 'failed', code: data.code });
  }

  #write(action: string, cycle: StoredCycle, caller: Caller, change: CycleChange, details: Record<string, unknown>): void {
    const { db, audit, clock, emit } = this.#with;
    transaction(db, () => {
      this.#store.change(cycle.id, change);
      audit.append({ caller, action, subject: `model ${cycle.model}`, details: { cycleId: cycle.id, number: cycle.number, ...details } });
    });
    emit('changed', { area: 'learn', name: cycle.model, at: clock.now() });
  }

  #requireIdle(model: string): void {
    const busy = this.#store.unfinishedOf(model);
    if (busy && this.#present(busy).state !== 'failed') throw new ModelkeepError('MK_LEARN_RUNNING', { model, number: busy.number });
  }

  #requireDecidable(cycle: StoredCycle, decision: string): void {
    const open = cycle.state === 'proposed' || (cycle.state === 'noImprovement' && cycle.decision === null);
    if (!open || !cycle.challenger || !cycle.comparison)
      throw new ModelkeepError('MK_LEARN_NOT_PROPOSED', {
        model: cycle.model,
        number: cycle.number,
        decision,
        state: this.#present(cycle).state,
      });
  }

  #requirePromotable(cycle: StoredCycle, reason: string): void {
    const { model, number, gates } = cycle;
    const closed = gates.find((gate) => !gate.passed && hardGates.includes(gate.gate));
    if (closed)
      throw new ModelkeepError('MK_LEARN_GATE_CLOSED', {
        model,
        number,
        gate: closed.gate,
        value: closed.value ?? '–',
        limit: closed.limit ?? '–',
      });
    if (cycle.state === 'noImprovement' && reason.trim() === '') throw new ModelkeepError('MK_LEARN_REASON_MISSING', { model, number });
    const now = this.#with.champion(model)?.version ?? null;
    // Already at the challenger: an earlier try moved the alias and was cut off before it could say so.
    if (now !== cycle.champion.version && now !== cycle.challenger!.version)
      throw new ModelkeepError('MK_LEARN_STALE', { model, number, compared: cycle.champion.version, champion: now ?? '–' });
  }

  #require(id: string): StoredCycle {
    const cycle = this.#store.one(id);
    if (!cycle) throw new ModelkeepError('MK_NOT_FOUND', { what: 'cycle', name: id });
    return cycle;
  }

  /** A cycle whose job ended without it (cancelled in the queue, given up after kills) has failed too. */
  #present(cycle: StoredCycle): Cycle {
    const shown = withoutRequest(cycle);
    if (cycle.state !== 'preparing' && cycle.state !== 'training' && cycle.state !== 'comparing') return shown;
    const job = this.#with.jobs.get(cycle.jobId);
    if (job.state !== 'failed' && job.state !== 'cancelled') return shown;
    return { ...shown, state: 'failed', error: job.error ?? { code: 'MK_JOB_CANCELLED', params: {} }, finishedAt: job.finishedAt };
  }
}

function withoutRequest({ request: _request, ...cycle }: StoredCycle): Cycle {
  return cycle;
}

function isInterruption(error: unknown): boolean {
  return isModelkeepError(error) && error.code === 'MK_JOB_INTERRUPTED';
}
