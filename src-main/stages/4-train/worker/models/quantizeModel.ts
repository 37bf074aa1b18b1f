// A finished model in 8-bit integers, held against the float file on rows that it was not trained on.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { QuantizationKind, QuantizationReport } from '../../../../../src-shared/domain/modelVariant.ts';
import type { MetricName } from '../../../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import {
  encodeModel,
  keptInFloat,
  measureRanges,
  quantizeDynamic,
  quantizeStatic,
  readModel,
  type Graph,
  type QuantizedGraph,
  type RuntimeTensor,
} from '../../../../compiler/index.ts';
import { allRows, Preprocessing, type TensorLike } from '../../../3-features/api.ts';
import { spread } from '../../explanation/rowScorer.ts';
import { comparePaired } from '../../metrics/comparePaired.ts';
import { splitOf, type TrainedOn } from './compareModels.ts';
import { openDuck, type Duck } from '../table/duck.ts';
import { asAnswers, medianMs } from './evaluate.ts';
import { sliceFeeds, type ModelAnswers } from './modelAnswers.ts';
import { ModelSession } from './modelSession.ts';
import { ortRuntime } from '../threads/ortRuntime.ts';
import { historyOfInputs, readWithHistory } from '../table/history.ts';
import { rowsOfFile } from '../table/rowsOfFile.ts';
import { imageInputs, inputColumns, scoreTable, tableFeeds } from './scoreRows.ts';
import { onTestRows, type ModelOnRows } from './testRows.ts';

export interface QuantizeOrder extends ModelOnRows {
  kind: QuantizationKind;
  /** Hash of the model file, written into the new one. */
  sha256: string;
  /** A CSV or Parquet file with rows to measure ranges on; null: training rows. The dynamic form needs none. */
  sample: string | null;
  /** Metrics beyond those of every model. */
  also: readonly MetricName[];
}

export interface QuantizedModel extends QuantizationReport {
  bytes: Uint8Array;
}

/** Where a quantised file says what it was made of, as JSON. */
export const variantKey = 'modelkeep.variant';

const mostTestRows = 20_000;
/** Ranges are least and greatest values: more rows widen them for a few outliers only. */
const mostSampleRows = 1024;
/** Every product's input is held at once. */
const sampleRowsPerRun = 128;
/** Of the spread of the answers: a number that differs by less is the same answer. */
const sameNumber = 1e-3;

/**
 * Equal orders give equal bytes. Errors: MK_REGISTRY_NOTHING_TO_QUANTIZE, MK_REGISTRY_SAMPLE_EMPTY, MK_COMPILER_RANGE_NOT_FINITE, those
 * of `rowsOfFile` and `onTestRows`.
 */
export async function quantizeModel(order: QuantizeOrder, pause: () => Promise<void>): Promise<QuantizedModel> {
  const original = await readFile(order.modelFile);
  const { graph, metadata } = readModel(original);
  const dynamic = quantizeDynamic(graph);
  if (dynamic.quantized.length === 0 && !graph.nodes.some(({ opType }) => opType === 'Conv')) throw nothingToQuantize(graph);
  return onTestRows(order, { most: mostTestRows }, async ({ model, table, target, rows }) => {
    const feeds = order.kind === 'static' ? await sampleFeeds(order, model, pause) : null;
    const { graph: small, quantized } = feeds ? await inRanges(graph, model, feeds) : dynamic;
    if (quantized.length === 0) throw nothingToQuantize(graph);
    const sample = feeds && { file: order.sample && basename(order.sample), rows: feeds.reduce((sum, each) => sum + rowsIn(each), 0) };
    const bytes = encodeModel(small, {
      producer: 'modelkeep',
      metadata: { ...metadata, [variantKey]: JSON.stringify({ of: order.sha256, kind: order.kind, sample }) },
    });
    const other = await ModelSession.open(bytes);
    try {
      const before = await scoreTable(model, table, pause);
      const after = await scoreTable(other, table, pause);
      const oneRow = tableFeeds(model.signature.inputs, table, rows.subarray(0, 1));
      return {
        bytes,
        kind: order.kind,
        quantized: quantized.length,
        kept: [...keptInFloat(graph, quantized)],
        sample,
        rows: rows.length,
        metrics: comparePaired(asAnswers(before, target, rows), asAnswers(after, target, rows), order.seed, order.also),
        ...differences(before, after),
        originalBytes: original.length,
        sizeBytes: bytes.length,
        originalRowMs: await medianMs(() => model.answer(oneRow)),
        rowMs: await medianMs(() => other.answer(oneRow)),
      };
    } finally {
      await other.release();
    }
  });
}

