// What needs a person now, across all stages, and how much there is of everything. Asked when Today opens and after every change.
import type { Job } from '../../src-shared/domain/job.ts';
import type { Advice } from '../../src-shared/rpc/advise.ts';
import type { Caller, Parsed, Result } from '../../src-shared/rpc/contract.ts';
import type { Cycle } from '../../src-shared/rpc/learn.ts';
import type { Alert } from '../../src-shared/rpc/monitor.ts';
import type { AuditService } from '../govern/auditService.ts';
import type { SnoozeStore } from '../govern/snoozeStore.ts';
import type { Clock } from '../platform/clock.ts';
import type { JobEngine } from '../platform/jobs.ts';
import type { DataService } from '../stages/1-data/api.ts';
import type { LabelService } from '../stages/2-label/api.ts';
import type { FeatureService } from '../stages/3-features/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import type { ServeService } from '../stages/6-serve/api.ts';
import type { MonitorService } from '../stages/7-monitor/api.ts';
import type { LearnService } from '../stages/8-learn/api.ts';
import type { AdviseService } from '../stages/9-advise/api.ts';

export interface TodayParts {
  data: Pick<DataService, 'list'>;
  label: Pick<LabelService, 'list'>;
  features: Pick<FeatureService, 'list'>;
  train: Pick<TrainService, 'list'>;
  registry: Pick<RegistryService, 'countModels'>;
  serve: Pick<ServeService, 'endpoints' | 'served' | 'failing' | 'traffic'>;
  monitor: Pick<MonitorService, 'alerts'>;
  learn: Pick<LearnService, 'counts' | 'proposals'>;
  advise: Pick<AdviseService, 'counts' | 'list' | 'metrics'>;
  jobs: JobEngine;
  audit: Pick<AuditService, 'status'>;
  snoozes: SnoozeStore;
  clock: Clock;
}

type InboxItem = Result<'system.today'>['inbox'][number];

const severities: InboxItem['severity'][] = ['critical', 'watch', 'proposal', 'note'];
const failedJobsForMs = 7 * 86_400_000;
const trafficWindowMs = 15 * 60_000;

export class Today {
  readonly #with: TodayParts;

  constructor(parts: TodayParts) {
    this.#with = parts;
  }

  async read(): Promise<Result<'system.today'>> {
    const { snoozes, clock } = this.#with;
    const snoozedUntil = snoozes.active(clock.now());
    const items = this.#items().sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.at - a.at);
    return {
      counts: await this.#counts(),
      inbox: items.filter(({ id }) => !snoozedUntil.has(id)),
      snoozed: items.filter(({ id }) => snoozedUntil.has(id)),
    };
  }

  snooze({ itemId, untilMs }: Parsed<'system.snooze'>, caller: Caller): { ok: true } {
    this.#with.snoozes.snooze(itemId, untilMs, this.#with.clock.now(), caller);
    return { ok: true };
  }

