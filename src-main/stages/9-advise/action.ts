// What to do about a gap, with the figures that say why. The first rule that applies decides: a broken feed explains everything after it.
import type { Advice, MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import type { DimensionParts } from './explain.ts';

export interface GapFacts {
  metric: MetricDefinition;
  actual: number;
  expected: number;
  periods: number;
  /** Rows in the gap, and what the same number of usual periods brings. */
  rows: number;
  usualRows: number;
  /** Periods of the gap without any row, and the usual share of such periods. */
  emptyPeriods: number;
  usualEmptyShare: number;
  dimensions: DimensionParts[];
  /** Largest single rows of the gap, largest first; empty unless the metric is a sum. */
  largestRows: number[];
}

/** Under half of the usual rows: rather a feed than a market. Below 20 usual rows chance alone does that. */
const feedShare = 0.5;
const fewestUsualRows = 20;
/** A value has to bring this much more of the gap than its usual share. */
const surprising = 0.2;

export function actionFor(facts: GapFacts): Advice['action'] {
  const { metric, actual, expected, rows, usualRows, emptyPeriods, periods, usualEmptyShare, dimensions, largestRows } = facts;
  const gap = actual - expected;
  const fell = gap < 0;

  const feedIsThin = usualRows >= fewestUsualRows && rows < feedShare * usualRows;
  const unusuallyEmpty = emptyPeriods > 0 && usualEmptyShare < 0.02;
  const asksForRows = fell || metric.aggregate === 'average' || metric.aggregate === 'share';
  // Of a count few rows are the fall itself, not its cause.
  if (asksForRows && (unusuallyEmpty || (feedIsThin && metric.aggregate !== 'count')))
    return { key: 'checkDataFeed', params: { rows, usualRows: Math.round(usualRows), emptyPeriods } };

  const [first] = dimensions;
  const leader = first?.leader;
  if (leader && fell && leader.part.rows === 0 && leader.usualRows >= fewestUsualRows)
    return {
      key: 'checkSegmentFeed',
      params: { dimension: leader.part.dimension, value: leader.part.value, rows: 0, usualRows: Math.round(leader.usualRows) },
    };

  if (gap > 0 && largestRows.length > 0) {
    for (let count = 1; count <= largestRows.length; count++) {
      const part = largestRows.slice(0, count).reduce((sum, figure) => sum + figure, 0);
      // Of the rows of a usual period some would have come anyway; 60 % of the gap is beyond that.
      if (part >= 0.6 * gap)
        return { key: 'checkLargestRows', params: { rows: count, gapShare: rounded(part / gap), largest: largestRows[0]! } };
    }
  }

  if (leader && leader.part.share - leader.usualShare >= surprising) {
    const good = fell === (metric.goal === 'down');
    return {
      key: good ? 'repeatWhatWorked' : 'investigateSegment',
      params: {
        dimension: leader.part.dimension,
        value: leader.part.value,
        gapShare: rounded(leader.part.share),
        usualShare: rounded(leader.usualShare),
        change: leader.part.change,
        gap,
      },
    };
  }
  return { key: 'watchTrend', params: { gap, periods } };
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000;
}
