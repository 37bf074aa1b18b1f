// Business metrics: their definitions, their series with what is usual, what stands out, and what was decided about it.
import { nameSchema } from '../../src-shared/domain/names.ts';
import type { Advice, MetricDefinition } from '../../src-shared/rpc/advise.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { jobs } from './jobs.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type { Advice, MetricDefinition } from '../../src-shared/rpc/advise.ts';
export type MetricEntry = Result<'advise.metrics'>[number];
export type MetricReport = Result<'advise.metric'>;
export type MetricPoint = MetricReport['points'][number];

export class MetricsManager {
  readonly list = new Loaded<MetricEntry[]>(() => client.call('advise.metrics', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

export class MetricManager {
  readonly #name: string;
  readonly report: Loaded<MetricReport>;

  constructor(name: string) {
    this.#name = name;
    this.report = new Loaded(() => client.call('advise.metric', { name }));
  }

  readonly load = (): Promise<void> => this.report.reload();

  async analyse(): Promise<string> {
    return (await client.call('advise.analyse', { name: this.#name })).jobId;
  }
  async remove(): Promise<void> {
    await client.call('advise.removeMetric', { name: this.#name });
  }
}

/** What the briefing shows: all advice, and the series of the metrics that open advice is about. */
export class BriefManager {
  readonly advice = new Loaded<Advice[]>(() => client.call('advise.list', { state: 'all' }));
  readonly metrics = new Loaded<MetricEntry[]>(() => client.call('advise.metrics', {}));
  #reports = $state.raw<ReadonlyMap<string, MetricReport>>(new Map());
  #reportError = $state.raw<unknown>(null);
  readonly #mostStories: number;

  constructor(mostStories: number) {
    this.#mostStories = mostStories;
  }

  /** Furthest beyond the usual range first, measured in widths of it. */
  get open(): Advice[] {
    return (this.advice.value ?? []).filter(({ state }) => state === 'open').sort((a, b) => excess(b) - excess(a));
  }
  /** Newest decision first. */
  get decided(): Advice[] {
    return (this.advice.value ?? [])
      .filter(({ state }) => state !== 'open')
      .sort((a, b) => (b.decision?.at ?? b.at) - (a.decision?.at ?? a.at));
  }
  get stories(): Advice[] {
    return this.open.slice(0, this.#mostStories);
  }
  report(metric: string): MetricReport | null {
    return this.#reports.get(metric) ?? null;
  }
  /** Analyses every metric, one job after another, and resolves when the last has ended. A job that fails stands under Jobs.
   *  `onStart` is told the id of each. */
  async analyseAll(onStart: (jobId: string) => void): Promise<void> {
    for (const { name } of this.metrics.value ?? []) {
      const { jobId } = await client.call('advise.analyse', { name });
      onStart(jobId);
      await jobs.ended(jobId);
    }
    await this.load();
  }
  /** Why a series is not there. */
  get reportError(): unknown {
    return this.#reportError;
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.advice.reload(), this.metrics.reload()]);
    try {
      const names = [...new Set(this.stories.map(({ metric }) => metric))];
      const reports = await Promise.all(names.map((name) => client.call('advise.metric', { name })));
      this.#reports = new Map(reports.map((report) => [report.name, report]));
      this.#reportError = null;
    } catch (error) {
      this.#reportError = error;
    }
  };
}

export async function decideAdvice(id: string, decision: 'taken' | 'dismissed', note: string): Promise<void> {
  await client.call('advise.decide', { id, decision, note });
}

export function saveMetric(definition: MetricDefinition): Promise<MetricDefinition> {
  return client.call('advise.saveMetric', definition);
}

/** The definition out of a report, which holds more. */
export function definitionOf(report: MetricReport): MetricDefinition {
  const { name, title, dataset, timeColumn, aggregate, valueColumn, shareOf, dimensions, period, unit, goal } = report;
  return { name, title, dataset, timeColumn, aggregate, valueColumn, shareOf, dimensions, period, unit, goal };
}

export function isMetricName(text: string): boolean {
  return nameSchema.safeParse(text).success;
}

function excess({ gap, low, high }: Advice): number {
  return Math.abs(gap) / Math.max(high - low, Number.EPSILON);
}
