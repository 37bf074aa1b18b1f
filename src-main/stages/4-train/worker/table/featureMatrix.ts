import { open } from 'node:fs/promises';
import {
  batches,
  columnFeed,
  FeatureTransformer,
  type FeatureView,
  type FittedFeatures,
  type LoadModel,
  type RawTable,
  type TrainingFeatures,
} from '../../../3-features/api.ts';
import type { Matrix } from '../../learners/matrix.ts';

/** Batches of rows for the whole model; fewer rows where texts are long or rows are pictures. */
export function rowBatches(fitted: FittedFeatures, table: RawTable, rows: Int32Array): Generator<[start: number, end: number]> {
  const wide = fitted.columns.some((each) => each.kind === 'textNgrams' || each.kind === 'imagePixels');
  const texts = fitted.columns.flatMap((each) => {
    const raw = each.kind === 'textNgrams' ? table.columns.get(each.column)! : null;
    return raw?.kind === 'string' ? [raw] : [];
  });
  const lengthAt = (at: number): number => Math.max(0, ...texts.map((raw) => raw.dictionary[raw.codes[rows[at]!]!]!.length));
  return batches(rows.length, wide ? 256 : 4096, lengthAt);
}

/** One view of the features, in memory or in a file. */
export class FeatureRunner {
  readonly #view: FeatureView;
  readonly #transformer: FeatureTransformer;

  static async open(fitted: FittedFeatures, view: FeatureView, loadModel: LoadModel): Promise<FeatureRunner> {
    return new FeatureRunner(view, await FeatureTransformer.open(fitted, view, loadModel));
  }

  private constructor(view: FeatureView, transformer: FeatureTransformer) {
    this.#view = view;
    this.#transformer = transformer;
  }

  get width(): number {
    return this.#transformer.width;
  }

  async matrix(table: RawTable, rows: Int32Array, pause: () => Promise<void>): Promise<Matrix> {
    return { rows: rows.length, width: this.width, data: await this.#transformer.matrix(table, rows, pause) };
  }

  /** The same into a file, float32, row-major; for training rows with what they must not take from the graph. */
  async writeMatrix(
    file: string,
    table: RawTable,
    rows: Int32Array,
    pause: () => Promise<void>,
    training: TrainingFeatures | null,
  ): Promise<void> {
    const handle = await open(file, 'w');
    try {
      for await (const { start, data } of this.#transformer.blocks(table, rows, pause)) {
        training?.apply(this.#view, data, rows.subarray(start, start + data.length / this.width));
        await handle.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
    } finally {
      await handle.close();
    }
  }

  async release(): Promise<void> {
    await this.#transformer.release();
  }
}

export function feedsFor(fitted: FittedFeatures, table: RawTable, rows: Int32Array): Record<string, ReturnType<typeof columnFeed>> {
  return Object.fromEntries(fitted.columns.map(({ column }) => [column, columnFeed(table.columns.get(column)!, rows)]));
}
