// Metrics of numbers beyond rmse, mae and r².
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import type { Answers } from './answers.ts';

type NumberAnswers = Extract<Answers, { kind: 'number' }>;
type WeightedMetric = (weights?: Uint16Array) => number;

/** Null: no metric of numbers. */
export function numberMetric(answers: NumberAnswers, name: MetricName): WeightedMetric | null {
  const { truth, prediction } = answers;
  const term = rowTerms[name as keyof typeof rowTerms] as ((truth: number, prediction: number) => number) | undefined;
  if (term) {
    const terms = truth.map((value, row) => term(value, prediction[row]!));
    return (weights) => (name === 'rmsle' ? Math.sqrt(meanOf(terms, weights)) : meanOf(terms, weights));
  }
  if (name === 'medianAbsoluteError') return medianOf(truth.map((value, row) => Math.abs(prediction[row]! - value)));
  if (name === 'mase') return answers.naiveErrors ? scaledError(answers, answers.naiveErrors) : null;
  if (name === 'spearman') return spearman(truth, Float64Array.from(prediction));
  return null;
}

/** scikit-learn's smallest divisor. */
const epsilon = 2 ** -52;

/** What each row adds to the mean; NaN where the metric is not defined for the row, and so for all. */
const rowTerms = {
  mape: (y: number, p: number): number => Math.abs(p - y) / Math.max(Math.abs(y), epsilon),
  smape: (y: number, p: number): number => (y === 0 && p === 0 ? 0 : (2 * Math.abs(p - y)) / (Math.abs(y) + Math.abs(p))),
  rmsle: (y: number, p: number): number => (y > -1 && p > -1 ? (Math.log1p(p) - Math.log1p(y)) ** 2 : NaN),
  poissonDeviance: (y: number, p: number): number => (y >= 0 && p > 0 ? 2 * ((y === 0 ? 0 : y * Math.log(y / p)) - y + p) : NaN),
  pinball5: (y: number, p: number): number => pinball(y - p, 0.05),
  pinball10: (y: number, p: number): number => pinball(y - p, 0.1),
  pinball25: (y: number, p: number): number => pinball(y - p, 0.25),
  pinball75: (y: number, p: number): number => pinball(y - p, 0.75),
  pinball90: (y: number, p: number): number => pinball(y - p, 0.9),
  pinball95: (y: number, p: number): number => pinball(y - p, 0.95),
};

/**
 * Mean absolute scaled error: below 1 is better than the naive forecast was, one step ahead, in training. Rows without a scale are left out.
 * Hyndman & Koehler, Another look at measures of forecast accuracy, Int. J. Forecasting 22 (2006).
 */
function scaledError({ truth, prediction }: NumberAnswers, scales: Float64Array): WeightedMetric {
  return (weights) => {
    let [sum, total] = [0, 0];
    for (let row = 0; row < truth.length; row++) {
      if (Number.isNaN(scales[row]!)) continue;
      const weight = weights ? weights[row]! : 1;
      sum += weight * (Math.abs(truth[row]! - prediction[row]!) / scales[row]!);
      total += weight;
    }
    return sum / total;
  };
}

/** Koenker & Bassett, Regression quantiles, Econometrica 46 (1978). */
function pinball(residual: number, level: number): number {
  return Math.max(level * residual, (level - 1) * residual);
}

function meanOf(values: Float64Array, weights?: Uint16Array): number {
  let [total, sum] = [0, 0];
  for (let row = 0; row < values.length; row++) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    total += weight;
    sum += weight * values[row]!;
  }
  return sum / total;
}

/** Between the two middle rows where their number is even. */
function medianOf(values: Float64Array): WeightedMetric {
  const order = Int32Array.from(values, (_, row) => row).sort((a, b) => values[a]! - values[b]!);
  return (weights) => {
    let total = values.length;
    if (weights) total = weights.reduce((sum, each) => sum + each, 0);
    const at = (place: number): number => {
      let passed = 0;
      for (const row of order) if ((passed += weights ? weights[row]! : 1) > place) return values[row]!;
      return NaN;
    };
    return total % 2 === 1 ? at((total - 1) / 2) : (at(total / 2 - 1) + at(total / 2)) / 2;
  };
}

/** Pearson's correlation of ranks, ties sharing their mean rank. */
function spearman(a: Float64Array, b: Float64Array): WeightedMetric {
  const [ranksOfA, ranksOfB] = [ranker(a), ranker(b)];
  return (weights) => {
    const [x, y] = [ranksOfA(weights), ranksOfB(weights)];
    const [meanX, meanY] = [meanOf(x, weights), meanOf(y, weights)];
    let [xy, xx, yy] = [0, 0, 0];
    for (let row = 0; row < x.length; row++) {
      const weight = weights ? weights[row]! : 1;
      xy += weight * (x[row]! - meanX) * (y[row]! - meanY);
      xx += weight * (x[row]! - meanX) ** 2;
      yy += weight * (y[row]! - meanY) ** 2;
    }
    return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
  };
}

function ranker(values: Float64Array): (weights?: Uint16Array) => Float64Array {
  const order = Int32Array.from(values, (_, row) => row).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  return (weights) => {
    let before = 0;
    for (let start = 0; start < order.length;) {
      let [end, tied] = [start, 0];
      while (end < order.length && values[order[end]!] === values[order[start]!]) tied += weights ? weights[order[end++]!]! : (end++, 1);
      for (let at = start; at < end; at++) ranks[order[at]!] = before + (tied + 1) / 2;
      before += tied;
      start = end;
    }
    return ranks.slice();
  };
}
