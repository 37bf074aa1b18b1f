// A finished model judged on rows that nothing was chosen by.
import { encodeModel, multilayerPerceptron, type FloatArray } from '../../../compiler/index.ts';
import type { FittedFeatures, LoadModel, RawTable, Target } from '../../3-features/api.ts';
import type { Head } from '../exportModel.ts';
import { softmax } from '../learners/networkLoss.ts';
import type { Answers } from '../metrics/answers.ts';
import { feedsFor, rowBatches } from './featureMatrix.ts';
import { joinAnswers, type ModelAnswers } from './modelAnswers.ts';
import type { ModelSession } from './modelSession.ts';
import type { TestFeatures } from './prepareRun.ts';

type Pause = () => Promise<void>;

/** The model's answers to raw rows, in batches. */
export async function answerRows(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  rows: Int32Array,
  pause: Pause,
): Promise<ModelAnswers> {
  const parts: ModelAnswers[] = [];
  for (const [start, end] of rowBatches(fitted, table, rows)) {
    parts.push(await model.answer(feedsFor(fitted, table, rows.subarray(start, end))));
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
 * values in units of the target's standard deviation (relative beyond one). The trainer's network has its weights as inputs and its head in float64.
 */
export async function parityOf(
  answers: ModelAnswers,
  fitted: FittedFeatures,
  table: RawTable,
  rows: Int32Array,
  trained: { hidden: number[]; outputs: number; weights: Record<string, FloatArray>; head: Head },
  { loadModel, testFeatures, width, pause }: { loadModel: LoadModel; testFeatures: TestFeatures; width: number; pause: Pause },
): Promise<number> {
  const { hidden, outputs, weights, head } = trained;
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
    for (const [start, end] of rowBatches(fitted, table, rows)) {
      const matrix = { type: 'float32' as const, data: await testFeatures(start, end), dims: [end - start, width] };
      const raw = (await model.run({ ...feeds, features: matrix }))['output']!.data as Float32Array;
      const expected = head.kind === 'class' ? softmax(raw, outputs, head.temperature) : Float64Array.from(raw);
      for (let at = 0; at < expected.length; at++) {
        const found =
          head.kind === 'class'
            ? answers.probabilities![start * outputs + at]!
            : ((answers.prediction as Float32Array)[start + at]! - head.mean) / head.sd;
        largest = Math.max(largest, Math.abs(found - expected[at]!) / Math.max(1, Math.abs(expected[at]!)));
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
