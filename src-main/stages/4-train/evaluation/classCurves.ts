// One class against the rest at every threshold: ROC, precision and recall, lift and gain are views of the same counts.
import type { ClassCurve, ThresholdPoint } from '../../../../src-shared/domain/evaluation.ts';
import type { Estimate } from '../../../../src-shared/domain/names.ts';
import { deLong, rankScores } from '../metrics/areaUnderCurve.ts';
import type { Answers, LabelAnswers } from '../metrics/answers.ts';
import { bootstrapWeights, percentileInterval, replicateCount } from '../metrics/bootstrap.ts';
import { wilson } from '../metrics/measure.ts';
import { averagePrecision, descendingScores } from '../metrics/rankedMetrics.ts';

type ClassAnswers = Extract<Answers, { kind: 'class' }> | LabelAnswers;

const mostPoints = 256;
const mostClasses = 20;
const mostBins = 10;
const z = 1.959963984540054;

/** Of two classes the second; of more, and of labels, each, the first 20. */
export function classCurves(answers: ClassAnswers, names: readonly string[], seed: number): ClassCurve[] {
  const isPair = answers.kind === 'class' && answers.classes === 2;
  const wanted = isPair ? [1] : Array.from({ length: Math.min(names.length, mostClasses) }, (_, each) => each);
  return wanted.flatMap((own) => {
    const { scores, positive } = against(answers, own);
    const positives = positive.reduce((sum, each) => sum + each, 0);
    if (positives === 0 || positives === positive.length) return [];
    return [
      {
        class: names[own]!,
        positives,
        area: areaOf(scores, positive),
        averagePrecision: precisionOf(scores, positive, seed),
        thresholds: thin(thresholdTable(scores, positive), mostPoints),
        reliability: reliability(scores, positive),
      },
    ];
  });
}

/** Probability of one class or label, and whether a row is of it. */
export function against(answers: ClassAnswers, own: number): { scores: Float64Array; positive: Uint8Array } {
  if (answers.kind === 'labels') {
    const { flags, probabilities, labels } = answers;
    const rows = { length: flags.length / labels };
    return {
      scores: Float64Array.from(rows, (_, row) => probabilities[row * labels + own]!),
      positive: Uint8Array.from(rows, (_, row) => flags[row * labels + own]!),
    };
  }
  const { truth, probabilities, classes } = answers;
  return {
    scores: Float64Array.from(truth, (_, row) => probabilities[row * classes + own]!),
    positive: Uint8Array.from(truth, (code) => Number(code === own)),
  };
}

/** At every distinct score and above all of them: falling thresholds, rising alarms. */
export function thresholdTable(scores: Float64Array, positive: Uint8Array): ThresholdPoint[] {
  const { order, endsTie } = descendingScores(scores, positive);
  const positives = positive.reduce((sum, each) => sum + each, 0);
  const negatives = positive.length - positives;
  let [found, alarms] = [0, 0];
  const point = (threshold: number | null): ThresholdPoint => ({
    threshold,
    truePositives: found,
    falsePositives: alarms - found,
    falseNegatives: positives - found,
    trueNegatives: negatives - (alarms - found),
  });
  const table = [point(null)];
  for (let at = 0; at < order.length; at++) {
    alarms++;
    found += positive[order[at]!]!;
    if (endsTie[at]) table.push(point(scores[order[at]!]!));
  }
  return table;
}

/** The ends, and points evenly over alarms and over positives found: both curves keep their shape where they are steep. */
export function thin(table: readonly ThresholdPoint[], most: number): ThresholdPoint[] {
  if (table.length <= most) return [...table];
  const kept = new Set([0, table.length - 1]);
  const last = table.at(-1)!;
  const half = Math.floor((most - 2) / 2);
  for (const count of [
    ({ truePositives }: ThresholdPoint) => truePositives / Math.max(1, last.truePositives),
    ({ truePositives, falsePositives }: ThresholdPoint) => (truePositives + falsePositives) / (last.truePositives + last.falsePositives),
  ]) {
    let step = 1;
    for (const [at, point] of table.entries())
      if (count(point) * (half + 1) >= step) {
        kept.add(at);
        step = Math.floor(count(point) * (half + 1)) + 1;
      }
  }
  return [...kept].sort((a, b) => a - b).map((at) => table[at]!);
}

/** Up to ten bins of about equally many rows; rows of one score stay together. */
export function reliability(scores: Float64Array, positive: Uint8Array): ClassCurve['reliability'] {
  const { order, endsTie } = descendingScores(scores, positive);
  const bins: ClassCurve['reliability'] = [];
  const wanted = Math.max(1, Math.ceil(order.length / mostBins));
  let [rows, stated, happened] = [0, 0, 0];
  for (let at = 0; at < order.length; at++) {
    rows++;
    stated += scores[order[at]!]!;
    happened += positive[order[at]!]!;
    if (!endsTie[at] || (rows < wanted && at < order.length - 1)) continue;
    const observed = happened / rows;
    bins.push({ predicted: stated / rows, observed, ...wilson(observed, rows), rows });
    [rows, stated, happened] = [0, 0, 0];
  }
  return bins.reverse();
}

function areaOf(scores: Float64Array, positive: Uint8Array): Estimate {
  const { value, standardError } = deLong(rankScores(scores, positive));
  const known = standardError > 0;
  return {
    value,
    low: known ? Math.max(0, value - z * standardError) : null,
    high: known ? Math.min(1, value + z * standardError) : null,
    rows: scores.length,
  };
}

function precisionOf(scores: Float64Array, positive: Uint8Array, seed: number): Estimate {
  const ranked = descendingScores(scores, positive);
  const replicates: number[] = [];
  for (const weights of bootstrapWeights(scores.length, seed, replicateCount(scores.length)))
    replicates.push(averagePrecision(ranked, weights));
  const interval = percentileInterval(replicates);
  return { value: averagePrecision(ranked), low: interval?.low ?? null, high: interval?.high ?? null, rows: scores.length };
}
