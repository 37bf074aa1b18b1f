// Metrics beyond those that every model gets: asked for by name, each prepared once and then cheap for any row weights.
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import { predictedClasses, type Answers } from './answers.ts';
import { averagePrecision, descendingScores, shareOfPositives } from './rankedMetrics.ts';
import { labelMetric } from './labelMetrics.ts';
import { numberMetric } from './numberMetrics.ts';
import { rankingMetric } from './rankingMetrics.ts';

type ClassAnswers = Extract<Answers, { kind: 'class' }>;
/** The value over rows that count `weights` times; NaN where it is undefined. */
export type WeightedMetric = (weights?: Uint16Array) => number;

/** Null: the metric is not of this kind of answers. Definitions are scikit-learn's where it has the metric. */
export function prepareRequested(answers: Answers, name: MetricName): WeightedMetric | null {
  if (answers.kind === 'number') return numberMetric(answers, name);
  if (answers.kind === 'labels') return labelMetric(answers, name);
  if (answers.kind === 'ranking') return rankingMetric(answers, name);
  switch (name) {
    case 'balancedAccuracy':
    case 'precision':
    case 'recall':
    case 'f1Macro':
    case 'f1Weighted':
    case 'mcc':
    case 'kappa':
      return confusionMetric(answers, confusionValues[name]);
    case 'averagePrecision':
      return meanOverClasses(answers, (scores) => (weights) => averagePrecision(scores, weights));
    case 'lift10':
      return meanOverClasses(answers, (scores) => (weights) => shareOfPositives(scores, 0.1, weights) / 0.1);
    case 'recall5':
      return meanOverClasses(answers, (scores) => (weights) => shareOfPositives(scores, 0.05, weights));
    case 'brier':
      return meanOfRows(brierTerms(answers));
    case 'calibrationError':
      return calibrationError(answers);
    case 'top3Accuracy':
      return answers.classes > 3 ? meanOfRows(amongFirst(answers, 3)) : null;
    default:
      return null;
  }
}

/** Row-major [classes, classes]: how often truth `row` was answered `column`. */
export function confusion({ truth, classes }: ClassAnswers, predicted: Int32Array, weights?: Uint16Array): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < truth.length; row++) counts[truth[row]! * classes + predicted[row]!]! += weights ? weights[row]! : 1;
  return counts;
}

interface Margins {
  classes: number;
  total: number;
  right: Float64Array;
  inTruth: Float64Array;
  inAnswers: Float64Array;
}

function confusionMetric(answers: ClassAnswers, value: (margins: Margins) => number): WeightedMetric {
  const predicted = predictedClasses(answers);
  const { classes } = answers;
  return (weights) => {
    const counts = confusion(answers, predicted, weights);
    const margins: Margins = {
      classes,
      total: 0,
      right: new Float64Array(classes),
      inTruth: new Float64Array(classes),
      inAnswers: new Float64Array(classes),
    };
    counts.forEach((count, cell) => {
      const [own, answer] = [Math.floor(cell / classes), cell % classes];
      margins.total += count;
      margins.inTruth[own]! += count;
      margins.inAnswers[answer]! += count;
      if (own === answer) margins.right[own]! += count;
    });
    return value(margins);
  };
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, each) => total + each, 0);
const mean = (values: readonly number[]): number => (values.length === 0 ? NaN : sum(values) / values.length);
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
/** Classes that occur in the truth or in the answers. */
const met = ({ classes, inTruth, inAnswers }: Margins): number[] =>
  Array.from({ length: classes }, (_, each) => each).filter((each) => inTruth[each]! + inAnswers[each]! > 0);
const f1Of = ({ right, inTruth, inAnswers }: Margins, each: number): number => share(2 * right[each]!, inTruth[each]! + inAnswers[each]!);

