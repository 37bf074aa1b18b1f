// Metrics of several labels a row. Definitions are scikit-learn's on indicator matrices.
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import { labelThreshold, type LabelAnswers } from './answers.ts';
import { areaUnderCurve, rankScores } from './areaUnderCurve.ts';
import { averagePrecision, descendingScores } from './rankedMetrics.ts';

type Weighted = (weights?: Uint16Array) => number;
export type LabelMetricName =
  'averagePrecision' | 'f1Micro' | 'f1Macro' | 'aucMicro' | 'auc' | 'hammingLoss' | 'subsetAccuracy' | 'logLoss';

/** As float32 resolves probabilities. */
const smallestProbability = 2 ** -23;

/**
 * Of labels each by itself the mean over labels that the rows tell apart (scikit-learn's `macro`, with labels that no row or every row
 * has left out); `f1Micro` and `aucMicro` take all cells together.
 */
const metrics: Record<LabelMetricName, (answers: LabelAnswers) => Weighted> = {
  averagePrecision: (answers) =>
    meanOverLabels(answers, (scores, positive) => {
      const ranked = descendingScores(scores, positive);
      return (weights) => averagePrecision(ranked, weights);
    }),
  f1Micro: (answers) => {
    const counts = countsByRow(answers);
    return (weights) => {
      let [both, either] = [0, 0];
      for (let row = 0; row < counts.rows; row++) {
        const weight = weights ? weights[row]! : 1;
        both += weight * counts.both[row]!;
        either += weight * (counts.truth[row]! + counts.answered[row]!);
      }
      return either === 0 ? 0 : (2 * both) / either;
    };
  },
  f1Macro: (answers) => {
    const answered = answeredFlags(answers);
    const { flags, labels } = answers;
    return (weights) => {
      const [both, either] = [new Float64Array(labels), new Float64Array(labels)];
      for (let cell = 0; cell < flags.length; cell++) {
        if (!flags[cell] && !answered[cell]) continue;
        const weight = weights ? weights[Math.floor(cell / labels)]! : 1;
        const label = cell % labels;
        either[label]! += weight * (flags[cell]! + answered[cell]!);
        if (flags[cell] && answered[cell]) both[label]! += weight;
      }
      // A label that neither occurs nor is answered has no F1.
      return mean([...either].flatMap((count, label) => (count === 0 ? [] : [(2 * both[label]!) / count])));
    };
  },
  aucMicro: ({ flags, probabilities, labels }) => {
    const ranked = rankScores(probabilities, flags);
    const cells = new Uint16Array(flags.length);
    return (weights) => {
      if (!weights) return areaUnderCurve(ranked);
      for (let cell = 0; cell < cells.length; cell++) cells[cell] = weights[Math.floor(cell / labels)]!;
      return areaUnderCurve(ranked, cells);
    };
  },
  auc: (answers) =>
    meanOverLabels(answers, (scores, positive) => {
      const ranked = rankScores(scores, positive);
      return (weights) => areaUnderCurve(ranked, weights);
    }),
  hammingLoss: (answers) => {
    const { both, truth, answered } = countsByRow(answers);
    return meanOfRows(both.map((count, row) => (truth[row]! + answered[row]! - 2 * count) / answers.labels));
  },
  subsetAccuracy: (answers) => meanOfRows(labelMatches(answers)),
  /** Mean of the binary losses over labels. */
  logLoss: (answers) => meanOfRows(labelLosses(answers)),
};

/** Told of every model of labels. */
export const usualLabelMetrics: readonly LabelMetricName[] = [
  'averagePrecision',
  'f1Micro',
  'f1Macro',
  'aucMicro',
  'hammingLoss',
  'subsetAccuracy',
  'logLoss',
];

/** Null: not a metric of labels. */
export function labelMetric(answers: LabelAnswers, name: MetricName): Weighted | null {
  return Object.hasOwn(metrics, name) ? metrics[name as LabelMetricName](answers) : null;
}

/** Of each row the mean over labels of −ln of the probability of what is true. */
export function labelLosses({ flags, probabilities, labels }: Omit<LabelAnswers, 'kind'>, least = smallestProbability): Float64Array {
  const losses = new Float64Array(flags.length / labels);
  for (let cell = 0; cell < flags.length; cell++) {
    const p = Math.min(Math.max(probabilities[cell]!, least), 1 - least);
    losses[Math.floor(cell / labels)]! -= (flags[cell] ? Math.log(p) : Math.log1p(-p)) / labels;
  }
  return losses;
}

/** 1 where all labels of the row are right. */
export function labelMatches(answers: LabelAnswers): Float64Array {
  const { both, truth, answered } = countsByRow(answers);
  return both.map((count, row) => Number(truth[row] === count && answered[row] === count));
}

export function answeredFlags({ probabilities }: Pick<LabelAnswers, 'probabilities'>): Uint8Array {
  return Uint8Array.from(probabilities, (p) => Number(p >= labelThreshold));
}

/** By row: labels in the truth, in the answer, in both. */
function countsByRow(answers: LabelAnswers): { rows: number; truth: Float64Array; answered: Float64Array; both: Float64Array } {
  const { flags, labels } = answers;
  const given = answeredFlags(answers);
  const rows = flags.length / labels;
  const [truth, answered, both] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  for (let cell = 0; cell < flags.length; cell++) {
    const row = Math.floor(cell / labels);
    truth[row]! += flags[cell]!;
    answered[row]! += given[cell]!;
    both[row]! += flags[cell]! & given[cell]!;
  }
  return { rows, truth, answered, both };
}

function meanOverLabels(
  { flags, probabilities, labels }: LabelAnswers,
  prepare: (scores: Float64Array, positive: Uint8Array) => Weighted,
): Weighted {
  const rows = flags.length / labels;
  const each = Array.from({ length: labels }, (_, label) =>
    prepare(
      Float64Array.from({ length: rows }, (__, row) => probabilities[row * labels + label]!),
      Uint8Array.from({ length: rows }, (__, row) => flags[row * labels + label]!),
    ),
  );
  return (weights) => mean(each.map((value) => value(weights)).filter((value) => !Number.isNaN(value)));
}

function meanOfRows(values: Float64Array): Weighted {
  return (weights) => {
    let [total, sum] = [0, 0];
    for (let row = 0; row < values.length; row++) {
      const weight = weights ? weights[row]! : 1;
      total += weight;
      sum += weight * values[row]!;
    }
    return sum / total;
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? NaN : values.reduce((sum, each) => sum + each, 0) / values.length;
}
