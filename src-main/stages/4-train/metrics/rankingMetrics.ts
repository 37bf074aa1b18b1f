// Metrics of an order within groups: each is the mean of a figure of every group.
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import type { RankingAnswers } from './answers.ts';
import { averagePrecision, descendingScores, groupNdcg } from './rankedMetrics.ts';

type Weighted = (weights?: Uint16Array) => number;
export type RankingMetricName = 'ndcg5' | 'ndcg10' | 'meanAveragePrecision' | 'meanReciprocalRank';

interface Group {
  relevance: Float64Array;
  scores: Float64Array;
}

/** NaN where a group has nothing relevant: it is left out. Relevant is what has a relevance above 0. */
const ofGroup: Record<RankingMetricName, (group: Group) => number> = {
  ndcg5: ({ relevance, scores }) => groupNdcg(relevance, scores, 5),
  ndcg10: ({ relevance, scores }) => groupNdcg(relevance, scores, 10),
  /** scikit-learn's `average_precision_score` of each group. */
  meanAveragePrecision: ({ relevance, scores }) => averagePrecision(descendingScores(scores, relevantIn(relevance))),
  /** 1 / place of the first relevant row; of rows with equal scores the last place, so that a tie is no luck. Voorhees, TREC-8 (1999). */
  meanReciprocalRank: ({ relevance, scores }) => {
    const best = Math.max(...Array.from(scores).filter((_, row) => relevance[row]! > 0));
    return best === -Infinity ? NaN : 1 / scores.reduce((place, score) => place + Number(score >= best), 0);
  },
};

export const usualRankingMetrics: readonly RankingMetricName[] = ['ndcg10', 'ndcg5', 'meanAveragePrecision', 'meanReciprocalRank'];

/** Null: not a metric of rankings. Weights are those of whole groups: that of a group's first row counts. */
export function rankingMetric(answers: RankingAnswers, name: MetricName): Weighted | null {
  if (!Object.hasOwn(ofGroup, name)) return null;
  const groups = rowsByGroup(answers.groups);
  const values = groupValues(answers, name as RankingMetricName, groups);
  const first = groups.map((rows) => rows[0]!);
  return (weights) => {
    let [total, sum] = [0, 0];
    for (let group = 0; group < values.length; group++) {
      if (Number.isNaN(values[group])) continue;
      const weight = weights ? weights[first[group]!]! : 1;
      total += weight;
      sum += weight * values[group]!;
    }
    return total === 0 ? NaN : sum / total;
  };
}

/** One figure a group, in the order in which groups first occur; NaN where there is none. */
export function groupValues(
  { relevance, scores, groups }: RankingAnswers,
  name: RankingMetricName,
  rows: readonly (readonly number[])[] = rowsByGroup(groups),
): Float64Array {
  return Float64Array.from(rows, (own) =>
    ofGroup[name]({
      relevance: Float64Array.from(own, (row) => relevance[row]!),
      scores: Float64Array.from(own, (row) => scores[row]!),
    }),
  );
}

/** Rows of each group, groups in the order in which they first occur. */
export function rowsByGroup(groups: Int32Array): number[][] {
  const byCode = new Map<number, number[]>();
  groups.forEach((code, row) => {
    const own = byCode.get(code);
    if (own) own.push(row);
    else byCode.set(code, [row]);
  });
  return [...byCode.values()];
}

function relevantIn(relevance: Float64Array): Uint8Array {
  return Uint8Array.from(relevance, (each) => Number(each > 0));
}
