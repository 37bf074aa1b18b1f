// Which raw columns a finished model relies on.
import type { Estimate } from '../../../../../../src-shared/domain/names.ts';
import { higherIsBetter, type MetricName } from '../../../../../../src-shared/domain/training.ts';
import { counterRandom } from '../../../../../platform/random.ts';
import { columnFeed, type FittedFeatures, type RawTable, type Target } from '../../../../3-features/api.ts';
import { spread } from '../../../explanation/rowScorer.ts';
import { drawnRows, percentileInterval } from '../../../metrics/bootstrap.ts';
import { rowsByGroup } from '../../../metrics/rankingMetrics.ts';
import { prepareMetric } from '../../../metrics/pointMetrics.ts';
import { asAnswers } from '../../models/evaluate.ts';
import { feedsFor } from '../../table/featureMatrix.ts';
import type { ModelAnswers } from '../../models/modelAnswers.ts';
import type { ModelSession } from '../../models/modelSession.ts';

export interface ImportanceSettings {
  target: Target;
  metric: MetricName;
  seed: number;
  /** Shuffling goes on while this is true; columns are shuffled once each before any is shuffled twice. */
  hasTime(): boolean;
}

const permutations = 3;
const replicatesPerPermutation = 100;
const mostRows = 2000;
const mostColumns = 100;
const rowsOfFirstLook = 200;
/** Cells that are shown to the model in all; wide tables use fewer rows. */
const cellBudget = 200_000_000;

/**
 * How much the primary metric falls when one raw column's cells are shuffled among the test rows, the rest left as they are
 * (Breiman, Random Forests, Machine Learning 45 (2001) 5–32, §10). Mean of up to three shufflings; interval by bootstrap over rows.
 * Positive means that the model relies on the column. At most 2,000 rows and 100 columns: of a wider table those that a first look
 * at 200 rows finds to matter. Columns that there was no time for are left out.
 */
export async function permutationImportance(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  testRows: Int32Array,
  settings: ImportanceSettings,
  pause: () => Promise<void>,
): Promise<{ column: string; drop: Estimate }[]> {
  const all = fitted.columns.map((each) => each.column);
  const shuffling = { model, fitted, table, pause, ...settings };
  const looked =
    all.length > mostColumns ? await shuffleColumns(shuffling, all, someOf(settings.target, testRows, rowsOfFirstLook), 1) : [];
  const heaviest = new Set(looked.slice(0, mostColumns).map((each) => each.column));
  const columns = all.length > mostColumns ? all.filter((each) => heaviest.has(each)) : all;
  const affordable = Math.max(rowsOfFirstLook, Math.floor(cellBudget / (columns.length * all.length * permutations)));
  return shuffleColumns(shuffling, columns, someOf(settings.target, testRows, Math.min(mostRows, affordable)), permutations);
}

/** Evenly; of rankings whole groups. */
function someOf(target: Target, rows: Int32Array, most: number): Int32Array {
  if (target.kind !== 'number' || !target.groups || rows.length <= most) return spread(rows, most);
  const { groups } = target;
  const byGroup = rowsByGroup(rows.map((row) => groups[row]!));
  const kept = spread(Int32Array.from(byGroup.keys()), Math.max(1, Math.floor((byGroup.length * most) / rows.length)));
  return Int32Array.from(Array.from(kept).flatMap((group) => byGroup[group]!.map((at) => rows[at]!))).sort();
}

interface Shuffling extends ImportanceSettings {
  model: ModelSession;
  fitted: FittedFeatures;
  table: RawTable;
  pause: () => Promise<void>;
}

async function shuffleColumns(
  { model, fitted, table, target, metric, seed, hasTime, pause }: Shuffling,
  columns: readonly string[],
  rows: Int32Array,
  turns: number,
): Promise<{ column: string; drop: Estimate }[]> {
  const sign = higherIsBetter[metric] ? 1 : -1;
  const feeds = feedsFor(fitted, table, rows);
  const plain = await model.answerAll(feeds, rows.length);
  const answers = asAnswers(plain, target, rows);
  const base = prepareMetric(answers, metric);
  // Copied draw by draw: the generator yields the same array each time.
  const drawn = Array.from(drawnRows(answers, seed, turns * replicatesPerPermutation), (weights) => {
    const own = Uint16Array.from(weights);
    return { weights: own, base: base(own) };
  });
  const drops = columns.map(() => ({ points: [] as number[], replicates: [] as number[] }));
  for (let turn = 0; turn < turns; turn++)
    for (const [at, column] of columns.entries()) {
      if (!hasTime()) break;
      const order = counterRandom(seed + turn, at * rows.length).shuffle([...rows.keys()]);
      const shuffled = Int32Array.from(order, (place) => rows[place]!);
      // With one input, shuffling it is shuffling the answers.
      const changed =
        fitted.columns.length === 1
          ? reorder(plain, order)
          : await model.answerAll({ ...feeds, [column]: columnFeed(table.columns.get(column)!, shuffled) }, rows.length);
      const other = prepareMetric(asAnswers(changed, target, rows), metric);
      const { points, replicates } = drops[at]!;
      points.push(sign * (base() - other()));
      const own = drawn.slice(turn * replicatesPerPermutation, (turn + 1) * replicatesPerPermutation);
      for (const replicate of own) replicates.push(sign * (replicate.base - other(replicate.weights)));
      await pause();
    }
  const result = columns.flatMap((column, at) => {
    const { points, replicates } = drops[at]!;
    const value = points.reduce((sum, each) => sum + each, 0) / points.length;
    if (!Number.isFinite(value)) return [];
    const interval = percentileInterval(replicates);
    return [{ column, drop: { value, low: interval?.low ?? null, high: interval?.high ?? null, rows: rows.length } }];
  });
  return result.sort((a, b) => b.drop.value - a.drop.value);
}

function reorder({ prediction, probabilities }: ModelAnswers, order: number[]): ModelAnswers {
  const classes = probabilities ? probabilities.length / order.length : 0;
  return {
    prediction: Array.isArray(prediction) ? order.map((row) => prediction[row]!) : Float32Array.from(order, (row) => prediction[row]!),
    probabilities:
      probabilities &&
      Float32Array.from(probabilities, (_, cell) => probabilities[order[Math.floor(cell / classes)]! * classes + (cell % classes)]!),
    lower: null,
    upper: null,
    set: null,
  };
}
