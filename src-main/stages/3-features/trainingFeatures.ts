// Target statistics of training rows: what the graph computes for them would hold each row's own answer.
import { counterRandom } from '../../platform/random.ts';
import type { FeatureView, FittedEncoded, FittedFeatures } from './fittedFeatures.ts';
import { targetsOf } from './fitCategories.ts';
import { layout } from './layout.ts';
import type { RawTable } from './rawTable.ts';
import type { Target } from './target.ts';

export interface TrainingContext {
  table: RawTable;
  target: Target;
  /** That features were fitted on. */
  rows: Int32Array;
  seed: number;
  /** By position in `table`, where rows have an order in time: earlier ones come first, and rows of one time do not see each other. */
  times?: Float64Array | null;
}

export interface TrainingFeatures {
  /** Overwrites those features of `rows` in the row-major matrix `data` that a training row must not take from the graph. */
  apply(view: FeatureView, data: Float32Array, rows: Int32Array): void;
}

/**
 * Ordered target statistics (Prokhorenkova and others, CatBoost, NeurIPS 2018, §3.2): rows are put in a random order (or that of
 * time), and each row's number is made of the answers of rows before it: (sum + smoothing · prior) / (count + smoothing). The prior
 * is the overall mean, one number for all rows, so that no row can read its own answer from it. Null where nothing is overwritten.
 */
export function trainingFeatures(fitted: FittedFeatures, context: TrainingContext): TrainingFeatures | null {
  const columns = fitted.columns.filter(
    (each): each is FittedEncoded => each.kind === 'encoded' && each.tables.some(({ target }) => target),
  );
  if (columns.length === 0) return null;
  const steps = inOrder(context);
  const numbers = new Map(columns.map((each) => [each as object, orderedNumbers(each, context, steps)]));
  return {
    apply: (view, data, rows) => {
      let offset = 0;
      const parts = layout(fitted, view);
      const width = parts.reduce((sum, { names }) => sum + names.length, 0);
      for (const { from, names, table } of parts) {
        const own = table === undefined ? undefined : numbers.get(from)?.[table];
        if (own) {
          const { centre, spread } = (from as FittedEncoded).tables[table!]!;
          rows.forEach((row, at) => (data[at * width + offset] = view === 'scaled' ? (own[row]! - centre) / spread : own[row]!));
        }
        offset += names.length;
      }
    },
  };
}

/** Rows in order, cut where they may see each other: [first, after) of each group of one time. */
interface Order {
  rows: Int32Array;
  groups: [first: number, after: number][];
}

function inOrder({ rows, seed, times }: TrainingContext): Order {
  const shuffled = Int32Array.from(counterRandom(seed ^ 0x0bde_4ed5, 0).shuffle([...rows]));
  if (!times) return { rows: shuffled, groups: Array.from(shuffled, (_, at) => [at, at + 1]) };
  // What has no time comes last: nobody may learn from it.
  const timeOf = (row: number): number => (Number.isFinite(times[row]) ? times[row]! : Infinity);
  const sorted = shuffled.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0));
  const groups: Order['groups'] = [];
  for (let first = 0; first < sorted.length;) {
    let after = first + 1;
    while (after < sorted.length && timeOf(sorted[after]!) === timeOf(sorted[first]!)) after++;
    groups.push([first, after]);
    first = after;
  }
  return { rows: sorted, groups };
}

/** By table of the column, by row; null for tables that are not of the target. */
function orderedNumbers(column: FittedEncoded, { table, target, rows }: TrainingContext, order: Order): (Float32Array | null)[] {
  const raw = table.columns.get(column.column)!;
  if (raw.kind !== 'string') throw new Error(`"${column.column}" is not a category.`);
  const places = new Map(column.values.map((value, at) => [value, at]));
  const place = Int32Array.from(raw.dictionary, (value) => places.get(value) ?? column.values.length);
  const answers = targetsOf(target, rows);
  return column.tables.map(({ target: statistic }) => {
    if (!statistic) return null;
    const { answer } = answers.find(({ label }) => label === statistic.class)!;
    const sums = new Float64Array(column.values.length + 1);
    const counts = new Float64Array(column.values.length + 1);
    const numbers = new Float32Array(table.rows);
    for (const [first, after] of order.groups) {
      for (let at = first; at < after; at++) {
        const row = order.rows[at]!;
        const own = place[raw.codes[row]!]!;
        numbers[row] = (sums[own]! + statistic.smoothing * statistic.prior) / (counts[own]! + statistic.smoothing);
      }
      for (let at = first; at < after; at++) {
        const row = order.rows[at]!;
        const own = place[raw.codes[row]!]!;
        sums[own]! += answer(row);
        counts[own]!++;
      }
    }
    return numbers;
  });
}
