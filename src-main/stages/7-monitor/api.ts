/**
 * Monitoring: the newest stored requests of each endpoint against what its model was trained on.
 *
 * Counting happens in the ingester's process, where the requests are; here the counts become verdicts and alerts. An alert opens when a
 * value passes its limit and chance alone would not explain it, and closes after two new windows well within the limit.
 * Caveats: percentiles of latency come from buckets 4 % wide. Endpoints that do not store inputs are counted in whole minutes, and their
 * performance cannot be measured. Truth stands in requests.sqlite: its batch and audit entry are written first, the rows after.
 */
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { reference as referenceSchema, type Reference } from '../../../src-shared/domain/training.ts';
import { labelsOfTruth } from '../../../src-shared/domain/target.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { Alert, MonitorReport, MonitorSettings } from '../../../src-shared/rpc/monitor.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Ids } from '../../platform/random.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import type { ServableVersion, ServeService, TruthRow } from '../6-serve/api.ts';
import { judgeColumns, judgePerformance, judgeTraffic, type Check } from './judge.ts';
import { MonitorStore } from './store.ts';

export interface MonitorDependencies {
  db: WritableDb;
  audit: AuditWriter;
  clock: Clock;
  ids: Ids;
  emit: Emit;
  serve: Pick<ServeService, 'endpoints' | 'served' | 'window' | 'traffic' | 'storeTruth' | 'readTruthFile' | 'onIngested'>;
  /** Told of failures of evaluations that nobody asked for. */
  onFault?: (operation: string, error: unknown) => void;
}

const evaluateEveryMs = 30_000;
const shortWindowMs = 15 * 60_000;
const longWindowMs = 60 * 60_000;
/** Past windows that a report shows. */
const historyLength = 60;
/** Calm windows after which an alert closes. */
const calmWindows = 2;

export class MonitorService {
  readonly #with: MonitorDependencies;
  readonly #store: MonitorStore;
  readonly #references = new Map<string, Promise<Reference>>();
  /** Endpoints with new requests since the last look. */
  readonly #news = new Set<string>();
  readonly #running = new Map<string, Promise<MonitorReport>>();
  readonly #alertListeners = new Set<(alert: Alert) => void>();
  #timer: NodeJS.Timeout | null = null;
  #stopListening: (() => void) | null = null;

  constructor(dependencies: MonitorDependencies) {
    this.#with = dependencies;
    this.#store = new MonitorStore(dependencies.db);
  }

