import { counterRandom } from '../../../platform/random.ts';
import { explainable, sameCell, spread, type RowScorer } from './rowScorer.ts';

export interface ShapleyResult {
  base: number;
  value: number;
  /** base + Σ effects = value. `error`: standard error of the sampling over orders and background rows. */
  effects: { column: string; effect: number; error: number }[];
  background: number;
  method: 'additive' | 'sampled';
}

export interface ShapleySettings {
  /** Row of the table that is explained. */
  row: number;
  /** Rows that it is held against. */
  background: Int32Array;
  /** Orders at most, half of them mirrored. */
  mostOrders: number;
  /** Sampling ends once every standard error is below this share of the largest effect. */
  tolerance: number;
  seed: number;
  pause(): Promise<void>;
}

const rowsPerCall = 4096;
const fewestPairs = 16;

/**
 * Shapley values of one answer over raw columns: what each cell adds, on average over the orders in which the cells of a background
 * row are replaced by those of the row (interventional, so each effect is one of the model, not of correlated columns).
 *
 * Where the model is a sum over columns one look at each column is enough, and exact; that is found out by trying. Otherwise orders
 * are drawn (Štrumbelj & Kononenko, Explaining prediction models and individual predictions with feature contributions, Knowl. Inf.
 * Syst. 41 (2014)), each with its mirror image for less noise (Mitchell et al., Sampling permutations for Shapley value estimation,
 * JMLR 23 (2022)). Background rows are taken in turn, so effects sum to the answer less the mean over the rows taken.
 */
export async function shapleyValues(scorer: RowScorer, settings: ShapleySettings): Promise<ShapleyResult> {
  const { row, background } = settings;
  const columns = explainable(scorer)
    .map(({ name }) => name)
    .filter((name) => background.some((each) => !sameCell(scorer.table.columns.get(name)!, each, row)));
  const [value] = await scorer.score({ rows: Int32Array.of(row), replaced: new Map() });
  return (await additive(scorer, columns, value!, settings)) ?? sampled(scorer, columns, value!, settings);
}

/** Null: the model is no sum over columns, as far as these rows show. */
async function additive(
  scorer: RowScorer,
  columns: readonly string[],
  value: number,
  settings: ShapleySettings,
): Promise<ShapleyResult | null> {
  const { row, background, pause } = settings;
  const plain = await scorer.score({ rows: background, replaced: new Map() });
  const base = mean(plain);
  const effects: ShapleyResult['effects'] = [];
  let reach = Math.abs(value) + Math.abs(base);
  const own = new Float64Array(background.length);
  for (const column of columns) {
    const cells = new Int32Array(background.length).fill(row);
    const changed = await scorer.score({
      rows: background,
      replaced: new Map([[column, { column: scorer.table.columns.get(column)!, cells }]]),
    });
    changed.forEach((score, at) => (own[at]! += score - plain[at]!));
    effects.push({ column, effect: mean(changed) - base, error: 0 });
    reach += Math.abs(effects.at(-1)!.effect);
    await pause();
  }
  // For a sum over columns the effects of single cells lead from every single background row to the row itself.
  const off = own.reduce((most, sum, at) => Math.max(most, Math.abs(plain[at]! + sum - value)), 0);
  if (off > 1e-4 * reach) return null;
  // What float32 left over is shared out, so that the sum is the answer.
  const rest = value - base - effects.reduce((sum, { effect }) => sum + effect, 0);
  const total = effects.reduce((sum, { effect }) => sum + Math.abs(effect), 0);
  for (const each of effects) each.effect += total === 0 ? 0 : (rest * Math.abs(each.effect)) / total;
  return { base, value, effects, background: background.length, method: 'additive' };
}

async function sampled(scorer: RowScorer, columns: readonly string[], value: number, settings: ShapleySettings): Promise<ShapleyResult> {
  const { background, mostOrders, tolerance, seed, pause } = settings;
  const random = counterRandom(seed);
  const width = columns.length;
  const turns = counterRandom(seed + 1).shuffle([...background]);
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let [pairs, baseSum] = [0, 0];
  const mostPairs = Math.max(1, mostOrders >> 1);
  const pairsPerCall = Math.max(1, Math.floor(rowsPerCall / Math.max(1, 2 * width)));
  while (pairs < mostPairs) {
    const count = Math.min(pairsPerCall, mostPairs - pairs, Math.max(fewestPairs, pairs));
    const orders = Array.from({ length: count }, () => random.shuffle(Array.from({ length: width }, (_, at) => at)));
    const against = orders.map((_, at) => turns[(pairs + at) % turns.length]!);
    const walks = orders.flatMap((order, at) => [
      { order, from: against[at]! },
      { order: order.toReversed(), from: against[at]! },
    ]);
    const scores = await scoreWalks(scorer, columns, walks, settings.row);
    for (let pair = 0; pair < count; pair++) {
      baseSum += scores[2 * pair]![0]!;
      const both = new Float64Array(width);
      for (const side of [2 * pair, 2 * pair + 1]) {
        const walk = scores[side]!;
        walks[side]!.order.forEach((column, place) => {
          const after = place + 1 < width ? walk[place + 1]! : value;
          both[column]! += (after - walk[place]!) / 2;
        });
      }
      both.forEach((each, column) => {
        sums[column]! += each;
        squares[column]! += each * each;
      });
    }
    pairs += count;
    await pause();
    if (pairs >= fewestPairs * 2 && settled(sums, squares, pairs, tolerance)) break;
  }
  const effects = columns.map((column, at) => ({ column, effect: sums[at]! / pairs, error: errorOf(sums[at]!, squares[at]!, pairs) }));
  return { base: baseSum / pairs, value, effects, background: Math.min(pairs, turns.length), method: 'sampled' };
}

/** Scores before each replacement, from the untouched background row on; [walks][columns]. */
async function scoreWalks(
  scorer: RowScorer,
  columns: readonly string[],
  walks: readonly { order: readonly number[]; from: number }[],
  row: number,
): Promise<Float64Array[]> {
  const width = columns.length;
  const rows = new Int32Array(walks.length * width);
  const cells = columns.map(() => new Int32Array(rows.length));
  walks.forEach(({ order, from }, walk) => {
    rows.fill(from, walk * width, (walk + 1) * width);
    for (const own of cells) own.fill(from, walk * width, (walk + 1) * width);
    order.forEach((column, place) => cells[column]!.fill(row, walk * width + place + 1, (walk + 1) * width));
  });
  const replaced = new Map(columns.map((name, at) => [name, { column: scorer.table.columns.get(name)!, cells: cells[at]! }]));
  const scores = width === 0 ? new Float64Array() : await scorer.score({ rows, replaced });
  return walks.map((_, walk) => scores.subarray(walk * width, (walk + 1) * width));
}

function settled(sums: Float64Array, squares: Float64Array, pairs: number, tolerance: number): boolean {
  const largest = sums.reduce((most, each) => Math.max(most, Math.abs(each / pairs)), 0);
  return sums.every((sum, at) => errorOf(sum, squares[at]!, pairs) <= tolerance * largest);
}

function errorOf(sum: number, squares: number, count: number): number {
  if (count < 2) return Infinity;
  return Math.sqrt(Math.max(0, squares - (sum * sum) / count) / (count - 1) / count);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** Rows that an answer is held against by default. */
export function backgroundOf(rows: Int32Array): Int32Array {
  return spread(rows, 200);
}
