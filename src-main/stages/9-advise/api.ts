/**
 * Business metrics over datasets, what stands out in them, why, and what to do.
 *
 * A metric always reads the newest version of its dataset. An analysis is a job; its result is kept and shown until the next one.
 * Caveats: times are UTC and periods calendar days, weeks from Monday, or months; the last day counts as complete.
 */
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { requireName } from '../../../src-shared/errors/requireName.ts';
import type { Advice, MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobContext, JobEngine, JobKind } from '../../platform/jobs.ts';
import type { StartWorker } from '../../platform/processHost.ts';
import type { Ids } from '../../platform/random.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { analyseMetric } from './analyse.ts';
import { checkDefinition } from './definition.ts';
import type { MetricReader } from './metricReader.ts';
import { readSeries } from './series.ts';
import { AdviceStore } from './store.ts';
import type { Judgement } from './worker/judge.ts';

export type { MetricReader } from './metricReader.ts';

export interface AdviseDependencies {
  db: WritableDb;
  audit: AuditWriter;
  clock: Clock;
  ids: Ids;
  jobs: JobEngine;
  emit: Emit;
  startWorker: StartWorker;
  data: MetricReader;
}

/** What an analysis found; the result of its job. */
export interface AnalysisResult {
  metric: string;
  dataset: VersionRef;
  periods: number;
  standouts: number;
  advice: number;
}

export class AdviseService {
  readonly #with: AdviseDependencies;
  readonly #store: AdviceStore;
  readonly #analysis: JobKind<{ name: string }, AnalysisResult>;

  constructor(dependencies: AdviseDependencies) {
    this.#with = dependencies;
    this.#store = new AdviceStore(dependencies.db);
    this.#analysis = {
      kind: 'advise.analyse',
      subject: ({ name }) => `metric ${name}`,
      resumable: true,
      run: (context) => this.#analyse(context),
    };
    dependencies.jobs.register(this.#analysis);
  }

