// The bundled samples: what they are, and importing one.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sample as sampleSchema, type Sample } from '../../src-shared/domain/sample.ts';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { MetricDefinition } from '../../src-shared/rpc/advise.ts';
import type { Caller, Result } from '../../src-shared/rpc/contract.ts';
import type { JobContext, JobEngine, JobKind } from '../platform/jobs.ts';
import type { DataService, ImportResult } from '../stages/1-data/api.ts';
import type { AdviseService } from '../stages/9-advise/api.ts';
import { waitForJob } from './waitForJob.ts';

export interface SampleParts {
  /** `resources/samples`. */
  folder: string;
  data: Pick<DataService, 'list' | 'startImport'>;
  advise: Pick<AdviseService, 'saveMetric'>;
  jobs: JobEngine;
}

export class Samples {
  readonly #with: SampleParts;
  readonly #importKind: JobKind<{ id: string }, ImportResult>;

  constructor(parts: SampleParts) {
    this.#with = parts;
    this.#importKind = {
      kind: 'samples.import',
      subject: ({ id }) => `sample ${id}`,
      resumable: true,
      coordinator: true,
      run: (context) => this.import(context.params.id, context, { from: 0, to: 1 }),
    };
    parts.jobs.register(this.#importKind);
  }

  async list(): Promise<Result<'samples.list'>> {
    const imported = new Set(this.#with.data.list().map(({ dataset }) => dataset));
    const ids = (await readdir(this.#with.folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
    const samples = await Promise.all(ids.map(({ name }) => this.get(name)));
    return samples.map(({ id, title, description, kind, rows, sizeBytes, target, licence, source }) => ({
      id,
      title,
      description,
      kind,
      rows,
      sizeBytes,
      target,
      licence,
      source,
      imported: imported.has(id),
    }));
  }

  /** Errors: MK_NOT_FOUND, MK_SAMPLE_UNREADABLE. */
  async get(id: string): Promise<Sample> {
    // An id is a folder's name here, and nothing that climbs out.
    if (!/^[a-z][a-z0-9-]*$/.test(id)) throw new ModelkeepError('MK_NOT_FOUND', { what: 'sample', name: id });
    const text = await readFile(join(this.#with.folder, id, 'sample.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new ModelkeepError('MK_NOT_FOUND', { what: 'sample', name: id });
      throw new ModelkeepError('MK_SAMPLE_UNREADABLE', { sample: id, reason: error.code ?? error.message }, { cause: error });
    });
    try {
      return sampleSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new ModelkeepError('MK_SAMPLE_UNREADABLE', { sample: id, reason: 'sample.json does not fit' }, { cause });
    }
  }

  /** Errors: MK_NOT_FOUND, MK_SAMPLE_UNREADABLE. */
  async startImport(id: string, caller: Caller): Promise<{ jobId: string }> {
    await this.get(id);
    return { jobId: this.#with.jobs.start(this.#importKind, { id }, caller).id };
  }

  /** Imports the sample as the dataset of its name, and defines its business figure. Part of a coordinating job. */
  async import(
    id: string,
    context: Pick<JobContext, 'signal' | 'progress' | 'caller'>,
    part: { from: number; to: number },
  ): Promise<ImportResult> {
    const { folder, data, advise, jobs } = this.#with;
    const sample = await this.get(id);
    const files = sample.files.map((file) => join(folder, id, file));
    const { jobId } = data.startImport({ files, name: id, options: sample.importOptions ?? {} }, context.caller);
    const { result } = await waitForJob(jobs, jobId, context, part);
    const metric = metricOf(sample);
    if (metric) advise.saveMetric(metric, context.caller);
    return result as ImportResult;
  }
}

/** The sample's business figure over the dataset that it is imported as. */
export function metricOf({ id, businessMetric }: Sample): MetricDefinition | null {
  return businessMetric ? { ...businessMetric, title: businessMetric.title.en, dataset: id } : null;
}
