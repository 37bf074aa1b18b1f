// Which raw columns a finished model relies on.
import type { Estimate } from '../../../../src-shared/domain/names.ts';
import { higherIsBetter, type MetricName } from '../../../../src-shared/domain/training.ts';
import type { FloatArray } from '../../../compiler/index.ts';
import { counterRandom } from '../../../platform/random.ts';
import { columnFeed, columnsOfFeatures, type FittedFeatures, type RawTable, type Target } from '../../3-features/api.ts';
import { bootstrapWeights, percentileInterval } from '../metrics/bootstrap.ts';
import { prepareMetric } from '../metrics/pointMetrics.ts';
import { asAnswers } from './evaluate.ts';
import { feedsFor } from './featureMatrix.ts';
import type { ModelAnswers } from './modelAnswers.ts';
import type { ModelSession } from './modelSession.ts';

export interface ImportanceSettings {
  target: Target;
  metric: MetricName;
  /** Of the first layer, [features, units]. */
  firstWeights: FloatArray;
  seed: number;
}

const permutations = 3;
const replicatesPerPermutation = 100;
const mostRows = 2000;
/** Of a wider table only the columns with the largest weights are judged. */
const mostColumns = 100;
/** Cells that are shown to the model in all; wide tables use fewer rows. */
const cellBudget = 200_000_000;

/**
 * How much the primary metric falls when one raw column's cells are shuffled among the test rows, the rest left as they are
 * (Breiman, Random Forests, Machine Learning 45 (2001) 5–32, §10). Mean of three shufflings; interval by bootstrap over rows.
 * Positive means that the model relies on the column. At most 2,000 rows and 100 columns.
 */
export async function permutationImportance(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  testRows: Int32Array,
  { target, metric, firstWeights, seed }: ImportanceSettings,
  pause: () => Promise<void>,
): Promise<{ column: string; drop: Estimate }[]> {
  const columns = heaviestColumns(fitted, firstWeights);
  const affordable = Math.max(200, Math.floor(cellBudget / (columns.length * fitted.columns.length * permutations)));
  const rows = spread(testRows, Math.min(mostRows, affordable));
  const sign = higherIsBetter[metric] ? 1 : -1;
  const feeds = feedsFor(fitted, table, rows);
  const plain = await model.answerAll(feeds, rows.length);
  const base = prepareMetric(asAnswers(plain, target, rows), metric);
  // Copied draw by draw: the generator yields the same array each time.
  const drawn = Array.from(bootstrapWeights(rows.length, seed, permutations * replicatesPerPermutation), (weights) => {
    const own = Uint16Array.from(weights);
    return { weights: own, base: base(own) };
  });
  const result: { column: string; drop: Estimate }[] = [];
  for (const [at, column] of columns.entries()) {
    const points: number[] = [];
    const replicates: number[] = [];
    for (let turn = 0; turn < permutations; turn++) {
      const order = counterRandom(seed + turn, at * rows.length).shuffle([...rows.keys()]);
      const shuffled = Int32Array.from(order, (place) => rows[place]!);
      // With one input, shuffling it is shuffling the answers.
      const changed =
        fitted.columns.length === 1
          ? reorder(plain, order)
          : await model.answerAll({ ...feeds, [column]: columnFeed(table.columns.get(column)!, shuffled) }, rows.length);
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

function reorder({ prediction, probabilities }: ModelAnswers, order: number[]): ModelAnswers {
  const classes = probabilities ? probabilities.length / order.length : 0;
  return {
    prediction: Array.isArray(prediction) ? order.map((row) => prediction[row]!) : Float32Array.from(order, (row) => prediction[row]!),
    probabilities:
      probabilities &&
      Float32Array.from(probabilities, (_, cell) => probabilities[order[Math.floor(cell / classes)]! * classes + (cell % classes)]!),
  };
}

/** In the order of the columns; features are standardised, so the weights that leave them are comparable. */
function heaviestColumns(fitted: FittedFeatures, firstWeights: FloatArray): string[] {
  const names = fitted.columns.map((each) => each.column);
  if (names.length <= mostColumns) return names;
  const owners = columnsOfFeatures(fitted);
  const units = firstWeights.length / owners.length;
  const weight = new Map<string, number>(names.map((name) => [name, 0]));
  owners.forEach((name, feature) => {
    let sum = weight.get(name)!;
    for (let unit = 0; unit < units; unit++) sum += firstWeights[feature * units + unit]! ** 2;
    weight.set(name, sum);
  });
  const heaviest = new Set(names.toSorted((a, b) => weight.get(b)! - weight.get(a)!).slice(0, mostColumns));
  return names.filter((name) => heaviest.has(name));
}

/** Evenly over the whole, so that an order in time is kept in proportion. */
function spread(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, at) => rows[Math.floor((at * rows.length) / most)]!);
}
