import { floats, integer, ints, strings, type AttributeInput } from '../../compiler/index.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { needsBarrier } from './barrier.ts';

/** Of a model that memory and runtimes still take; ten columns of numbers and text each. */
const mostNodes = 4_000_000;

interface Columns {
  treeids: number[];
  nodeids: number[];
  featureids: number[];
  values: number[];
  modes: string[];
  truenodeids: number[];
  falsenodeids: number[];
  missing: number[];
  targetTrees: number[];
  targetNodes: number[];
  targets: number[];
  weights: number[];
}

/**
 * Attributes of TreeEnsembleRegressor — https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html (ai.onnx.ml 3),
 * for runtimes without TreeEnsemble. A set of categories is a chain of BRANCH_EQ nodes, one a code, whose true branches
 * lead to the same child: what converters of LightGBM write and ONNX Runtime folds into one test. Leaves may have several outputs.
 * Throws MK_TREES_EXPORT_TOO_LARGE where that makes too many nodes.
 */
export function treeEnsembleRegressorAttributes(ensemble: TreeEnsemble): Record<string, AttributeInput> {
  const columns: Columns = {
    treeids: [],
    nodeids: [],
    featureids: [],
    values: [],
    modes: [],
    truenodeids: [],
    falsenodeids: [],
    missing: [],
    targetTrees: [],
    targetNodes: [],
    targets: [],
    weights: [],
  };
  const nodes = ensemble.trees.reduce((sum, tree) => sum + chainStarts(ensemble, tree).count, 0);
  if (nodes > mostNodes) throw new ModelkeepError('MK_TREES_EXPORT_TOO_LARGE', { opset: 3, nodes, limit: mostNodes });
  ensemble.trees.forEach((tree, at) => addTree(columns, ensemble, tree, at));
  return {
    aggregate_function: 'SUM',
    post_transform: 'NONE',
    n_targets: integer(ensemble.outputCount),
    nodes_treeids: ints(columns.treeids),
    nodes_nodeids: ints(columns.nodeids),
    nodes_featureids: ints(columns.featureids),
    nodes_values: floats(columns.values),
    nodes_modes: strings(columns.modes),
    nodes_truenodeids: ints(columns.truenodeids),
    nodes_falsenodeids: ints(columns.falsenodeids),
    nodes_missing_value_tracks_true: ints(columns.missing),
    target_treeids: ints(columns.targetTrees),
    target_nodeids: ints(columns.targetNodes),
    target_ids: ints(columns.targets),
    target_weights: floats(columns.weights),
  };
}

function addTree(columns: Columns, ensemble: TreeEnsemble, tree: Tree, at: number): void {
  const { categorySets, valueWidth, outputCount } = ensemble;
  const { starts } = chainStarts(ensemble, tree);
  const add = (id: number, feature: number, mode: string, value: number, missing: number, whenTrue: number, whenFalse: number): void => {
    columns.treeids.push(at);
    columns.nodeids.push(id);
    columns.featureids.push(feature);
    columns.modes.push(mode);
    columns.values.push(value);
    columns.missing.push(missing);
    columns.truenodeids.push(whenTrue);
    columns.falsenodeids.push(whenFalse);
  };
  tree.feature.forEach((feature, node) => {
    const id = starts[node]!;
    if (feature < 0) {
      add(id, 0, 'LEAF', 0, 0, 0, 0);
      for (let value = 0; value < valueWidth; value++) {
        columns.targetTrees.push(at);
        columns.targetNodes.push(id);
        columns.targets.push(valueWidth === 1 ? at % outputCount : value);
        columns.weights.push(tree.value[node * valueWidth + value]!);
      }
      return;
    }
    const [left, right, missing] = [starts[tree.left[node]!]!, starts[tree.right[node]!]!, tree.missingLeft[node]!];
    const set = categorySets[tree.categories[node]!];
    if (!set) add(id, feature, 'BRANCH_LEQ', tree.threshold[node]!, missing, left, right);
    // No value equals or passes NaN.
    else if (set.length === 0) add(id, feature, 'BRANCH_LEQ', NaN, missing, left, right);
    else {
      const end = id + set.length;
      const barrier = needsBarrier(ensemble, tree, node);
      const last = barrier ? end : right;
      set.forEach((code, link) => add(id + link, feature, 'BRANCH_EQ', code, missing, left, id + link + 1 < end ? id + link + 1 : last));
      if (barrier) add(end, feature, 'BRANCH_LEQ', NaN, 0, left, right);
    }
  });
}

/** Number of the operator's node for each of ours; a set takes as many numbers as it has codes. */
function chainStarts(ensemble: TreeEnsemble, tree: Tree): { starts: Int32Array; count: number } {
  let count = 0;
  const starts = tree.categories.map((set, node) => {
    const start = count;
    if (tree.feature[node]! < 0) count++;
    else count += Math.max(1, ensemble.categorySets[set]?.length ?? 1) + Number(needsBarrier(ensemble, tree, node));
    return start;
  });
  return { starts, count };
}