function nothingToQuantize(graph: Graph): ModelkeepError {
  const operators = keptInFloat(graph, []).map(({ operator, count }) => `${operator} × ${count}`);
  return new ModelkeepError('MK_REGISTRY_NOTHING_TO_QUANTIZE', { operators: operators.join(', ') || '–' });
}

async function inRanges(graph: Graph, { signature }: ModelSession, feeds: readonly Record<string, TensorLike>[]): Promise<QuantizedGraph> {
  const preprocessing = await Preprocessing.open(signature.inputs);
  const tensor = ({ type, data, dims }: TensorLike): RuntimeTensor => ortRuntime.tensor(type as 'float32', data as Float32Array, dims);
  const batches = feeds.map((each) =>
    Object.fromEntries(Object.entries(preprocessing.feeds(each)).map(([name, feed]) => [name, tensor(feed)])),
  );
  return quantizeStatic(graph, await measureRanges(ortRuntime, graph, batches));
}

async function sampleFeeds(
  { sample, trainedOn }: QuantizeOrder,
  model: ModelSession,
  pause: () => Promise<void>,
): Promise<Record<string, TensorLike>[]> {
  using duck = await openDuck();
  const parts = sample === null ? await trainingFeeds(duck, model, trainedOn) : await fileFeeds(duck, model, sample);
  const feeds: Record<string, TensorLike>[] = [];
  for (const part of parts) {
    const rows = rowsIn(part);
    for (let start = 0; start < rows; start += sampleRowsPerRun)
      feeds.push(sliceFeeds(part, start, Math.min(sampleRowsPerRun, rows - start)));
    await pause();
  }
  return feeds;
}

async function fileFeeds({ connection }: Duck, { signature }: ModelSession, file: string): Promise<Record<string, TensorLike>[]> {
  const parts: Record<string, TensorLike>[] = [];
  let rows = 0;
  for await (const part of (await rowsOfFile(connection, file, signature.inputs)).parts) {
    const wanted = Math.min(part.rows, mostSampleRows - rows);
    parts.push(sliceFeeds(part.feeds, 0, wanted));
    rows += wanted;
    if (rows === mostSampleRows) break;
  }
  if (rows === 0) throw new ModelkeepError('MK_REGISTRY_SAMPLE_EMPTY', { file: basename(file) });
  return parts;
}

async function trainingFeeds(duck: Duck, { signature }: ModelSession, trainedOn: TrainedOn): Promise<Record<string, TensorLike>[]> {
  const { dataset } = trainedOn;
  const wanted = new Uint8Array(dataset.rows);
  const chosen = spread((await splitOf(duck, trainedOn)).train, mostSampleRows);
  for (const row of chosen) wanted[row] = 1;
  const table = await readWithHistory(
    duck.connection,
    dataset.file,
    {
      columns: inputColumns(signature.inputs, dataset.columns, 'the dataset'),
      images: imageInputs(signature.inputs),
      keep: (row) => wanted[row] === 1,
      capacity: chosen.length,
    },
    historyOfInputs(signature.inputs),
  );
  return [tableFeeds(signature.inputs, table, allRows(table.rows))];
}

function rowsIn(feeds: Record<string, TensorLike>): number {
  return Object.values(feeds)[0]?.dims[0] ?? 0;
}

function differences(before: ModelAnswers, after: ModelAnswers): Pick<QuantizationReport, 'answersChanged' | 'largestDifference'> {
  const numbers = (answers: ModelAnswers): Float32Array => answers.probabilities ?? (answers.prediction as Float32Array);
  const [left, right] = [numbers(before), numbers(after)];
  const apart = left.map((each, at) => Math.abs(each - right[at]!));
  const largestDifference = apart.reduce((largest, each) => Math.max(largest, each), 0);
  if (Array.isArray(before.prediction))
    return { answersChanged: before.prediction.filter((answer, row) => answer !== after.prediction[row]).length, largestDifference };
  const mean = left.reduce((sum, each) => sum + each, 0) / left.length;
  const spreadOf = Math.sqrt(left.reduce((sum, each) => sum + (each - mean) ** 2, 0) / left.length);
  return { answersChanged: apart.filter((each) => each > sameNumber * spreadOf).length, largestDifference };
}
