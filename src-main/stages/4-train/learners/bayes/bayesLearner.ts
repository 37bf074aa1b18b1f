import type { FeatureColumn, FitData, FittedLearner, Learner, Settings } from '../learner.ts';
import { bayesModel, columnForms, type BayesState } from './bayesModel.ts';

export interface BayesSettings extends Settings {
  /**
   * `mixed`: numbers Gaussian, flags Bernoulli. `gaussian`, `bernoulli`: all columns. `multinomial`, `complement`: all columns are counts
   * (words), below 0 is 0.
   */
  kind: 'mixed' | 'gaussian' | 'bernoulli' | 'multinomial' | 'complement';
  /** Rows (or counts) that each flag (or word) is taken to have been seen more. */
  alpha: number;
  /** Added to every variance, as a share of the largest of a column. */
  varianceShare: number;
}

/**
 * Columns as independent given the class. Gaussian, Bernoulli and multinomial: Manning, Raghavan & Schütze, Introduction to information
 * retrieval (2008), §13; complement: Rennie et al., ICML 2003. Equal to scikit-learn's `GaussianNB`, `BernoulliNB`, `MultinomialNB`,
 * `ComplementNB` with the same settings. Probabilities are too sure where columns depend on each other: calibrate them. A class that
 * training does not have looks like all rows together and is half a row.
 */
export const bayesLearner: Learner<BayesSettings> = {
  name: 'bayes',
  view: 'scaled',
  supports: (task) => task.kind === 'class',
  weightsAreRepeats: true,
  portfolio: () => [{ kind: 'mixed', alpha: 1, varianceShare: 1e-9 }],
  space: () => [
    { name: 'kind', kind: 'choice', values: ['mixed', 'gaussian', 'bernoulli'] },
    { name: 'alpha', kind: 'log', low: 1e-2, high: 10, when: { name: 'kind', is: ['mixed', 'bernoulli'] } },
    { name: 'varianceShare', kind: 'log', low: 1e-9, high: 0.1, when: { name: 'kind', is: ['mixed', 'gaussian'] } },
  ],
  fit: (data, settings) => Promise.resolve(fit(data, settings)),
  restore: (state) => bayesModel(state as BayesState),
};

/** Weighted sums of one class: [width] each. */
interface Sums {
  weight: number;
  values: Float64Array;
  above: Float64Array;
  counts: Float64Array;
}

function fit({ columns, train }: FitData, { kind, alpha, varianceShare }: BayesSettings): FittedLearner {
  const { features, target, weights } = train;
  if (target.kind !== 'class') throw new Error('Naive Bayes answers classes.');
  const { rows, width, data } = features;
  const outputs = target.classes;
  const forms = Uint8Array.from({ length: width }, (_, at) => columnForms[formOf(kind, columns[at])]);
  const byClass = Array.from({ length: outputs }, (): Sums => emptySums(width));
  for (let row = 0; row < rows; row++) addRow(byClass[target.codes[row]!]!, data, row * width, weights?.[row] ?? 1);
  const whole = byClass.reduce(joined, emptySums(width));
  const moments = momentsOf(train, byClass, whole, varianceShare);

  const squares = new Float64Array(width * outputs);
  const factors = new Float64Array(width * outputs);
  const offsets = new Float64Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const isMissing = byClass[output]!.weight === 0;
    const own = isMissing ? whole : byClass[output]!;
    // The complement has no say for classes' shares.
    if (kind !== 'complement') offsets[output] = Math.log((isMissing ? 0.5 : own.weight) / whole.weight);
    const countTotal = own.counts.reduce((sum, each) => sum + each, 0) + alpha * width;
    const others = whole.counts.map((each, at) => each + alpha - (isMissing ? 0 : own.counts[at]!));
    const otherTotal = others.reduce((sum, each) => sum + each, 0);
    for (let at = 0; at < width; at++) {
      const place = at * outputs + output;
      if (forms[at] === columnForms.number) {
        const [mean, variance] = [moments.means[isMissing ? outputs : output]![at]!, moments.variances[isMissing ? outputs : output]![at]!];
        squares[place] = -0.5 / variance;
        factors[place] = mean / variance;
        offsets[output]! -= 0.5 * (Math.log(2 * Math.PI * variance) + (mean * mean) / variance);
      } else if (forms[at] === columnForms.flag) {
        const [yes, no] = [own.above[at]! + alpha, own.weight - own.above[at]! + alpha];
        factors[place] = Math.log(yes / no);
        offsets[output]! += Math.log(no / (yes + no));
      } else if (kind === 'complement') factors[place] = -Math.log(others[at]! / otherTotal);
      else factors[place] = Math.log((own.counts[at]! + alpha) / countTotal);
    }
  }
  return bayesModel({
    json: { width, outputs, chosen: { kind, alpha, varianceShare }, curve: [], ended: 'complete' },
    arrays: { forms, squares, factors, offsets },
  });
}

function formOf(kind: BayesSettings['kind'], column: FeatureColumn | undefined): keyof typeof columnForms {
  if (kind === 'mixed') return column?.kind === 'flag' ? 'flag' : 'number';
  return kind === 'gaussian' ? 'number' : kind === 'bernoulli' ? 'flag' : 'count';
}

function emptySums(width: number): Sums {
  return { weight: 0, values: new Float64Array(width), above: new Float64Array(width), counts: new Float64Array(width) };
}

function addRow(sums: Sums, data: Float32Array, start: number, weight: number): void {
  sums.weight += weight;
  for (let at = 0; at < sums.values.length; at++) {
    const cell = data[start + at]!;
    sums.values[at]! += weight * cell;
    if (cell > 0) {
      sums.above[at]! += weight;
      sums.counts[at]! += weight * cell;
    }
  }
}

function joined(a: Sums, b: Sums): Sums {
  const add = (x: Float64Array, y: Float64Array): Float64Array => x.map((each, at) => each + y[at]!);
  return { weight: a.weight + b.weight, values: add(a.values, b.values), above: add(a.above, b.above), counts: add(a.counts, b.counts) };
}

/** Means and variances by class, the last of all rows. Two passes: no cancellation. */
function momentsOf(
  { features: { rows, width, data }, target, weights }: FitData['train'],
  byClass: Sums[],
  whole: Sums,
  varianceShare: number,
): { means: Float64Array[]; variances: Float64Array[] } {
  if (target.kind !== 'class') throw new Error('Naive Bayes answers classes.');
  const groups = [...byClass, whole];
  const means = groups.map(({ values, weight }) => values.map((sum) => sum / weight));
  const variances = groups.map(() => new Float64Array(width));
  for (let row = 0; row < rows; row++)
    for (const group of [target.codes[row]!, byClass.length]) {
      const share = (weights?.[row] ?? 1) / groups[group]!.weight;
      if (share > 0)
        for (let at = 0; at < width; at++) variances[group]![at]! += share * (data[row * width + at]! - means[group]![at]!) ** 2;
    }
  const largest = variances.at(-1)!.reduce((most, each) => Math.max(most, each), 0);
  // Every column constant: no variance at all to take a share of.
  const least = varianceShare * largest || 1e-9;
  return { means, variances: variances.map((each) => each.map((variance) => variance + least)) };
}