  /** From now on evaluates by itself, every 30 s, each endpoint that has new requests or another version. */
  start(): void {
    this.#stopListening ??= this.#with.serve.onIngested((endpoints) => endpoints.forEach((name) => this.#news.add(name)));
    this.#timer ??= setInterval(() => void this.#tick(), evaluateEveryMs).unref();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#stopListening?.();
    await Promise.allSettled(this.#running.values());
  }

  /** Called when an alert opens: learning proposes a retraining. Returns the way to stop. */
  onAlertOpened(listener: (alert: Alert) => void): () => void {
    this.#alertListeners.add(listener);
    return () => void this.#alertListeners.delete(listener);
  }

  list(): Result<'monitor.list'> {
    return this.#with.serve.endpoints().map(({ name }) => {
      const report = this.#store.report(name)?.report;
      const worst = report?.columns.find(({ verdict }) => verdict === 'critical' || verdict === 'watch');
      return {
        endpoint: name,
        verdict: report?.verdict ?? 'noTraffic',
        openAlerts: this.#store.alerts({ endpoint: name, open: true }).length,
        worstColumn: worst?.name ?? null,
        rows: report?.window?.rows ?? 0,
        at: report?.at ?? this.#with.clock.now(),
      };
    });
  }

  /** The newest evaluation with the present alerts; evaluates when there is none yet. Error: MK_NOT_FOUND. */
  async get(endpoint: string): Promise<MonitorReport> {
    this.#require(endpoint);
    const stored = this.#store.report(endpoint)?.report;
    if (!stored || stored.version !== this.#with.serve.served(endpoint).version) return this.evaluate(endpoint);
    const [traffic] = await this.#with.serve.traffic([endpoint], longWindowMs);
    return this.#complete({ ...stored, traffic: traffic! });
  }

  /** Looks at the newest stored requests now. Two calls at the same time share one look. Error: MK_NOT_FOUND. */
  evaluate(endpoint: string): Promise<MonitorReport> {
    this.#require(endpoint);
    const running = this.#running.get(endpoint);
    if (running) return running;
    const evaluation = this.#evaluate(endpoint).finally(() => this.#running.delete(endpoint));
    this.#running.set(endpoint, evaluation);
    return evaluation;
  }

  alerts(state: 'open' | 'all'): Alert[] {
    return this.#store.alerts({ open: state === 'open' });
  }

  /** Error: MK_NOT_FOUND. */
  alert(id: string): Alert {
    const alert = this.#store.alert(id);
    if (!alert) throw new ModelkeepError('MK_NOT_FOUND', { what: 'alert', name: id });
    return alert;
  }

  /** Error: MK_NOT_FOUND. */
  acknowledge({ id, note }: Parsed<'monitor.acknowledge'>, caller: Caller): Alert {
    const { db, audit, clock } = this.#with;
    const alert = this.#store.alert(id);
    if (!alert) throw new ModelkeepError('MK_NOT_FOUND', { what: 'alert', name: id });
    transaction(db, () => {
      this.#store.acknowledge(id, caller.actor, note, clock.now());
      audit.append({
        caller,
        action: 'monitor.acknowledge',
        subject: `alert ${id}`,
        details: { endpoint: alert.endpoint, kind: alert.kind, column: alert.column, note },
      });
    });
    this.#changed(alert.endpoint);
    return this.#store.alert(id)!;
  }

  /** Error: MK_NOT_FOUND. */
  saveSettings({ endpoint, settings }: Parsed<'monitor.settings'>, caller: Caller): MonitorSettings {
    this.#require(endpoint);
    const { db, audit, clock } = this.#with;
    transaction(db, () => {
      const before = this.#store.settings(endpoint);
      this.#store.putSettings(endpoint, settings, clock.now(), caller.actor);
      audit.append({ caller, action: 'monitor.settings', subject: `endpoint ${endpoint}`, details: { before, after: settings } });
    });
    this.#news.add(endpoint);
    this.#changed(endpoint);
    return settings;
  }

  /** Stores what really happened. All values are checked before any is stored.
   *  Errors: MK_NOT_FOUND, MK_MONITOR_NO_TRUTH, MK_MONITOR_TRUTH_FILE, MK_MONITOR_TRUTH_CLASS, MK_MONITOR_TRUTH_NUMBER. */
  async truth({ endpoint, rows, file }: Parsed<'monitor.truth'>, caller: Caller): Promise<Result<'monitor.truth'>> {
    this.#require(endpoint);
    const { db, audit, clock, ids, serve } = this.#with;
    const all: TruthRow[] = [...(rows ?? []), ...(file === undefined ? [] : await serve.readTruthFile(file))];
    if (all.length === 0) throw new ModelkeepError('MK_MONITOR_NO_TRUTH');
    checkTruth(all, serve.served(endpoint));
    const id = ids.next('truth');
    transaction(db, () => {
      this.#store.addTruthBatch(id, endpoint, all.length, file ?? 'rows', clock.now(), caller.actor);
      audit.append({
        caller,
        action: 'monitor.truth',
        subject: `endpoint ${endpoint}`,
        details: { batch: id, rows: all.length, source: file ?? 'rows' },
      });
    });
    const result = await serve.storeTruth(endpoint, all);
    this.#store.finishTruthBatch(id, result.matched);
    this.#news.add(endpoint);
    this.#changed(endpoint);
    return result;
  }

  async #tick(): Promise<void> {
    for (const { name, version, running } of this.#with.serve.endpoints()) {
      const known = this.#store.report(name)?.report.version;
      if (!running || (!this.#news.delete(name) && (known === undefined || known === version))) continue;
      await this.evaluate(name).catch((error: unknown) => this.#with.onFault?.('monitor.evaluate', error));
    }
  }

  async #evaluate(endpoint: string): Promise<MonitorReport> {
    const { serve, clock } = this.#with;
    const served = serve.served(endpoint);
    const settings = this.#store.settings(endpoint);
    const reference = served.reference ? await this.#referenceOf(served.reference) : null;
    const { task, inputs, classes } = served.signature;
    const [[traffic], [recent], counted] = await Promise.all([
      serve.traffic([endpoint], longWindowMs),
      serve.traffic([endpoint], shortWindowMs),
      serve.window({
        endpoint,
        version: served.version,
        reference: reference ?? noReference,
        inputs,
        task,
        classes,
        windowRows: settings.windowRows,
      }),
    ]);
    const judged = reference ? judgeColumns(reference, counted.counts, settings) : { columns: [], prediction: null, checks: [] };
    const metric = served.primaryMetric;
    const performance = judgePerformance(
      metric,
      served.test[metric],
      counted.performance.metrics[metric],
      counted.performance.labelled,
      settings,
    );
    const load = recent!.requests >= settings.minRows ? recent! : traffic!;
    const checks = [...judged.checks, ...judgeTraffic(load, settings), ...(performance?.check ? [performance.check] : [])];
    const at = clock.now();
    const window = counted.window && { from: counted.window.from, to: counted.window.to, rows: counted.window.rows };
    const basis = `${served.version} ${counted.window?.lastSeq ?? 0} ${counted.performance.labelled} ${traffic!.requests} ${JSON.stringify(settings)}`;
    const report: MonitorReport = {
      endpoint,
      model: served.model,
      version: served.version,
      at,
      window,
      columns: judged.columns.map((column) => ({ ...column, history: [] })),
      prediction: judged.prediction && { ...judged.prediction, history: [] },
      performance: performance?.performance ?? null,
      traffic: traffic!,
      alerts: [],
      settings,
      verdict: overall(judged, checks, window, traffic!.requests, settings),
    };
    const opened = this.#remember(report, checks, basis);
    for (const alert of opened) for (const listener of this.#alertListeners) listener(alert);
    this.#changed(endpoint);
    return this.#complete(report);
  }

  /** Report, history and alerts in one transaction. Returns the alerts that opened. */
  #remember(report: MonitorReport, checks: readonly Check[], basis: string): Alert[] {
    const { db, ids } = this.#with;
    const { endpoint, at, version, window } = report;
    const span = window ?? { from: at - longWindowMs, to: at, rows: 0 };
    return transaction(db, () => {
      const isNews = this.#store.report(endpoint)?.basis !== basis;
      const opened: Alert[] = [];
      for (const check of checks) {
        const open = this.#store.openAlert(endpoint, check.kind, check.column);
        if (check.state === 'over') {
          if (open) this.#store.updateAlert(open.id, check, span, 0);
          else {
            const id = ids.next('alert');
            this.#store.insertAlert(id, endpoint, version!, check, span, at);
            opened.push(this.#store.alert(id)!);
          }
        } else if (open && isNews) {
          const calm = check.state === 'calm' ? open.calm + 1 : 0;
          this.#store.updateAlert(open.id, check, span, calm);
          if (calm >= calmWindows) this.#store.closeAlert(open.id, at);
        }
      }
      if (isNews && window) {
        const columns = [...report.columns, ...(report.prediction ? [{ ...report.prediction, name: predictionKey }] : [])];
        this.#store.addWindow(
          endpoint,
          at,
          version!,
          window.rows,
          Object.fromEntries(columns.map(({ name, psi, nullRate }) => [name, [psi, nullRate]])),
        );
      }
      this.#store.putReport(endpoint, basis, report);
      return opened;
    });
  }

  /** Adds what changes without an evaluation: history and alerts. */
  #complete(report: MonitorReport): MonitorReport {
    const windows = this.#store.windows(report.endpoint, historyLength);
    const historyOf = (key: string): MonitorReport['columns'][number]['history'] =>
      windows.flatMap(({ at, columns }) => {
        const found = Object.hasOwn(columns, key) ? columns[key] : undefined;
        return found ? [{ at, psi: found[0], nullRate: found[1] }] : [];
      });
    return {
      ...report,
      columns: report.columns.map((column) => ({ ...column, history: historyOf(column.name) })),
      prediction: report.prediction && { ...report.prediction, history: historyOf(predictionKey) },
      alerts: this.#store.alerts({ endpoint: report.endpoint, open: false, limit: 100 }),
      settings: this.#store.settings(report.endpoint),
    };
  }

  /** Read once for each content. */
  #referenceOf({ sha256, path }: { sha256: string; path: string }): Promise<Reference> {
    let known = this.#references.get(sha256);
    if (!known) {
      known = readReference(sha256, path);
      this.#references.set(sha256, known);
      known.catch(() => this.#references.delete(sha256));
    }
    return known;
  }

  #require(endpoint: string): void {
    if (!this.#with.serve.endpoints().some(({ name }) => name === endpoint))
      throw new ModelkeepError('MK_NOT_FOUND', { what: 'endpoint', name: endpoint });
  }

  #changed(name: string): void {
    this.#with.emit('changed', { area: 'monitor', name, at: this.#with.clock.now() });
  }
}

