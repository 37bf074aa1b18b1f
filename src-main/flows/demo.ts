// A sample taken the whole way: raw file → features → training → registry → champion → endpoint → one answer over HTTP.
import type { z } from 'zod';
import type { Sample } from '../../src-shared/domain/sample.ts';
import type { ModelSignature } from '../../src-shared/domain/features.ts';
import type { VersionRef } from '../../src-shared/domain/names.ts';
import type { Candidate, Run, TrainRequest } from '../../src-shared/domain/training.ts';
import type { Cell } from '../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { Emit } from '../../src-shared/rpc/events.ts';
import type { ModelVersion } from '../../src-shared/rpc/registry.ts';
import type { demoResult } from '../../src-shared/rpc/samples.ts';
import type { Clock } from '../platform/clock.ts';
import type { JobContext, JobEngine, JobKind } from '../platform/jobs.ts';
import type { DataService } from '../stages/1-data/api.ts';
import type { FeatureService } from '../stages/3-features/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import type { ServeService } from '../stages/6-serve/api.ts';
import type { AdviseService } from '../stages/9-advise/api.ts';
import { metricOf, type Samples } from './samples.ts';
import { waitForJob } from './waitForJob.ts';

export interface DemoParts {
  samples: Samples;
  data: Pick<DataService, 'version' | 'rowsAt' | 'image'>;
  features: Pick<FeatureService, 'propose' | 'save'>;
  train: Pick<TrainService, 'start' | 'run' | 'candidate'>;
  registry: Pick<RegistryService, 'register' | 'setAlias'>;
  serve: Pick<ServeService, 'deploy' | 'try' | 'get'>;
  advise: Pick<AdviseService, 'analyse' | 'list'>;
  jobs: JobEngine;
  clock: Clock;
  emit: Emit;
}

type DemoResult = z.infer<typeof demoResult>;
type Figures = Record<string, string | number>;
type Context = JobContext<{ id: string }>;

/** Enough for the small samples; the whole way stays under two minutes on two cores. */
const trainBudgetMs = 20_000;
/** Rows whose first is sent to the endpoint: of the sample itself, so the answer means something. */
const askedRow = 0;

export class Demo {
  readonly #with: DemoParts;
  readonly #kind: JobKind<{ id: string }, DemoResult>;

  constructor(parts: DemoParts) {
    this.#with = parts;
    this.#kind = {
      kind: 'samples.run',
      subject: ({ id }) => `sample ${id}`,
      resumable: true, // every step gives what it gave before when it is done again
      coordinator: true,
      run: (context) => this.#run(context),
    };
    parts.jobs.register(this.#kind);
  }