  /** Replaces a metric of the same name; a changed definition drops its analysis and its open advice.
   *  Errors: MK_NAME_INVALID, MK_NOT_FOUND, MK_ADVISE_COLUMN_UNKNOWN, MK_ADVISE_COLUMN_TYPE, MK_ADVISE_METRIC_INCOMPLETE. */
  saveMetric(definition: MetricDefinition, caller: Caller): MetricDefinition {
    requireName(definition.name);
    checkDefinition(definition, this.#with.data.newest(definition.dataset));
    const at = this.#with.clock.now();
    this.#write('advise.saveMetric', definition.name, caller, at, () => {
      const known = this.#store.metric(definition.name);
      if (!known) this.#store.insertMetric(definition, at, caller.actor);
      else if (JSON.stringify(known.definition) === JSON.stringify(definition)) return null;
      else this.#store.replaceMetric(known.id, definition);
      return { definition, replaced: known !== undefined };
    });
    return definition;
  }

  removeMetric(name: string, caller: Caller): { removed: boolean } {
    let removed = false;
    this.#write('advise.removeMetric', name, caller, this.#with.clock.now(), () => {
      const known = this.#store.metric(name);
      if (!known) return null;
      this.#store.removeMetric(known.id);
      removed = true;
      return { definition: known.definition };
    });
    return { removed };
  }

  metrics(): Result<'advise.metrics'> {
    return this.#store.metrics().map(({ id: _id, definition, ...found }) => ({
      ...definition,
      ...found,
      newestVersion: this.#with.data.newest(definition.dataset).version,
    }));
  }

  /** The newest analysis; where there is none, or the dataset has a newer version, the bare series.
   *  Errors: MK_NOT_FOUND, MK_ADVISE_COLUMN_UNKNOWN, MK_ADVISE_COLUMN_TYPE, MK_ADVISE_NO_ROWS, MK_ADVISE_TOO_MANY_PERIODS. */
  async metric(name: string): Promise<Result<'advise.metric'>> {
    const { id, definition } = this.#require(name);
    const { version } = this.#newestFitting(definition);
    const analysis = this.#store.analysis(name);
    const datasetVersion = { name: definition.dataset, version };
    const advice = this.#store.adviceOf(id);
    if (analysis?.datasetVersion === version) {
      const { points, method, at } = analysis;
      return { ...definition, datasetVersion, points, method, latest: points.at(-1) ?? null, advice, at };
    }
    const { starts, values } = await readSeries(definition, version, this.#with.data);
    const points = values.map((value, index) => ({ at: starts[index]!, value, expected: null, low: null, high: null, anomaly: false }));
    const method = { key: 'notAnalysed' as const, params: { periods: points.length } };
    return { ...definition, datasetVersion, points, method, latest: points.at(-1) ?? null, advice, at: this.#with.clock.now() };
  }

  analyse(name: string, caller: Caller): { jobId: string } {
    this.#require(name);
    return { jobId: this.#with.jobs.start(this.#analysis, { name }, caller).id };
  }

  list(state: 'open' | 'all'): Advice[] {
    return this.#store.list(state);
  }

  /** Errors: MK_NOT_FOUND, MK_ADVISE_DECIDED (the same decision again is answered as it stands). */
  decide({ id, decision, note }: Parsed<'advise.decide'>, caller: Caller): Advice {
    const at = this.#with.clock.now();
    const { metric } = this.#requireAdvice(id);
    this.#write('advise.decide', metric, caller, at, () => {
      const { state, decision: made } = this.#requireAdvice(id);
      if (state === decision && made?.by === caller.actor) return null;
      if (state !== 'open') throw new ModelkeepError('MK_ADVISE_DECIDED', { state, by: made?.by ?? '' });
      this.#store.decide(id, decision, caller.actor, at, note);
      return { adviceId: id, decision, note };
    });
    return this.#requireAdvice(id);
  }

  counts(): { metrics: number; advice: number } {
    return { metrics: this.#store.countMetrics(), advice: this.#store.countOpen() };
  }

  metricsOfDataset(dataset: string): string[] {
    return this.#store.metricsOfDataset(dataset);
  }

  async #analyse({ params, caller, signal, progress }: JobContext<{ name: string }>): Promise<AnalysisResult> {
    const { data, clock, ids, startWorker } = this.#with;
    const { definition } = this.#require(params.name);
    const { version } = this.#newestFitting(definition);
    progress(null, { key: 'readingSeries', params: { dataset: definition.dataset, version } });
    const worker = startWorker('adviseWorker');
    try {
      const { analysis, advice, standouts } = await analyseMetric(definition, version, {
        reader: data,
        judge: (values, period) => {
          progress(0, { key: 'judgingPeriods', params: { periods: values.length } });
          return worker.request<Judgement>('judge', { values, period }, { signal, onProgress: (fraction) => progress(fraction) });
        },
        ids,
        now: clock.now(),
        signal,
      });
      signal.throwIfAborted();
      const written = this.#keep(definition, analysis, advice, standouts, caller);
      return {
        metric: definition.name,
        dataset: { name: definition.dataset, version },
        periods: analysis.points.length,
        standouts,
        advice: written,
      };
    } catch (error) {
      if (signal.aborted && !isModelkeepError(error)) throw new ModelkeepError('MK_JOB_CANCELLED', {}, { cause: error });
      throw error;
    } finally {
      await worker.stop();
    }
  }

  /** Points, advice and the audit entry in one transaction. Returns how much new advice there is. */
  #keep(
    definition: MetricDefinition,
    analysis: Parameters<AdviceStore['saveAnalysis']>[1],
    advice: Advice[],
    standouts: number,
    caller: Caller,
  ): number {
    let written = 0;
    this.#write('advise.analyse', definition.name, caller, analysis.at, () => {
      const known = this.#store.metric(definition.name);
      // Removed or redefined meanwhile: this result answers a question that nobody asks any more.
      if (!known || JSON.stringify(known.definition) !== JSON.stringify(definition)) return null;
      this.#store.saveAnalysis(known.id, analysis);
      for (const one of advice) {
        if (this.#store.isDecided(known.id, one.periodFrom, one.periodTo)) continue;
        this.#store.dropOpenOverlapping(known.id, one.periodFrom, one.periodTo);
        this.#store.insertAdvice(known.id, one);
        written++;
      }
      return {
        dataset: `${definition.dataset}@${analysis.datasetVersion}`,
        periods: analysis.points.length,
        standouts,
        advice: advice.map((one) => ({ id: one.id, action: one.action.key })),
      };
    });
    return written;
  }

  #write(action: string, name: string, caller: Caller, at: number, change: () => Record<string, unknown> | null): void {
    const { db, audit, emit } = this.#with;
    const changed = transaction(db, () => {
      const details = change();
      if (details) audit.append({ caller, action, subject: `metric ${name}`, details });
      return details !== null;
    });
    if (changed) emit('changed', { area: 'advise', name, at });
  }

  /** A newer version may have lost a column that the metric needs: then that is said, not what the engine makes of it. */
  #newestFitting(definition: MetricDefinition): DatasetVersion {
    const newest = this.#with.data.newest(definition.dataset);
    checkDefinition(definition, newest);
    return newest;
  }

  #require(name: string): { id: number; definition: MetricDefinition } {
    const found = this.#store.metric(name);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'metric', name });
    return found;
  }

  #requireAdvice(id: string): Advice {
    const found = this.#store.advice(id);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'advice', name: id });
    return found;
  }
}
