import { encodeModel } from '../../../compiler/index.ts';
import { columnFeed, featureWidth, type FittedFeatures, type LoadModel, type ModelRunner, type RawTable } from '../../3-features/api.ts';
import { featureModel } from '../exportModel.ts';
import type { Matrix } from '../learners/matrix.ts';

/** Texts of one batch are padded to the longest; fewer rows keep that small. */
export function batchRows(fitted: FittedFeatures): number {
  return fitted.columns.some((each) => each.kind === 'textNgrams' || each.kind === 'imagePixels') ? 256 : 4096;
}

/** Computes features with the very graph that becomes the front of the model. */
export class FeatureRunner {
  readonly width: number;
  readonly #fitted: FittedFeatures;
  readonly #output: string;
  readonly #model: ModelRunner;

  static async open(fitted: FittedFeatures, loadModel: LoadModel): Promise<FeatureRunner> {
    const graph = featureModel(fitted);
    return new FeatureRunner(fitted, graph.outputs[0]!.name, await loadModel(encodeModel(graph, { producer: 'modelkeep' })));
  }

  private constructor(fitted: FittedFeatures, output: string, model: ModelRunner) {
    this.width = featureWidth(fitted);
    this.#fitted = fitted;
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
    const size = batchRows(this.#fitted);
    for (let start = 0; start < rows.length; start += size) {
      data.set(await this.run(table, rows.subarray(start, start + size)), start * this.width);
      await pause();
    }
    return { rows: rows.length, width: this.width, data };
  }

  async release(): Promise<void> {
    await this.#model.release();
  }
}

export function feedsFor(fitted: FittedFeatures, table: RawTable, rows: Int32Array): Record<string, ReturnType<typeof columnFeed>> {
  return Object.fromEntries(fitted.columns.map(({ column }) => [column, columnFeed(table.columns.get(column)!, rows)]));
}