/** Among the columns of a window; no column can have this name. */
const predictionKey = '\u0000prediction';

const noReference: Reference = {
  columns: [],
  prediction: { name: 'prediction', kind: 'categorical', rows: 0, nullRate: 0, edges: null, values: [], shares: [] },
  rows: 0,
  test: {},
};

function overall(
  { columns, prediction }: { columns: { verdict: string }[]; prediction: { verdict: string } | null },
  checks: readonly Check[],
  window: { rows: number } | null,
  requests: number,
  settings: MonitorSettings,
): MonitorReport['verdict'] {
  if (checks.some(({ state }) => state === 'over')) return 'critical';
  if (!window && requests === 0) return 'noTraffic';
  if ((window?.rows ?? 0) < settings.minRows) return 'tooFewRows';
  return [...columns, ...(prediction ? [prediction] : [])].some(({ verdict }) => verdict === 'watch') ? 'watch' : 'ok';
}

async function readReference(sha256: string, path: string): Promise<Reference> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ModelkeepError('MK_BLOB_MISSING', { sha256 }, { cause: error });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new ModelkeepError('MK_BLOB_CORRUPT', { sha256 });
  return referenceSchema.parse(JSON.parse(bytes.toString()));
}

/** Rows are counted from 0; of several labels the truth is a JSON array of their names, or one name. Errors: MK_MONITOR_TRUTH_CLASS, MK_MONITOR_TRUTH_NUMBER. */
function checkTruth(rows: readonly TruthRow[], { signature }: ServableVersion): void {
  const classes = new Set(signature.classes);
  rows.forEach(({ truth }, row) => {
    const found = String(truth).slice(0, 80);
    if (signature.task === 'multilabel') {
      const other = labelsOfTruth(String(truth)).find((label) => !classes.has(label));
      if (other !== undefined)
        throw new ModelkeepError('MK_MONITOR_TRUTH_CLASS', {
          row,
          found: other.slice(0, 80),
          classes: signature.classes.slice(0, 20).join(', '),
        });
    } else if (classes.size > 0) {
      if (!classes.has(String(truth)))
        throw new ModelkeepError('MK_MONITOR_TRUTH_CLASS', { row, found, classes: signature.classes.slice(0, 20).join(', ') });
    } else if (String(truth).trim() === '' || !Number.isFinite(Number(truth)))
      throw new ModelkeepError('MK_MONITOR_TRUTH_NUMBER', { row, found });
  });
}