  async #counts(): Promise<Result<'system.today'>['counts']> {
    const { data, label, features, train, registry, serve, monitor, learn, advise, jobs } = this.#with;
    const endpoints = serve.endpoints();
    const running = endpoints.filter((one) => one.running);
    const traffic = running.length === 0 ? [] : await serve.traffic(running.map((one) => one.name), trafficWindowMs); // prettier-ignore
    const requests = traffic.reduce((sum, one) => sum + one.requests, 0);
    const labelSets = label.list();
    return {
      datasets: data.list().length,
      labelSets: labelSets.length,
      toLabel: labelSets.reduce((sum, { progress }) => sum + progress.total - progress.labelled - progress.skipped, 0),
      featureSpecs: features.list().length,
      runs: train.list({ limit: 1 })[0]?.number ?? 0, // runs are numbered from 1 and never deleted
      training: jobs.list({ states: ['queued', 'running'], limit: 500 }).filter((job) => job.kind === 'train').length,
      models: registry.countModels(),
      endpoints: endpoints.length,
      requestsPerMinute: requests / (trafficWindowMs / 60_000),
      monitoredColumns: running.reduce((sum, { name }) => sum + serve.served(name).signature.inputs.length, 0),
      alerts: monitor.alerts('open').length,
      ...learn.counts(),
      ...advise.counts(),
    };
  }

  #items(): InboxItem[] {
    const { label, serve, monitor, learn, advise, audit, clock } = this.#with;
    const { ok, verifiedAt } = audit.status();
    const sparks = new Map(advise.metrics().map((metric) => [metric.name, metric.spark]));
    return [
      ...(ok === false ? [item('chainBroken', 'critical', 'audit', {}, '#/audit', verifiedAt ?? clock.now())] : []),
      ...serve
        .failing()
        .map(({ name, error }) =>
          item('endpointFailing', 'critical', name, { code: error?.code ?? '' }, route('serve', name), clock.now()),
        ),
      ...monitor.alerts('open').map(alertItem),
      ...learn.proposals().map(proposalItem),
      ...advise.list('open').map((one) => adviceItem(one, sparks.get(one.metric) ?? null)),
      ...this.#failedJobs(),
      ...label
        .list()
        .filter(({ progress }) => progress.total > progress.labelled + progress.skipped)
        .map(({ name, progress, createdAt }) => {
          const count = progress.total - progress.labelled - progress.skipped;
          return item(
            'labels',
            'note',
            name,
            { count, labelled: progress.labelled, total: progress.total },
            route('label', name),
            createdAt,
          );
        }),
    ];
  }

  /** Failures of the last week that no later job of the same sort on the same subject made good. */
  #failedJobs(): InboxItem[] {
    const { jobs, clock } = this.#with;
    const seen = new Set<string>();
    const failed: Job[] = [];
    for (const job of jobs.list({ limit: 200 })) {
      const key = `${job.kind} ${job.subject}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (job.state === 'failed' && (job.finishedAt ?? 0) > clock.now() - failedJobsForMs) failed.push(job);
    }
    return failed.map((job) =>
      item(
        'jobFailed',
        'watch',
        job.subject,
        { of: job.kind, code: job.error?.code ?? '', number: job.number },
        '#/jobs',
        job.finishedAt!,
        job.id,
      ),
    );
  }
}

function alertItem({ id, endpoint, kind, column, value, limit, reference, rows, openedAt, state }: Alert): InboxItem {
  // What breaks callers or answers is critical; a moved distribution asks to be looked at.
  const severity = kind === 'errorRate' || kind === 'performance' || kind === 'nullRate' ? 'critical' : 'watch';
  const params = { of: kind, ...(column !== null && { column }), value, limit, ...(reference !== null && { reference }), rows };
  return item('alert', state === 'acknowledged' ? 'watch' : severity, endpoint, params, route('monitor', endpoint), openedAt, id);
}

function proposalItem({ id, number, model, champion, challenger, comparison, startedAt, finishedAt }: Cycle): InboxItem {
  const primary = comparison?.metrics.find((one) => one.metric === comparison.a.primaryMetric);
  const params = {
    number,
    champion: champion.version,
    challenger: challenger?.version ?? 0,
    ...(comparison && { rows: comparison.rows }),
    ...(primary && { metric: primary.metric, difference: primary.difference.value }),
    ...(primary && primary.difference.low !== null && { low: primary.difference.low, high: primary.difference.high ?? 0 }),
  };
  return item('proposal', 'proposal', model, params, route('learn', id), finishedAt ?? startedAt, id);
}

function adviceItem(
  { id, metric, title, unit, actual, expected, gap, action, periodFrom, periodTo, at }: Advice,
  spark: InboxItem['spark'],
): InboxItem {
  const params = { of: action.key, title, unit, actual, expected, gap, fromAt: periodFrom, toAt: periodTo };
  return { ...item('advice', 'watch', metric, params, route('advise', metric), at, id), spark };
}

function item(
  kind: InboxItem['kind'],
  severity: InboxItem['severity'],
  name: string,
  params: InboxItem['params'],
  to: string,
  at: number,
  key = name,
): InboxItem {
  return { id: `${kind}:${key}`, kind, severity, name, params, route: to, at, spark: null };
}

function route(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}