const confusionValues = {
  balancedAccuracy: ({ right, inTruth }: Margins): number =>
    mean([...inTruth].flatMap((count, each) => (count > 0 ? [right[each]! / count] : []))),
  precision: (margins: Margins): number => {
    const of = (each: number): number => share(margins.right[each]!, margins.inAnswers[each]!);
    return margins.classes === 2 ? of(1) : mean(met(margins).map(of));
  },
  recall: (margins: Margins): number => {
    const of = (each: number): number => share(margins.right[each]!, margins.inTruth[each]!);
    return margins.classes === 2 ? of(1) : mean(met(margins).map(of));
  },
  f1Macro: (margins: Margins): number => mean(met(margins).map((each) => f1Of(margins, each))),
  f1Weighted: (margins: Margins): number =>
    share(sum(met(margins).map((each) => margins.inTruth[each]! * f1Of(margins, each))), margins.total),
  /** Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, Comput. Biol. Chem. 28 (2004). */
  mcc: ({ right, inTruth, inAnswers, total }: Margins): number => {
    const cross = sum(inTruth.map((count, each) => count * inAnswers[each]!));
    const truths = total ** 2 - sum(inTruth.map((count) => count ** 2));
    const answers = total ** 2 - sum(inAnswers.map((count) => count ** 2));
    return share(sum(right) * total - cross, Math.sqrt(truths * answers));
  },
  /** Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960). */
  kappa: ({ right, inTruth, inAnswers, total }: Margins): number => {
    const chance = sum(inTruth.map((count, each) => count * inAnswers[each]!)) / total ** 2;
    return chance === 1 ? NaN : (sum(right) / total - chance) / (1 - chance);
  },
};

/** Of two classes that of the second; of more the mean over classes that occur, each against the rest. */
function meanOverClasses(
  { truth, probabilities, classes }: ClassAnswers,
  prepare: (scores: ReturnType<typeof descendingScores>) => WeightedMetric,
): WeightedMetric {
  const wanted = classes === 2 ? [1] : Array.from({ length: classes }, (_, each) => each);
  const each = wanted.map((own) =>
    prepare(
      descendingScores(
        Float64Array.from(truth, (_, row) => probabilities[row * classes + own]!),
        Uint8Array.from(truth, (code) => Number(code === own)),
      ),
    ),
  );
  return (weights) => mean(each.map((value) => value(weights)).filter((value) => !Number.isNaN(value)));
}

function meanOfRows(values: Float64Array): WeightedMetric {
  return (weights) => {
    let [total, all] = [0, 0];
    for (let row = 0; row < values.length; row++) {
      const weight = weights ? weights[row]! : 1;
      total += weight;
      all += weight * values[row]!;
    }
    return all / total;
  };
}

/** Of two classes the square of one distance, of more the sum over classes (scikit-learn's `scale_by_half="auto"`). */
function brierTerms({ truth, probabilities, classes }: ClassAnswers): Float64Array {
  return Float64Array.from(truth, (own, row) => {
    if (classes === 2) return (probabilities[row * 2 + 1]! - own) ** 2;
    let squares = 0;
    for (let each = 0; each < classes; each++) squares += (probabilities[row * classes + each]! - Number(each === own)) ** 2;
    return squares;
  });
}

function amongFirst({ truth, probabilities, classes }: ClassAnswers, first: number): Float64Array {
  return Float64Array.from(truth, (own, row) => {
    const p = probabilities[row * classes + own]!;
    let before = 0;
    for (let each = 0; each < classes; each++) {
      const other = probabilities[row * classes + each]!;
      if (other > p || (other === p && each > own)) before++;
    }
    return Number(before < first);
  });
}

const calibrationBins = 15;

/**
 * Expected calibration error: Σ share of rows · |mean probability − observed share| over 15 bins of equal width (Guo et al., On
 * calibration of modern neural networks, ICML 2017). Of two classes by the second's probability, of more by that of the answer.
 */
function calibrationError(answers: ClassAnswers): WeightedMetric {
  const { truth, probabilities, classes } = answers;
  const predicted = classes === 2 ? new Int32Array(truth.length).fill(1) : predictedClasses(answers);
  const stated = Float64Array.from(predicted, (own, row) => probabilities[row * classes + own]!);
  const bins = Uint8Array.from(stated, (p) => Math.min(calibrationBins - 1, Math.floor(p * calibrationBins)));
  return (weights) => {
    const gaps = new Float64Array(calibrationBins);
    let total = 0;
    for (let row = 0; row < bins.length; row++) {
      const weight = weights ? weights[row]! : 1;
      total += weight;
      gaps[bins[row]!]! += weight * (stated[row]! - Number(truth[row] === predicted[row]));
    }
    return sum(gaps.map(Math.abs)) / total;
  };
}
