// Where to cut a probability when mistakes have prices (Elkan, The foundations of cost-sensitive learning, IJCAI 2001).
import type { Costs, ThresholdAdvice, ThresholdPoint } from '../../../../src-shared/domain/evaluation.ts';
import { bootstrapWeights, percentileInterval } from '../metrics/bootstrap.ts';
import { thresholdTable } from './classCurves.ts';

const parts = 10;

/** `scores`: probability of the class that is looked for. The threshold of least cost on these rows, and what it costs. */
export function thresholdAdvice(
  scores: Float64Array,
  positive: Uint8Array,
  costs: Costs,
  { name, seed }: { name: string; seed: number },
): ThresholdAdvice {
  const rows = scores.length;
  const table = thresholdTable(scores, positive);
  const outcome = cheapest(table, costs);
  const each = rowCosts(scores, positive, costs, outcome.threshold);
  const replicates: number[] = [];
  for (const weights of bootstrapWeights(rows, seed)) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += weights[row]! * each[row]!;
    replicates.push(sum / rows);
  }
  const interval = percentileInterval(replicates);
  return {
    class: name,
    threshold: outcome.threshold,
    outcome,
    cost: { value: mean(each), low: interval?.low ?? null, high: interval?.high ?? null, rows },
    honestCost: honestCost(scores, positive, costs),
    asIs: mean(rowCosts(scores, positive, costs, 0.5)),
    never: costOf(table[0]!, costs),
    always: costOf(table.at(-1)!, costs),
  };
}

/** Mean cost of a row. */
export function costOf({ truePositives, falsePositives, falseNegatives, trueNegatives }: ThresholdPoint, costs: Costs): number {
  const total =
    truePositives * costs.truePositive +
    falsePositives * costs.falsePositive +
    falseNegatives * costs.falseNegative +
    trueNegatives * costs.trueNegative;
  return total / (truePositives + falsePositives + falseNegatives + trueNegatives);
}

/** Among equals the one in the middle of their range: the edge would be the most fragile. */
function cheapest(table: readonly ThresholdPoint[], costs: Costs): ThresholdPoint {
  const values = table.map((point) => costOf(point, costs));
  const least = Math.min(...values);
  const equals = table.filter((_, at) => values[at]! <= least + 1e-12 * Math.max(1, Math.abs(least)));
  return equals[(equals.length - 1) >> 1]!;
}

function rowCosts(scores: Float64Array, positive: Uint8Array, costs: Costs, threshold: number | null): Float64Array {
  return scores.map((score, row) => {
    const alarm = threshold !== null && score >= threshold;
    if (positive[row]) return alarm ? costs.truePositive : costs.falseNegative;
    return alarm ? costs.falsePositive : costs.trueNegative;
  });
}

/** Ten parts, each judged at the threshold that the other nine choose: no row has a say in its own judgement. */
function honestCost(scores: Float64Array, positive: Uint8Array, costs: Costs): number {
  let sum = 0;
  for (let part = 0; part < parts; part++) {
    const pick = <T extends Float64Array | Uint8Array>(values: T, inside: boolean): T =>
      values.filter((_: number, row: number) => (row % parts === part) === inside) as T;
    const held = pick(scores, true);
    if (held.length === 0 || held.length === scores.length) continue;
    const { threshold } = cheapest(thresholdTable(pick(scores, false), pick(positive, false)), costs);
    sum += rowCosts(held, pick(positive, true), costs, threshold).reduce((all, each) => all + each, 0);
  }
  return sum / scores.length;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
