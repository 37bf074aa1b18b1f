// A finished model judged on rows that nothing was chosen by.
import type { Estimate } from '../../../../src-shared/domain/names.ts';
import { higherIsBetter, type MetricName } from '../../../../src-shared/domain/training.ts';
import { encodeModel, multilayerPerceptron, type FloatArray } from '../../../compiler/index.ts';
import { counterRandom } from '../../../platform/random.ts';
import { columnFeed, type FittedFeatures, type LoadModel, type RawTable, type Target } from '../../3-features/api.ts';
import type { Head } from '../exportModel.ts';
import { softmax } from '../learners/networkLoss.ts';
import type { Answers } from '../metrics/answers.ts';
import { bootstrapWeights, percentileInterval } from '../metrics/bootstrap.ts';
import { prepareMetric } from '../metrics/pointMetrics.ts';
import { batchRows, feedsFor, type FeatureRunner } from './featureMatrix.ts';
import { joinAnswers, type ModelAnswers } from './modelAnswers.ts';
import type { ModelSession } from './modelSession.ts';

type Pause = () => Promise<void>;

/** The model's answers to raw rows, in batches. */
export async function answerRows(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  rows: Int32Array,
  pause: Pause,
): Promise<ModelAnswers> {
  const size = model.batchRows;
  const parts: ModelAnswers[] = [];
  for (let start = 0; start < rows.length; start += size) {
    parts.push(await model.answer(feedsFor(fitted, table, rows.subarray(start, start + size))));
    await pause();
  }
  return joinAnswers(parts);
}

/** Beside the truth of the same rows. */
export function asAnswers(answers: ModelAnswers, target: Target, rows: Int32Array): Answers {
  if (target.kind === 'number')
    return { kind: 'number', truth: Float64Array.from(rows, (row) => target.values[row]!), prediction: answers.prediction as Float32Array };
  return {
    kind: 'class',
    truth: Int32Array.from(rows, (row) => target.codes[row]!),
    probabilities: answers.probabilities!,
    classes: target.classes.length,
  };
}

/**
 * Largest difference between the exported model and the trainer's own computation on the same features: probabilities, or
 * values in units of the target's standard deviation. The trainer's network has its weights as inputs and its head in float64.
 */
export async function parityOf(
  answers: ModelAnswers,
  fitted: FittedFeatures,
  table: RawTable,
  rows: Int32Array,
  trained: { hidden: number[]; outputs: number; weights: Record<string, FloatArray>; head: Head },
  { loadModel, features, pause }: { loadModel: LoadModel; features: FeatureRunner; pause: Pause },
): Promise<number> {
  const { hidden, outputs, weights, head } = trained;
  const { width } = features;
  const network = multilayerPerceptron({ featureCount: width, hiddenSizes: hidden, outputCount: outputs });
  const model = await loadModel(encodeModel(network.graph, { producer: 'modelkeep' }));
  const feeds = Object.fromEntries(
    network.parameters.map((name) => [
      name,
      { type: 'float32' as const, data: weights[name] as Float32Array, dims: network.parameterShapes[name]! },
    ]),
  );
  let largest = 0;
  try {
    const size = batchRows(fitted);
    for (let start = 0; start < rows.length; start += size) {
      const batch = rows.subarray(start, start + size);
      const matrix = { type: 'float32' as const, data: await features.run(table, batch), dims: [batch.length, width] };
      const raw = (await model.run({ ...feeds, features: matrix }))['output']!.data as Float32Array;
      const expected = head.kind === 'class' ? softmax(raw, outputs, head.temperature) : Float64Array.from(raw);
      for (let at = 0; at < expected.length; at++) {
        const found =
          head.kind === 'class'
            ? answers.probabilities![start * outputs + at]!
            : ((answers.prediction as Float32Array)[start + at]! - head.mean) / head.sd;
        largest = Math.max(largest, Math.abs(found - expected[at]!));
      }
      await pause();
    }
  } finally {
    await model.release();
  }
  return largest;
}

const warmUpRuns = 20;
const timedRuns = 200;

/** Median milliseconds of one row, session already warm. */
export async function timeOneRow(model: ModelSession, fitted: FittedFeatures, table: RawTable, rows: Int32Array): Promise<number> {
  const feeds = feedsFor(fitted, table, rows.subarray(0, 1));
  for (let run = 0; run < warmUpRuns; run++) await model.answer(feeds);
  const times = new Float64Array(timedRuns);
  for (let run = 0; run < timedRuns; run++) {
    const started = performance.now();
    await model.answer(feeds);
    times[run] = performance.now() - started;
  }
  return times.sort()[timedRuns >> 1]!;
}

const permutations = 3;
const replicatesPerPermutation = 100;
const mostImportanceRows = 2000;
/** Cells that are shown to the model in all; wide tables use fewer rows. */
const cellBudget = 200_000_000;

/**
 * How much the primary metric falls when one raw column's cells are shuffled among the test rows, the rest left as they are
 * (Breiman, Random Forests, Machine Learning 45 (2001) 5–32, §10). Mean of three shufflings; interval by bootstrap over rows.
 * Positive means that the model relies on the column.
 */
export async function permutationImportance(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  testRows: Int32Array,
  target: Target,
  metric: MetricName,
  seed: number,
  pause: Pause,
): Promise<{ column: string; drop: Estimate }[]> {
  const columns = fitted.columns.length;
  const affordable = Math.max(200, Math.floor(cellBudget / (columns * columns * permutations)));
  const rows = testRows.subarray(0, Math.min(mostImportanceRows, affordable));
  const sign = higherIsBetter[metric] ? 1 : -1;
  const feeds = feedsFor(fitted, table, rows);
  const base = prepareMetric(asAnswers(await model.answerAll(feeds, rows.length), target, rows), metric);
  const drawn = [...bootstrapWeights(rows.length, seed, permutations * replicatesPerPermutation)].map((weights) => {
    const own = Uint16Array.from(weights);
    return { weights: own, base: base(own) };
  });
  const result: { column: string; drop: Estimate }[] = [];
  for (const [at, { column }] of fitted.columns.entries()) {
    const points: number[] = [];
    const replicates: number[] = [];
    for (let turn = 0; turn < permutations; turn++) {
      const shuffled = Int32Array.from(counterRandom(seed + turn, at * rows.length).shuffle([...rows]));
      const changed = await model.answerAll({ ...feeds, [column]: columnFeed(table.columns.get(column)!, shuffled) }, rows.length);
      const other = prepareMetric(asAnswers(changed, target, rows), metric);
      points.push(sign * (base() - other()));
      const own = drawn.slice(turn * replicatesPerPermutation, (turn + 1) * replicatesPerPermutation);
      for (const replicate of own) replicates.push(sign * (replicate.base - other(replicate.weights)));
      await pause();
    }
    const value = points.reduce((sum, each) => sum + each, 0) / points.length;
    if (!Number.isFinite(value)) continue;
    const interval = percentileInterval(replicates);
    result.push({ column, drop: { value, low: interval?.low ?? null, high: interval?.high ?? null, rows: rows.length } });
  }
  return result.sort((a, b) => b.drop.value - a.drop.value);
}
