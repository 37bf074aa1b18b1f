import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { backpropagate } from '../3-differentiate/backpropagate.ts';
import type { Backward, BackwardStart } from '../3-differentiate/differentiate.ts';
import { followRows, type FollowedRows } from '../5-emit/rowMixing.ts';
import { elementCount } from '../onnx/graph.ts';
import { once } from '../gradients/activation/once.ts';
import { rowRules } from './rows/index.ts';
import { inFull, type RowGradients } from './rows/rowRule.ts';
import { squaredLength } from './squaredLength.ts';
import { weightUses, type Obstacle, type WeightUse } from './weightUses.ts';

/**
 * Backward pass of a batch in which no row's pull is longer than `clipNorm`: Σ_i g_i · min(1, C / ‖g_i‖) for each parameter, the
 * length over all parameters, without a loop over rows. One walk gives the gradients of what the weights' nodes put out; a rule for
 * each operator (`rows/`) tells the lengths of the row gradients from them, in full or without making them; then the weights'
 * gradients are taken from the same values, scaled row by row. There is no second walk.
 *
 * `report` hears how it went. With an obstacle, a node that has no rule, the gradients are not clipped and not to be used.
 *
 * Throws MK_COMPILER_ROWS_MIXED where rows of the batch see each other.
 *
 * Sources: Abadi et al., Deep learning with differential privacy (2016), https://arxiv.org/abs/1607.00133 algorithm 1; Bu et al.,
 * Differentially private optimization on large foundation models at small cost (2023), https://arxiv.org/abs/2210.00038.
 */
export function clippedTogether(clipNorm: number, report: (outcome: TogetherOutcome) => void): Backward {
  return (start) => {
    const { g, seed, parameters } = start;
    const found = rowGradientsOf(start);
    if ('operator' in found) {
      report({ obstacle: found, largestBytes: 0 });
      return backpropagate(g, [seed], parameters);
    }
    const squares = found.map(({ gradients }) => gradients.squaredLengths()).reduce((sum, each) => g.add(sum, each));
    const factors = clipFactors(g, squares, clipNorm);
    const gradients = backpropagate(
      g,
      found.map(({ weight, gradients: ofRows }) => ({ value: weight, gradient: ofRows.sum(factors) })),
      parameters,
    );
    report({ obstacle: undefined, largestBytes: largestOf(g, parameters) });
    return gradients;
  };
}

export interface TogetherOutcome {
  readonly obstacle: Obstacle | undefined;
  /** Of the values that grow with the number of rows. */
  readonly largestBytes: number;
}

/** The same for a batch of one row, whatever operators the network has. */
export function clippedAlone(clipNorm: number): Backward {
  return ({ g, seed, parameters }) => {
    const gradients = backpropagate(g, [seed], parameters);
    const given = gradients.filter((each) => each !== undefined);
    const factor = clipFactors(g, squaredLength(g, given), clipNorm);
    return gradients.map((each) => each && g.mul(each, factor));
  };
}

/** C / max(length, C): 1 for what is short enough. */
function clipFactors(g: TypedOps, squaredLengths: TypedValue, clipNorm: number): TypedValue {
  const limit = g.scalar(clipNorm, squaredLengths);
  return g.div(limit, g.op('Max', [g.sqrt(squaredLengths), limit]));
}

/** What has the size of a weight does not grow with the rows. */
function largestOf(g: TypedOps, parameters: readonly TypedValue[]): number {
  const weights = new Set(parameters.map((each) => elementCount(each.shape)));
  const sizes = g.tape.flatMap(({ outputs }) => outputs.map((each) => elementCount(each.shape))).filter((size) => !weights.has(size));
  return 4 * Math.max(...sizes);
}

interface WeightGradients {
  readonly weight: TypedValue;
  readonly gradients: RowGradients;
}

function rowGradientsOf(start: BackwardStart): readonly WeightGradients[] | Obstacle {
  const { g, seed, parameters, loss, perRow } = start;
  // Only what is there now: the nodes of gradients that follow are none of the network's.
  const tape = g.tape.slice();
  const { rows, stopped } = followRows(g, tape, perRow, loss);
  if (stopped) return refuseMixing(start, stopped);
  const uses = weightUses(g, tape, parameters, rows, loss);
  if ('operator' in uses) return uses as Obstacle;
  const all = [...uses.values()].flat();
  const gradients = backpropagate(
    g,
    [seed],
    all.map(({ entry }) => entry.outputs[0]!),
  );
  const found = new Map(all.map((use, at) => [use, gradientsOfUse(start, rows, use, gradients[at])]));
  const result: WeightGradients[] = [];
  for (const ofWeight of uses.values()) {
    const parts = ofWeight.map((use) => found.get(use)!);
    const without = parts.findIndex((each) => !each || (parts.length > 1 && !each.each));
    if (without >= 0) return obstacleAt(ofWeight[without]!);
    const { weight } = ofWeight[0]!;
    // A weight that is used twice: the length is that of the sum.
    const added = once(() => parts.map((each) => each!.each!()).reduce((sum, each) => g.add(sum, each)));
    result.push({ weight, gradients: parts.length === 1 ? parts[0]! : inFull({ g, batch: batchOf(start) }, added) });
  }
  return result;
}

function gradientsOfUse(
  start: BackwardStart,
  rows: FollowedRows['rows'],
  { entry, at }: WeightUse,
  gradient: TypedValue | undefined,
): RowGradients | undefined {
  if (!gradient) return undefined;
  const axisOf = (value: TypedValue | undefined): number | undefined => {
    const axis = value && rows.get(value.name);
    return axis === 'sum' ? undefined : axis;
  };
  if (axisOf(entry.outputs[0]) === undefined) return undefined;
  return rowRules[entry.operator]?.({ g: start.g, entry, at, gradient, batch: batchOf(start), axisOf });
}

function batchOf({ perRow }: BackwardStart): number {
  return Number(perRow[0]!.shape[0]);
}

function obstacleAt({ entry }: WeightUse): Obstacle {
  return { node: entry.outputs[0]!.name, operator: entry.operator };
}

/**
 * Rows that meet in the network, or are compared by the loss, have no gradients of their own. What is only not understood
 * (Scan, axes that are joined), and a loss whose mean is over what counts, is well defined for one row at a time.
 */
function refuseMixing({ g, forwardLength }: BackwardStart, { node, operator, mixes }: NonNullable<FollowedRows['stopped']>): Obstacle {
  const inNetwork = g.tape.slice(0, forwardLength).some((each) => each.outputs[0]?.name === node);
  const joins = operator === 'Reshape' || operator === 'Flatten';
  const compares = /MatMul$|^Gemm$|Softmax$/.test(operator);
  if (mixes && !joins && (inNetwork || compares)) throw new ModelkeepError('MK_COMPILER_ROWS_MIXED', { node, operator });
  return { node, operator };
}
