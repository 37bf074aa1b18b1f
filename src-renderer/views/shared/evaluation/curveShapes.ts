// The usual curves out of counts at thresholds, and what a threshold costs.
import type { Costs, ThresholdPoint } from '../../../../src-shared/domain/evaluation.ts';

export interface Rates {
  /** Share of positives found. */
  recall: number;
  /** Share of negatives that were alarmed. */
  falseAlarms: number;
  /** Share of alarms that were right; null without an alarm. */
  precision: number | null;
  /** Share of rows that are alarms. */
  alarms: number;
}

export function ratesAt({ truePositives, falsePositives, falseNegatives, trueNegatives }: ThresholdPoint): Rates {
  const [positives, negatives, alarms] = [truePositives + falseNegatives, falsePositives + trueNegatives, truePositives + falsePositives];
  return {
    recall: positives === 0 ? 0 : truePositives / positives,
    falseAlarms: negatives === 0 ? 0 : falsePositives / negatives,
    precision: alarms === 0 ? null : truePositives / alarms,
    alarms: alarms / (positives + negatives),
  };
}

export type Curve = [x: number, y: number | null][];

export function roc(table: readonly ThresholdPoint[]): Curve {
  return table.map((point) => [ratesAt(point).falseAlarms, ratesAt(point).recall]);
}

/** Recall across, precision up; starts at the first alarm. */
export function precisionRecall(table: readonly ThresholdPoint[]): Curve {
  return table.flatMap((point) => {
    const { recall, precision } = ratesAt(point);
    return precision === null ? [] : [[recall, precision]];
  });
}

/** Share of rows looked at across, share of positives found up. */
export function gain(table: readonly ThresholdPoint[]): Curve {
  return table.map((point) => [ratesAt(point).alarms, ratesAt(point).recall]);
}

/** Share of rows looked at across; how many times chance up. */
export function lift(table: readonly ThresholdPoint[]): Curve {
  return table.flatMap((point) => {
    const { alarms, recall } = ratesAt(point);
    return alarms === 0 ? [] : [[alarms, recall / alarms]];
  });
}

/** Mean cost of a row. */
export function costAt(point: ThresholdPoint, costs: Costs): number {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = point;
  const sum =
    truePositives * costs.truePositive +
    falsePositives * costs.falsePositive +
    falseNegatives * costs.falseNegative +
    trueNegatives * costs.trueNegative;
  return sum / (truePositives + falsePositives + falseNegatives + trueNegatives);
}

/** Counts at a threshold: those of the lowest listed threshold that is not below it. */
export function pointAt(table: readonly ThresholdPoint[], threshold: number): ThresholdPoint {
  return table.findLast((point) => point.threshold === null || point.threshold >= threshold) ?? table[0]!;
}
