import { open } from 'node:fs/promises';
import { encodeModel } from '../../../compiler/index.ts';
import {
  batches,
  columnFeed,
  featureWidth,
  type FeatureView,
  type FittedFeatures,
  type LoadModel,
  type ModelRunner,
  type RawTable,
  type TrainingFeatures,
} from '../../3-features/api.ts';
import { featureModel } from '../exportModel.ts';
import type { Matrix } from '../learners/matrix.ts';

/** Batches of rows for the feature graph; fewer rows where texts are long or rows are pictures. */
export function rowBatches(fitted: FittedFeatures, table: RawTable, rows: Int32Array): Generator<[start: number, end: number]> {
  const wide = fitted.columns.some((each) => each.kind === 'textNgrams' || each.kind === 'imagePixels');
  const texts = fitted.columns.flatMap((each) => {
    const raw = each.kind === 'textNgrams' ? table.columns.get(each.column)! : null;
    return raw?.kind === 'string' ? [raw] : [];
  });
  const lengthAt = (at: number): number => Math.max(0, ...texts.map((raw) => raw.dictionary[raw.codes[rows[at]!]!]!.length));
  return batches(rows.length, wide ? 256 : 4096, lengthAt);
}

/** Computes one view of the features with the very graph that becomes the front of the model. */
export class FeatureRunner {
  readonly width: number;
  readonly #fitted: FittedFeatures;
  readonly #view: FeatureView;
  readonly #output: string;
  readonly #model: ModelRunner;

  static async open(fitted: FittedFeatures, view: FeatureView, loadModel: LoadModel): Promise<FeatureRunner> {
    const graph = featureModel(fitted, [view]);
    const model = await loadModel(encodeModel(graph, { producer: 'modelkeep' }));
    return new FeatureRunner(fitted, view, graph.outputs[0]!.name, model);
  }

  private constructor(fitted: FittedFeatures, view: FeatureView, output: string, model: ModelRunner) {
    this.width = featureWidth(fitted, view);
    this.#fitted = fitted;
    this.#view = view;
    this.#output = output;
    this.#model = model;
  }

  /** [rows, width], row-major; `rows` should be one batch. */
  async run(table: RawTable, rows: Int32Array): Promise<Float32Array> {
    return (await this.#model.run(feedsFor(this.#fitted, table, rows)))[this.#output]!.data as Float32Array;
  }

  /** Any number of rows, batch by batch. */
  async matrix(table: RawTable, rows: Int32Array, pause: () => Promise<void>): Promise<Matrix> {
    const data = new Float32Array(rows.length * this.width);
    for (const [start, end] of rowBatches(this.#fitted, table, rows)) {
      data.set(await this.run(table, rows.subarray(start, end)), start * this.width);
      await pause();
    }
    return { rows: rows.length, width: this.width, data };
  }

  /** The same into a file, float32, row-major, batch by batch; for training rows with what they must not take from the graph. */
  async writeMatrix(
    file: string,
    table: RawTable,
    rows: Int32Array,
    pause: () => Promise<void>,
    training: TrainingFeatures | null,
  ): Promise<void> {
    const handle = await open(file, 'w');
    try {
      for (const [start, end] of rowBatches(this.#fitted, table, rows)) {
        const part = await this.run(table, rows.subarray(start, end));
        training?.apply(this.#view, part, rows.subarray(start, end));
        await handle.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
        await pause();
      }
    } finally {
      await handle.close();
    }
  }

  async release(): Promise<void> {
    await this.#model.release();
  }
}

export function feedsFor(fitted: FittedFeatures, table: RawTable, rows: Int32Array): Record<string, ReturnType<typeof columnFeed>> {
  return Object.fromEntries(fitted.columns.map(({ column }) => [column, columnFeed(table.columns.get(column)!, rows)]));
}
