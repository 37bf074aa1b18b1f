import type { MetricName } from '../../../../src-shared/domain/training.ts';
import { predictedClasses, type Answers } from './answers.ts';
import { areaUnderCurve, rankScores } from './areaUnderCurve.ts';
import { labelMetric, usualLabelMetrics } from './labelMetrics.ts';
import { rankingMetric, usualRankingMetrics } from './rankingMetrics.ts';
import { prepareRequested } from './requestedMetrics.ts';

/** Metric values over rows that count `weights` times; NaN where a metric is undefined (one class only, constant truth). */
export type WeightedMetrics = (weights?: Uint16Array) => Partial<Record<MetricName, number>>;

/** Everything that does not depend on the weights is done once, here; definitions are those of scikit-learn. */
export function prepareMetrics(answers: Answers, { withArea = true } = {}): WeightedMetrics {
  switch (answers.kind) {
    case 'class':
      return classMetrics(answers, withArea);
    case 'number':
      return numberMetrics(answers);
    case 'labels':
      return together(usualLabelMetrics.map((name) => [name, labelMetric(answers, name)!]));
    case 'ranking':
      return together(usualRankingMetrics.map((name) => [name, rankingMetric(answers, name)!]));
  }
}

function together(metrics: readonly (readonly [MetricName, (weights?: Uint16Array) => number])[]): WeightedMetrics {
  return (weights) => Object.fromEntries(metrics.map(([name, value]) => [name, value(weights)]));
}

/** One metric alone, for when it is asked for thousands of times. */
export function prepareMetric(answers: Answers, name: MetricName): (weights?: Uint16Array) => number {
  if (answers.kind === 'class' && name === 'auc') return prepareArea(answers);
  if (answers.kind === 'class' && name === 'accuracy') return prepareAccuracy(answers);
  const requested = prepareRequested(answers, name);
  if (requested) return requested;
  const all = prepareMetrics(answers);
  return (weights) => all(weights)[name] ?? NaN;
}

function prepareAccuracy(answers: Extract<Answers, { kind: 'class' }>): (weights?: Uint16Array) => number {
  const right = predictedClasses(answers).map((answer, row) => Number(answer === answers.truth[row]));
  return (weights) => {
    let [total, sum] = [0, 0];
    for (let row = 0; row < right.length; row++) {
      const weight = weights ? weights[row]! : 1;
      total += weight;
      sum += weight * right[row]!;
    }
    return sum / total;
  };
}

/** Area under the curve; the mean over classes, each against the rest, where there are more than two. */
function prepareArea({ truth, probabilities, classes }: Extract<Answers, { kind: 'class' }>): (weights?: Uint16Array) => number {
  const positives = classes === 2 ? [1] : Array.from({ length: classes }, (_, each) => each);
  const rankings = positives.map((own) =>
    rankScores(
      probabilities,
      Uint8Array.from(truth, (each) => Number(each === own)),
      classes,
      own,
    ),
  );
  return (weights) => meanOf(rankings.map((each) => areaUnderCurve(each, weights)).filter((each) => !Number.isNaN(each)));
}

/** logLoss clips probabilities as float32 resolves them (scikit-learn: eps of the array's type). */
const smallestProbability = 2 ** -23;

function classMetrics(answers: Extract<Answers, { kind: 'class' }>, withArea: boolean): WeightedMetrics {
  const { truth, probabilities, classes } = answers;
  const rows = truth.length;
  const predicted = predictedClasses(answers);
  const losses = Float64Array.from(truth, (own, row) => {
    const p = probabilities[row * classes + own]!;
    return -Math.log(Math.min(Math.max(p, smallestProbability), 1 - smallestProbability));
  });
  const area = withArea ? prepareArea(answers) : null;
  return (weights) => {
    let [total, right, loss] = [0, 0, 0];
    const truePositives = new Float64Array(classes);
    const inTruth = new Float64Array(classes);
    const inAnswers = new Float64Array(classes);
    for (let row = 0; row < rows; row++) {
      const weight = weights ? weights[row]! : 1;
      const [own, answer] = [truth[row]!, predicted[row]!];
      total += weight;
      loss += weight * losses[row]!;
      inTruth[own]! += weight;
      inAnswers[answer]! += weight;
      if (own === answer) {
        right += weight;
        truePositives[own]! += weight;
      }
    }
    const f1 = (each: number): number => {
      const sum = inTruth[each]! + inAnswers[each]!;
      return sum === 0 ? NaN : (2 * truePositives[each]!) / sum;
    };
    // A class that neither occurs nor is answered has no F1 and does not enter the mean.
    const perClass = Array.from({ length: classes }, (_, each) => f1(each)).filter((each) => !Number.isNaN(each));
    return {
      accuracy: right / total,
      ...(area ? { auc: area(weights) } : {}),
      f1: classes === 2 ? zeroIfNaN(f1(1)) : meanOf(perClass),
      logLoss: loss / total,
    };
  };
}

function numberMetrics({ truth, prediction }: Extract<Answers, { kind: 'number' }>): WeightedMetrics {
  const rows = truth.length;
  return (weights) => {
    let [total, sum, squares, absolute] = [0, 0, 0, 0];
    for (let row = 0; row < rows; row++) {
      const weight = weights ? weights[row]! : 1;
      const error = prediction[row]! - truth[row]!;
      total += weight;
      sum += weight * truth[row]!;
      squares += weight * error * error;
      absolute += weight * Math.abs(error);
    }
    const mean = sum / total;
    let spread = 0;
    for (let row = 0; row < rows; row++) spread += (weights ? weights[row]! : 1) * (truth[row]! - mean) ** 2;
    return { rmse: Math.sqrt(squares / total), mae: absolute / total, r2: spread === 0 ? NaN : 1 - squares / spread };
  };
}

function meanOf(values: number[]): number {
  return values.length === 0 ? NaN : values.reduce((sum, each) => sum + each, 0) / values.length;
}

function zeroIfNaN(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
