import type { MetricName, Metrics } from '../../../../src-shared/domain/training.ts';
import { predictedClasses, rowCount, type Answers } from './answers.ts';
import { deLong, rankScores } from './areaUnderCurve.ts';
import { labelLosses } from './labelMetrics.ts';
import { wilson } from './measure.ts';
import { prepareMetrics } from './pointMetrics.ts';
import { groupValues, type RankingMetricName } from './rankingMetrics.ts';
import { prepareRequested } from './requestedMetrics.ts';

const z = 1.959963984540054;
const smallestProbability = 2 ** -23;

/**
 * All metrics of the task, with 95 % intervals where a formula gives one: Wilson (accuracy), DeLong (area of two classes),
 * the normal interval of a mean (logLoss, mae, figures of rankings over groups; rmse through its square). For leaderboards that are drawn while a search goes on;
 * `measure` bootstraps the rest. `also`: one metric beyond those of every model, that candidates are ranked by.
 */
export function quickMeasure(answers: Answers, also?: MetricName): Metrics {
  const rows = rowCount(answers);
  const result: Metrics = {};
  const point: Partial<Record<MetricName, number>> = prepareMetrics(answers)();
  const asked: MetricName[] = answers.kind === 'number' && answers.naiveErrors ? ['mase'] : [];
  if (also && !asked.includes(also)) asked.push(also);
  for (const each of asked) {
    const requested = each in point ? null : prepareRequested(answers, each);
    if (requested) point[each] = requested();
  }
  for (const [name, value] of Object.entries(point) as [MetricName, number][]) {
    if (!Number.isFinite(value)) continue;
    result[name] = { value, ...(intervalOf(name, answers) ?? { low: null, high: null }), rows };
  }
  return result;
}

function intervalOf(name: MetricName, answers: Answers): { low: number; high: number } | null {
  if (answers.kind === 'class') {
    const { truth, probabilities, classes } = answers;
    if (name === 'accuracy') {
      const right = predictedClasses(answers).reduce((sum, answer, row) => sum + Number(answer === truth[row]), 0);
      return wilson(right / truth.length, truth.length);
    }
    if (name === 'auc' && classes === 2) {
      const ranked = rankScores(probabilities, Uint8Array.from(truth), 2, 1);
      const { value, standardError } = deLong(ranked);
      return standardError > 0 ? { low: Math.max(0, value - z * standardError), high: Math.min(1, value + z * standardError) } : null;
    }
    if (name === 'logLoss')
      return ofMean(
        Float64Array.from(truth, (own, row) => {
          const p = probabilities[row * classes + own]!;
          return -Math.log(Math.min(Math.max(p, smallestProbability), 1 - smallestProbability));
        }),
      );
    return null;
  }
  if (answers.kind === 'labels') return name === 'logLoss' ? ofMean(labelLosses(answers)) : null;
  if (answers.kind === 'ranking') return ofMean(groupValues(answers, name as RankingMetricName).filter((each) => !Number.isNaN(each)));
  const { truth, prediction } = answers;
  if (name === 'mae') return ofMean(truth.map((value, row) => Math.abs(prediction[row]! - value)));
  if (name !== 'rmse') return null;
  const squares = ofMean(truth.map((value, row) => (prediction[row]! - value) ** 2));
  return squares && { low: Math.sqrt(Math.max(0, squares.low)), high: Math.sqrt(squares.high) };
}

function ofMean(values: Float64Array): { low: number; high: number } | null {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const half = z * Math.sqrt(variance / values.length);
  return half > 0 ? { low: mean - half, high: mean + half } : null;
}
