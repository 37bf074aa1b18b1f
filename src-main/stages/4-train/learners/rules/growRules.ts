// A greedy search for one rule after the other: sequential covering.
import type { FeatureColumn } from '../learner.ts';
import type { Matrix } from '../matrix.ts';
import { weightedQuantiles } from '../weightedQuantile.ts';
import { holds, type RuleCondition } from './rulesModel.ts';

/** Weighted sums of some rows: weight, then [outputs] of answers (shares of classes, or values standardised). */
export type Answers = { rows: number; outputs: number; data: Float64Array; weights: Float64Array; kind: 'class' | 'number' };

export interface GrowSettings {
  /** Conditions of a rule at most. */
  length: number;
  /** Weight of the rows that a rule must cover at least. */
  leastWeight: number;
  /** True: give what there is. */
  isOver: () => boolean;
}

const cutsPerColumn = 16;
/** A further condition must raise the measure by this share. */
const leastGain = 1e-3;

/** Every test that a rule may be made of: cuts at quantiles, categories, missing. */
export function candidateConditions(
  { rows, width, data }: Matrix,
  columns: readonly FeatureColumn[],
  weights: Float64Array,
): RuleCondition[] {
  const conditions: RuleCondition[] = [];
  for (let column = 0; column < width; column++) {
    const known: number[] = [];
    const own: number[] = [];
    for (let row = 0; row < rows; row++) {
      const cell = data[row * width + column]!;
      if (Number.isNaN(cell) || weights[row] === 0) continue;
      known.push(cell);
      own.push(weights[row]!);
    }
    if (known.length < rows && weights.some((weight, row) => weight > 0 && Number.isNaN(data[row * width + column]!)))
      conditions.push({ column, test: 'missing', value: 0 });
    if (columns[column]?.kind === 'category') {
      for (const value of [...new Set(known)].sort((a, b) => a - b)) conditions.push({ column, test: 'is', value });
      continue;
    }
    const highest = known.reduce((most, each) => Math.max(most, each), -Infinity);
    const levels = Array.from({ length: cutsPerColumn }, (_, at) => (at + 0.5) / cutsPerColumn);
    const cuts = [...new Set(weightedQuantiles(known, levels, own))].filter((cut) => cut < highest);
    for (const value of cuts) conditions.push({ column, test: 'atMost', value }, { column, test: 'above', value });
  }
  return conditions;
}

/**
 * The rule that tells most of the rows that are left: the J-measure, weight of the covered rows times what their answers differ from the
 * average (relative entropy of classes; squared difference of means for numbers), grown condition by condition.
 * Smyth & Goodman, IEEE Trans. Knowl. Data Eng. 4 (1992), eq. 3. Null when no condition tells anything.
 */
export function growRule(
  { width, data }: Matrix,
  answers: Answers,
  left: Uint8Array,
  conditions: readonly RuleCondition[],
  { length, leastWeight, isOver }: GrowSettings,
): RuleCondition[] | null {
  const whole = sumsOf(answers, left);
  const when: RuleCondition[] = [];
  let covered = Uint8Array.from(left);
  let best = 0;
  while (when.length < length) {
    let chosen: RuleCondition | null = null;
    let reached = best * (1 + leastGain);
    for (const condition of conditions) {
      if (isOver()) return when.length > 0 ? when : null;
      const sums = new Float64Array(answers.outputs + 1);
      for (let row = 0; row < answers.rows; row++)
        if (covered[row] && holds(condition, data[row * width + condition.column]!)) addRow(answers, row, sums);
      if (sums[0]! < leastWeight || whole[0]! - sums[0]! <= 0) continue;
      const measure = surprise(sums, whole, answers.kind);
      if (measure > reached) [reached, chosen] = [measure, condition];
    }
    if (!chosen) break;
    when.push(chosen);
    best = reached;
    covered = covered.map((each, row) => (each && holds(chosen, data[row * width + chosen.column]!) ? 1 : 0));
  }
  return when.length > 0 ? when : null;
}

export function sumsOf(answers: Answers, covered: Uint8Array): Float64Array {
  const sums = new Float64Array(answers.outputs + 1);
  for (let row = 0; row < answers.rows; row++) if (covered[row]) addRow(answers, row, sums);
  return sums;
}

function addRow({ outputs, data, weights }: Answers, row: number, sums: Float64Array): void {
  const weight = weights[row]!;
  sums[0]! += weight;
  for (let output = 0; output < outputs; output++) sums[output + 1]! += weight * data[row * outputs + output]!;
}

function surprise(sums: Float64Array, whole: Float64Array, kind: Answers['kind']): number {
  if (kind === 'number') return (sums[1]! / sums[0]! - whole[1]! / whole[0]!) ** 2 * sums[0]!;
  let total = 0;
  for (let output = 1; output < sums.length; output++) {
    const [share, usual] = [sums[output]! / sums[0]!, whole[output]! / whole[0]!];
    if (share > 0) total += share * Math.log(share / usual);
  }
  return total * sums[0]!;
}
