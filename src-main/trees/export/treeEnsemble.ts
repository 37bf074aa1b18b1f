import { integer, ints, type AttributeInput } from '../../compiler/index.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { needsBarrier } from './barrier.ts';

/** Values of `nodes_modes`. */
const modes = { leq: 0, member: 6 };
const aggregateSum = 1;

interface Columns {
  featureids: number[];
  splits: number[];
  modes: number[];
  truenodeids: number[];
  trueleafs: number[];
  falsenodeids: number[];
  falseleafs: number[];
  missing: number[];
  roots: number[];
  leafWeights: number[];
  leafTargets: number[];
  members: number[];
}

/**
 * Attributes of TreeEnsemble — https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html (ai.onnx.ml 5), inputs float32.
 * Categories are BRANCH_MEMBER nodes. The operator has neither base scores nor leaves with several outputs: see vectorLeaves.ts.
 *
 * Departures from the shortest form, for ONNX Runtime (1.30): `needsBarrier`; it reads the target of a tree that is one leaf from the wrong
 * place, so such a tree is a split into two equal leaves; and it takes the largest member of a set without looking whether there is
 * one, so an empty set is a comparison with NaN, which no value passes.
 */
export function treeEnsembleAttributes(ensemble: TreeEnsemble): Record<string, AttributeInput> {
  const columns: Columns = {
    featureids: [],
    splits: [],
    modes: [],
    truenodeids: [],
    trueleafs: [],
    falsenodeids: [],
    falseleafs: [],
    missing: [],
    roots: [],
    leafWeights: [],
    leafTargets: [],
    members: [],
  };
  if (ensemble.valueWidth !== 1) throw new Error(`TreeEnsemble has one output a leaf, not ${ensemble.valueWidth}.`);
  for (const [at, tree] of ensemble.trees.entries()) addTree(columns, ensemble, tree, at % ensemble.outputCount);
  const { members } = columns;
  return {
    aggregate_function: integer(aggregateSum),
    post_transform: integer(0),
    n_targets: integer(ensemble.outputCount),
    tree_roots: ints(columns.roots),
    nodes_featureids: ints(columns.featureids),
    nodes_modes: { dtype: 'uint8', shape: [columns.modes.length], data: Uint8Array.from(columns.modes) },
    nodes_splits: float32(columns.splits),
    nodes_truenodeids: ints(columns.truenodeids),
    nodes_trueleafs: ints(columns.trueleafs),
    nodes_falsenodeids: ints(columns.falsenodeids),
    nodes_falseleafs: ints(columns.falseleafs),
    nodes_missing_value_tracks_true: ints(columns.missing),
    leaf_targetids: ints(columns.leafTargets),
    leaf_weights: float32(columns.leafWeights),
    ...(members.length > 0 ? { membership_values: float32(members) } : {}),
  };
}

function addTree(columns: Columns, ensemble: TreeEnsemble, tree: Tree, target: number): void {
  const base = columns.featureids.length;
  columns.roots.push(base);
  const addLeaf = (node: number): number => {
    columns.leafTargets.push(target);
    return columns.leafWeights.push(tree.value[node]!) - 1;
  };
  if (tree.feature[0]! < 0) {
    addNode(columns, 0, { mode: modes.leq, split: 0, missing: 0 });
    setChildren(columns, base, [addLeaf(0), true], [addLeaf(0), true]);
    return;
  }
  // Numbers of the operator's nodes by ours: leaves do not count.
  const numbers = new Int32Array(tree.feature.length);
  let next = base;
  tree.feature.forEach((feature, node) => {
    if (feature < 0) return;
    numbers[node] = next;
    next += needsBarrier(ensemble, tree, node) ? 2 : 1;
  });
  tree.feature.forEach((feature, node) => {
    if (feature < 0) return;
    const set = ensemble.categorySets[tree.categories[node]!];
    const missing = tree.missingLeft[node]!;
    if (!set) addNode(columns, feature, { mode: modes.leq, split: tree.threshold[node]!, missing });
    else if (set.length === 0) addNode(columns, feature, { mode: modes.leq, split: NaN, missing });
    else {
      addNode(columns, feature, { mode: modes.member, split: 0, missing });
      for (const code of set) columns.members.push(code);
      columns.members.push(NaN);
    }
    const child = (of: number): [number, boolean] => (tree.feature[of]! < 0 ? [addLeaf(of), true] : [numbers[of]!, false]);
    const [number, left] = [numbers[node]!, child(tree.left[node]!)];
    if (needsBarrier(ensemble, tree, node)) {
      addNode(columns, feature, { mode: modes.leq, split: NaN, missing: 0 });
      setChildren(columns, number, left, [number + 1, false]);
      setChildren(columns, number + 1, left, child(tree.right[node]!));
    } else setChildren(columns, number, left, child(tree.right[node]!));
  });
}

function addNode(columns: Columns, feature: number, { mode, split, missing }: { mode: number; split: number; missing: number }): void {
  columns.featureids.push(feature);
  columns.modes.push(mode);
  columns.splits.push(split);
  columns.missing.push(missing);
}

function setChildren(columns: Columns, node: number, whenTrue: [number, boolean], whenFalse: [number, boolean]): void {
  columns.truenodeids[node] = whenTrue[0];
  columns.trueleafs[node] = Number(whenTrue[1]);
  columns.falsenodeids[node] = whenFalse[0];
  columns.falseleafs[node] = Number(whenFalse[1]);
}

function float32(values: readonly number[]): AttributeInput {
  return { dtype: 'float32', shape: [values.length], data: Float32Array.from(values) };
}
