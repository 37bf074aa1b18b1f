import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { stepNames } from '../3-differentiate/differentiate.ts';
import type { Graph, Value } from '../onnx/graph.ts';

export interface PrivacySettings {
  /** Longest gradient that one row may contribute. */
  readonly clipNorm: number;
  /** Standard deviation of the added noise over `clipNorm`. */
  readonly noiseMultiplier: number;
  /**
   * Rows whose gradients are computed together; divides the batch size. Default: all, or so many that what is computed for them
   * fits the cache (convolutions). 1 takes row by row.
   */
  readonly rowsTogether?: number;
}

/** How row gradients are computed: `rowsTogether` at once, or one at a time because of a node that has no other form. */
export interface RowGradientForm {
  readonly rowsTogether: number;
  readonly because: { readonly node: string; readonly operator: string } | undefined;
}

/**
 * Loss and gradients of a batch from steps over groups of its rows, whose gradients are clipped (`clippedGradients.ts`), with noise:
 *   gradient = (Σ_groups + σ C · noise) / batch.
 * `inputsOfGroup` gives the inputs of `step` for a group (int64 scalar); undefined stands for all rows at once.
 */
export function sumInGroups(
  g: TypedOps,
  step: Graph,
  parameters: readonly Value[],
  { batchSize, groups }: { readonly batchSize: number; readonly groups: number },
  { clipNorm, noiseMultiplier }: PrivacySettings,
  noises: readonly Value[],
  inputsOfGroup: (g: TypedOps, group: Value | undefined) => ReadonlyMap<string, Value>,
): ReadonlyMap<string, TypedValue> {
  const names = [...parameters.map((each) => stepNames.gradient(each.name)), stepNames.loss];
  const ofGroup = (ops: TypedOps, group: Value | undefined): TypedValue[] => {
    const values = replay(ops, step, inputsOfGroup(ops, group));
    return names.map((name) => values.get(name)!);
  };
  const sums = groups === 1 ? ofGroup(g, undefined) : overGroups(g, parameters, groups, ofGroup);
  const share = (value: TypedValue): TypedValue => g.mul(value, g.scalar(1 / batchSize, value));
  return new Map(
    names.map((name, at) => {
      const noise = noises[at];
      const sum = sums[at]!;
      return [name, share(noise ? g.add(sum, g.mul(noise, g.scalar(noiseMultiplier * clipNorm, sum))) : sum)];
    }),
  );
}

function overGroups(
  g: TypedOps,
  parameters: readonly Value[],
  groups: number,
  ofGroup: (g: TypedOps, group: Value) => TypedValue[],
): TypedValue[] {
  const zeros = [...parameters.map((each) => g.filledLike(each)), g.scalar(0, parameters[0]!)];
  const { carried } = g.graph.loop(g.graph.scalar(groups, 'int64'), zeros, (body, entering, group) => {
    const b = new TypedOps(body);
    return { carried: ofGroup(b, group).map((each, at) => b.add(entering[at]!, each)) };
  });
  return carried.map(typed);
}
