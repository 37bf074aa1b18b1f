// One-off work on models and rows, each in a worker process of its own: it may run out of memory without anyone else noticing.
import { basename } from 'node:path';
import type { ColumnEffect, Counterfactuals, Evaluation, RowReasons, ThresholdAdvice } from '../../../src-shared/domain/evaluation.ts';
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Forecast } from '../../../src-shared/domain/history.ts';
import type { TrainingGraph } from '../../../src-shared/domain/trainingGraph.ts';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { JobContext } from '../../platform/jobs.ts';
import type { RequestOptions, StartWorker, Worker } from '../../platform/processHost.ts';
import type { Inspection, Inspector } from '../3-features/api.ts';
import { datasetFile, labelRows, type LabelReader } from './sources.ts';
import type { Comparison, CompareOrder, Judgement, JudgeOrder } from './worker/models/compareModels.ts';
import type { ExplainOrder } from './worker/models/explainModel.ts';
import type { ThresholdOrder } from './worker/models/evaluateModel.ts';
import type { CounterfactualOrder, EffectOrder, ReasonsOrder } from './worker/models/explainRows.ts';
import type { QuantizedModel, QuantizeOrder } from './worker/models/quantizeModel.ts';
import type { InspectOrder } from './worker/order.ts';
import type { PredictedFile, PredictOrder } from './worker/models/predictFile.ts';
import type { ModelOnRows } from './worker/models/testRows.ts';
import type { Scores } from './worker/models/scoreRows.ts';

export interface ModelWorkDependencies {
  blobs: BlobStore;
  startWorker: StartWorker;
  labels: LabelReader;
}

const memoryLimitMb = 3072;

export class ModelWork implements Inspector {
  readonly #with: ModelWorkDependencies;

  constructor(dependencies: ModelWorkDependencies) {
    this.#with = dependencies;
  }

  async inspect(version: DatasetVersion, target: FeatureSpec['target'], forecast?: Forecast | null): Promise<Inspection> {
    const { blobs, labels } = this.#with;
    const order: InspectOrder = {
      dataset: await datasetFile(version, blobs),
      target,
      labels: await labelRows(target, version, labels),
      forecast,
    };
    return this.#inWorker((worker) => worker.request('inspect', order));
  }

  /** Answers of a stored model to rows of a dataset version; all rows when `rows` is null. */
  async score(sha256: string, version: DatasetVersion, rows: Int32Array | null, options?: RequestOptions): Promise<Scores> {
    const { blobs } = this.#with;
    await blobs.verify(sha256);
    const source = { dataset: await datasetFile(version, blobs), rows };
    return this.#inWorker((worker) => worker.request('score', { modelFile: blobs.path(sha256), source }, options));
  }

  /** The training graphs of a candidate's network and where the time of a step goes; see `explainModel`. */
  async explain(sha256: string, settings: ExplainOrder['settings']): Promise<TrainingGraph> {
    const { blobs } = this.#with;
    await blobs.verify(sha256);
    return this.#inWorker((worker) => worker.request('explain', { modelFile: blobs.path(sha256), settings }));
  }

  /** Everything that the test rows say about a model. */
  evaluate(order: ModelOnRows): Promise<Evaluation> {
    return this.#inWorker((worker) => worker.request('evaluate', order));
  }

  threshold(order: ThresholdOrder): Promise<ThresholdAdvice> {
    return this.#inWorker((worker) => worker.request('threshold', order));
  }

  explainRow(order: ReasonsOrder): Promise<RowReasons> {
    return this.#inWorker((worker) => worker.request('explainRow', order));
  }

  explainColumn(order: EffectOrder): Promise<ColumnEffect> {
    return this.#inWorker((worker) => worker.request('explainColumn', order));
  }

  counterfactual(order: CounterfactualOrder): Promise<Counterfactuals> {
    return this.#inWorker((worker) => worker.request('counterfactual', order));
  }

  compare(order: CompareOrder, options?: RequestOptions): Promise<Comparison> {
    return this.#inWorker((worker) => worker.request('compare', order, options));
  }

  /** A model on the test rows of another run. */
  judge(order: JudgeOrder): Promise<Judgement> {
    return this.#inWorker((worker) => worker.request('judge', order));
  }

  /** A model in 8-bit integers, measured on its test rows; see `quantizeModel`. */
  quantize(order: QuantizeOrder): Promise<QuantizedModel> {
    return this.#inWorker((worker) => worker.request('quantize', order));
  }

  /** Scores a file of someone's; see `predictFile`. */
  async predict(
    sha256: string,
    input: string,
    output: string,
    earlier: DatasetVersion | null,
    { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
  ): Promise<{ rows: number; file: string; withoutHistory?: number }> {
    const { blobs } = this.#with;
    await blobs.verify(sha256);
    const order: PredictOrder = {
      modelFile: blobs.path(sha256),
      input,
      output,
      earlier: earlier && (await datasetFile(earlier, blobs)).file,
    };
    const options = { signal, onProgress: progress };
    const { rows, withoutHistory } = await this.#inWorker((worker) => worker.request<PredictedFile>('predict', order, options));
    return { rows, file: basename(output), ...(withoutHistory === null ? {} : { withoutHistory }) };
  }

  async #inWorker<T>(work: (worker: Worker) => Promise<T>): Promise<T> {
    const worker = this.#with.startWorker('trainWorker', { memoryLimitMb });
    try {
      return await work(worker);
    } finally {
      worker.kill(); // it holds nothing that must be put in order
    }
  }
}
