// How well one raw column alone tells the target: a column that knows the answer is usually written after the fact.
import { counterRandom } from '../../platform/random.ts';
import type { RawColumn } from './rawTable.ts';
import { labelCounts, oneLabel, type Target } from './target.ts';

/** From here on a column is called a leak. Iris's best single column reaches 0.93, the carat of a diamond 0.88 of its price. */
export const leakScore = 0.99;

const bins = 64;
/** With fewer rows to check on, perfection is luck. */
const fewestChecked = 40;
/** Of many labels the most frequent. */
const mostLabels = 20;

/**
 * Share of what can be known about the target that the column alone tells on rows that it was not fitted on, 0 to 1:
 * for classes (accuracy − majority) / (1 − majority) of "the usual class of this value", for numbers R² of "the mean of this
 * value" or the squared correlation; of several labels that of the label that is told best. Numbers are cut into 64 quantile bins. Null for text, images and too few rows.
 */
export function association(raw: RawColumn, target: Target, rows: Int32Array, isText = false): number | null {
  if (raw.kind === 'uint8' || isText) return null;
  const random = counterRandom(20_261_125);
  const [fit, check]: [number[], number[]] = [[], []];
  for (const row of rows) (random.next() < 0.5 ? fit : check).push(row);
  if (check.length < fewestChecked) return null;
  const keyOf = raw.kind === 'string' ? (row: number) => raw.codes[row]! : quantileKeys(raw.values, fit);
  if (target.kind === 'class') return classGain(keyOf, target, fit, check);
  if (target.kind === 'labels') {
    const counts = labelCounts(target, rows);
    const frequent = [...target.labels.keys()].sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, mostLabels);
    return Math.max(0, ...frequent.map((label) => classGain(keyOf, oneLabel(target, label), fit, check)));
  }
  const binned = meanGain(keyOf, target.values, fit, check);
  return raw.kind === 'string' ? binned : Math.max(binned, squaredCorrelation(raw.values, target.values, check));
}

function quantileKeys(values: Float32Array | Float64Array, fit: number[]): (row: number) => number {
  const sorted = Float64Array.from(fit.map((row) => values[row]!).filter(Number.isFinite)).sort();
  const edges = [...new Set(Array.from({ length: bins - 1 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / bins)]!))];
  return (row) => {
    const value = values[row]!;
    if (!Number.isFinite(value)) return -1;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value >= edges[middle]!) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function classGain(keyOf: (row: number) => number, target: Extract<Target, { kind: 'class' }>, fit: number[], check: number[]): number {
  const total = new Float64Array(target.classes.length);
  const counts = new Map<number, Map<number, number>>();
  for (const row of fit) {
    const code = target.codes[row]!;
    total[code]!++;
    let perClass = counts.get(keyOf(row));
    if (!perClass) counts.set(keyOf(row), (perClass = new Map()));
    perClass.set(code, (perClass.get(code) ?? 0) + 1);
  }
  const majority = total.indexOf(Math.max(...total));
  const guesses = new Map([...counts].map(([key, perClass]) => [key, [...perClass].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]));
  const right = (guess: (row: number) => number): number => check.filter((row) => guess(row) === target.codes[row]).length;
  const base = right(() => majority);
  return base === check.length ? 0 : Math.max(0, (right((row) => guesses.get(keyOf(row)) ?? majority) - base) / (check.length - base));
}

function meanGain(keyOf: (row: number) => number, values: Float64Array, fit: number[], check: number[]): number {
  const mean = fit.reduce((sum, row) => sum + values[row]!, 0) / fit.length;
  const sums = new Map<number, { sum: number; count: number }>();
  for (const row of fit) {
    const entry = sums.get(keyOf(row)) ?? { sum: 0, count: 0 };
    entry.sum += values[row]!;
    entry.count++;
    sums.set(keyOf(row), entry);
  }
  let [left, whole] = [0, 0];
  for (const row of check) {
    const entry = sums.get(keyOf(row));
    left += (values[row]! - (entry ? entry.sum / entry.count : mean)) ** 2;
    whole += (values[row]! - mean) ** 2;
  }
  return whole === 0 ? 0 : Math.max(0, 1 - left / whole);
}

function squaredCorrelation(xs: Float32Array | Float64Array, ys: Float64Array, rows: number[]): number {
  const known = rows.filter((row) => Number.isFinite(xs[row]));
  if (known.length < fewestChecked) return 0;
  const meanX = known.reduce((sum, row) => sum + xs[row]!, 0) / known.length;
  const meanY = known.reduce((sum, row) => sum + ys[row]!, 0) / known.length;
  let [xx, yy, xy] = [0, 0, 0];
  for (const row of known) {
    const [dx, dy] = [xs[row]! - meanX, ys[row]! - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? 0 : (xy * xy) / (xx * yy);
}