  /** Errors: MK_NOT_FOUND, MK_SAMPLE_UNREADABLE; what goes wrong on the way fails the job. */
  async start(id: string, caller: Caller): Promise<{ jobId: string }> {
    await this.#with.samples.get(id);
    return { jobId: this.#with.jobs.start(this.#kind, { id }, caller).id };
  }

  async #run(context: Context): Promise<DemoResult> {
    const { clock, samples, serve } = this.#with;
    const { id } = context.params;
    const sample = await samples.get(id);
    const startedAt = clock.now();
    const steps = new Steps(this.#with, context);

    const dataset = await steps.take('import', 0, 0.15, async (part) => {
      const { version, rows } = await samples.import(id, context, part);
      return [
        { name: id, version },
        { dataset: id, datasetVersion: version, rows, route: route('data', id, `v${version}`) },
      ];
    });
    const spec = await steps.take('features', 0.15, 0.2, async () => {
      const { spec: proposed, width } = await this.#with.features.propose({ dataset, target: targetOf(sample) });
      const saved = this.#with.features.save({ name: id, spec: proposed }, context.caller);
      const used = proposed.rules.filter((rule) => rule.kind !== 'drop').length;
      return [
        proposed,
        { columns: used, leftOut: proposed.rules.length - used, width, specVersion: saved.version, route: route('features', id) },
      ];
    });
    const { run, best } = await steps.take('train', 0.2, 0.8, (part) => this.#train(sample, dataset, spec, context, part));
    const version = await steps.take('register', 0.8, 0.83, async () => {
      const registered = await this.#with.registry.register({ candidateId: best.id, name: id, description: '' }, context.caller);
      return [registered, { model: id, version: registered.version, route: route('registry', id, `v${registered.version}`) }];
    });
    await steps.take('promote', 0.83, 0.85, async () => {
      const reason = `sample run, ${run.primaryMetric ?? 'best candidate'}`;
      await this.#with.registry.setAlias({ name: id, alias: 'champion', version: version.version, reason }, context.caller);
      return [null, { model: id, version: version.version, alias: 'champion' }];
    });
    const endpoint = await steps.take('deploy', 0.85, 0.93, async () => {
      const asked = { endpoint: id, model: id, alias: 'champion', storeInputs: true, reason: 'sample run' };
      const deployed = await serve.deploy(asked, context.caller);
      return [deployed, { endpoint: id, url: deployed.predictUrl ?? '', route: route('serve', id) }];
    });
    const { prediction, row } = await steps.take('predict', 0.93, 0.96, () => this.#ask(dataset, version));
    if (metricOf(sample)) await steps.take('metric', 0.96, 1, (part) => this.#analyse(sample, context, part));

    const { curl } = await serve.get({ name: id, windowMs: 3_600_000 });
    context.progress(1);
    return {
      sample: id,
      steps: steps.done,
      tookMs: clock.now() - startedAt,
      endpointUrl: endpoint.predictUrl ?? '',
      curl: curlFor(endpoint.predictUrl, row) ?? curl,
      prediction,
    };
  }

  async #train(
    sample: Sample,
    dataset: VersionRef,
    spec: Awaited<ReturnType<FeatureService['propose']>>['spec'],
    context: Context,
    part: { from: number; to: number },
  ): Promise<[{ run: Run; best: Candidate }, Figures]> {
    const { train, jobs } = this.#with;
    // What each learner is best known for, and no search: someone is watching, and a repeat gives the same models.
    const request: TrainRequest = {
      dataset,
      target: targetOf(sample),
      spec,
      holdout: sample.suggestedSplit,
      search: { method: 'portfolio' },
      timeBudgetMs: trainBudgetMs,
      seed: 1,
    };
    // After a kill the run of the first attempt goes on by itself; a second one would train the same again.
    const started = (context.checkpoint.load() as { runId: string; jobId: string } | null) ?? (await train.start(request, context.caller));
    context.checkpoint.save(started);
    const { runId, jobId } = started;
    await waitForJob(jobs, jobId, context, part);
    const run = train.run(runId);
    const { candidate: best, all } = train.candidate(run.bestCandidateId!);
    const metric = run.primaryMetric;
    const value = metric === null ? undefined : best.test[metric];
    return [
      { run, best },
      {
        runId,
        runNumber: run.number,
        candidates: all.length,
        learner: best.learner,
        ...(metric !== null && { metric }),
        ...(value && {
          value: value.value,
          ...(value.low !== null && value.high !== null && { low: value.low, high: value.high }),
          testRows: value.rows,
        }),
        route: route('train', runId),
      },
    ];
  }

  /** Sends a row of the sample through the real address and takes the answer as any program would. */
  async #ask(
    dataset: VersionRef,
    { signature, model }: ModelVersion,
  ): Promise<[{ prediction: unknown; row: Record<string, Cell> }, Figures]> {
    const row = await this.#rowFor(dataset, signature);
    const { status, body, latencyMs } = await this.#with.serve.try({ name: model, rows: [row] });
    if (status !== 200) throw refused(body);
    const [first] = (body as { predictions?: { prediction?: string | number; probability?: number }[] }).predictions ?? [];
    return [
      { prediction: body, row },
      {
        endpoint: model,
        ...(first?.prediction !== undefined && { prediction: first.prediction }),
        ...(first?.probability !== undefined && { probability: first.probability }),
        latencyMs,
      },
    ];
  }

  async #rowFor({ name, version }: VersionRef, { inputs }: ModelSignature): Promise<Record<string, Cell>> {
    const [cells] = await this.#with.data.rowsAt({ name, version }, [askedRow]);
    const row: Record<string, Cell> = {};
    for (const input of inputs) {
      row[input.name] =
        input.type === 'image'
          ? (await this.#with.data.image({ name, version, row: askedRow, column: input.name })).base64
          : (cells?.[input.name] ?? null);
    }
    return row;
  }

  async #analyse(sample: Sample, context: Context, part: { from: number; to: number }): Promise<[null, Figures]> {
    const { advise, jobs } = this.#with;
    const { name } = metricOf(sample)!;
    await waitForJob(jobs, advise.analyse(name, context.caller).jobId, context, part);
    const advice = advise.list('open').filter((one) => one.metric === name).length;
    return [null, { metric: name, advice, route: route('advise', name) }];
  }
}

/** Takes one step after another: tells windows, measures, notes what came of it. */
class Steps {
  readonly done: DemoResult['steps'] = [];
  readonly #with: Pick<DemoParts, 'clock' | 'emit'>;
  readonly #context: Context;

  constructor(parts: Pick<DemoParts, 'clock' | 'emit'>, context: Context) {
    this.#with = parts;
    this.#context = context;
  }

  async take<T>(step: string, from: number, to: number, work: (part: { from: number; to: number }) => Promise<[T, Figures]>): Promise<T> {
    const { clock } = this.#with;
    this.#context.signal.throwIfAborted();
    const startedAt = clock.now();
    this.#tell(step, 'running', {});
    this.#context.progress(from, { key: step, params: {} });
    try {
      const [result, params] = await work({ from, to });
      this.done.push({ step, tookMs: clock.now() - startedAt, params });
      this.#tell(step, 'done', params);
      return result;
    } catch (error) {
      this.#tell(step, 'failed', isModelkeepError(error) ? { code: error.code } : {});
      throw error;
    }
  }

  #tell(step: string, state: 'running' | 'done' | 'failed', params: Figures): void {
    this.#with.emit('demo', { jobId: this.#context.jobId, step, state, params });
  }
}

function targetOf({ target }: Sample): { kind: 'column'; column: string } {
  return { kind: 'column', column: target };
}

function route(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** The same request as a line for a terminal; an image is too long for that, so the endpoint's own example stands in. */
function curlFor(url: string | null, row: Record<string, Cell>): string | null {
  const body = JSON.stringify({ rows: [row] });
  if (url === null || body.length > 4000) return null;
  return `curl -s -H 'content-type: application/json' -d '${body.replaceAll("'", "'\\''")}' '${url}'`;
}

/** The endpoint's own words about a refused row, as the error of the job. */
function refused(body: unknown): Error {
  const { error } = body as { error?: { code?: string; message?: string } };
  return new ModelkeepError('MK_INTERNAL', {
    operation: 'demo',
    detail: `${error?.code ?? ''} ${error?.message ?? JSON.stringify(body)}`.trim(),
  });
}
