import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { stepNames } from '../3-differentiate/differentiate.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { squaredLength } from './squaredLength.ts';

export interface PrivacySettings {
  /** Longest gradient that one row may contribute. */
  readonly clipNorm: number;
  /** Standard deviation of the added noise over `clipNorm`. */
  readonly noiseMultiplier: number;
}

/**
 * Loss and gradients of a batch in which no row's pull is longer than `clipNorm`, with noise:
 *   gradient = (Σ_i g_i · min(1, C / ‖g_i‖) + σ C · noise) / batch,
 * the norm over all parameters. Rows are taken one at a time in a Loop: each has its own gradient, whatever operators
 * the network has, at the price of small products.
 *
 * `step` is the graph of one step with a batch of one; `inputsOfRow` gives its inputs for row `row` (int64 scalar).
 * Source: Abadi et al., Deep learning with differential privacy (2016), https://arxiv.org/abs/1607.00133 algorithm 1.
 */
export function clipPerRow(
  g: TypedOps,
  step: Graph,
  parameters: readonly Value[],
  batchSize: number,
  { clipNorm, noiseMultiplier }: PrivacySettings,
  noises: readonly Value[],
  inputsOfRow: (g: TypedOps, row: Value) => ReadonlyMap<string, Value>,
): ReadonlyMap<string, TypedValue> {
  const sums = parameters.map((each) => g.filledLike(each));
  const loss = g.scalar(0, parameters[0]!);
  const { carried } = g.graph.loop(g.graph.scalar(batchSize, 'int64'), [...sums, loss], (body, entering, row) => {
    const b = new TypedOps(body);
    const values = replay(b, step, inputsOfRow(b, row));
    const gradients = parameters.map((each) => values.get(stepNames.gradient(each.name))!);
    const norm = b.sqrt(squaredLength(b, gradients));
    const limit = b.scalar(clipNorm, norm);
    const factor = b.div(limit, b.op('Max', [norm, limit]));
    const next = gradients.map((each, at) => b.add(entering[at]!, b.mul(each, factor)));
    return { carried: [...next, b.add(entering.at(-1)!, values.get(stepNames.loss)!)] };
  });
  const share = (value: Value): TypedValue => g.mul(value, g.scalar(1 / batchSize, value));
  return new Map([
    ...parameters.map((each, at): [string, TypedValue] => {
      const noise = g.mul(noises[at]!, g.scalar(noiseMultiplier * clipNorm, each));
      return [stepNames.gradient(each.name), share(g.add(typed(carried[at]!), noise))];
    }),
    [stepNames.loss, share(carried.at(-1)!)],
  ]);
}
