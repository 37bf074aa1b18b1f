// Rows drawn with replacement, again and again: Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 13 (percentile interval).
import { counterRandom } from '../../../platform/random.ts';
import { rowCount, type Answers } from './answers.ts';
import { rowsByGroup } from './rankingMetrics.ts';

/** About this many steps in all: 1,000 replicates up to 20,000 rows of two classes, fewer (at least 200) above. */
const stepBudget = 20_000_000;

/** `passes`: over all rows, for one replicate; one for each class where each is ranked against the rest. */
export function replicateCount(rows: number, passes = 1): number {
  return Math.max(200, Math.min(1000, Math.floor(stepBudget / Math.max(rows * passes, 1))));
}

/** How often each row was drawn, replicate by replicate; the array is the same one each time. Equal seeds give equal replicates. */
export function* bootstrapWeights(rows: number, seed: number, replicates = replicateCount(rows)): Generator<Uint16Array> {
  const random = counterRandom(seed);
  const weights = new Uint16Array(rows);
  for (let replicate = 0; replicate < replicates; replicate++) {
    weights.fill(0);
    for (let draw = 0; draw < rows; draw++) weights[random.integer(rows)]!++;
    yield weights;
  }
}

/** {@link bootstrapWeights} of the rows of `answers`; where they are ranked within groups, whole groups are drawn. */
export function* drawnRows(answers: Answers, seed: number, replicates?: number): Generator<Uint16Array> {
  if (answers.kind !== 'ranking') {
    yield* bootstrapWeights(rowCount(answers), seed, replicates);
    return;
  }
  const groups = rowsByGroup(answers.groups);
  const weights = new Uint16Array(answers.groups.length);
  for (const drawn of bootstrapWeights(groups.length, seed, replicates)) {
    groups.forEach((rows, group) => {
      for (const row of rows) weights[row] = drawn[group]!;
    });
    yield weights;
  }
}

/** Passes over all rows that one replicate of the usual metrics costs, compared with those of two classes. */
export function passesOf(answers: Answers): number {
  if (answers.kind === 'labels') return 2 * answers.labels;
  return answers.kind === 'class' && answers.classes > 2 ? answers.classes / 2 : 1;
}

/** Central 95 % of the values (linear between order statistics); null when too many are undefined or all are equal. */
export function percentileInterval(values: readonly number[]): { low: number; high: number } | null {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length < values.length / 2 || known.length < 50) return null;
  const at = (share: number): number => {
    const place = share * (known.length - 1);
    const below = Math.floor(place);
    return known[below]! + (place - below) * ((known[below + 1] ?? known[below]!) - known[below]!);
  };
  const [low, high] = [at(0.025), at(0.975)];
  return high > low ? { low, high } : null;
}
