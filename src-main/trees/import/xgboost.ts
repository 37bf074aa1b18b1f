import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import type { Link } from '../export/links.ts';
import { previousFloat32 } from './float32.ts';
import type { ImportedEnsemble } from './importedEnsemble.ts';

interface FileTree {
  split_indices: number[];
  split_conditions: number[];
  split_type?: number[];
  default_left: number[];
  left_children: number[];
  right_children: number[];
  sum_hessian: number[];
  loss_changes: number[];
  categories?: number[];
  categories_nodes?: number[];
  categories_segments?: number[];
  categories_sizes?: number[];
  tree_param?: { size_leaf_vector?: string };
}

interface FileModel {
  trees: FileTree[];
  tree_info: number[];
}

interface File {
  learner: {
    feature_names?: string[];
    objective: { name: string };
    learner_model_param: { base_score: string; num_class: string; num_feature: string; num_target?: string };
    gradient_booster: { name: string; model?: FileModel; gbtree?: { model: FileModel }; weight_drop?: number[] };
  };
}

/**
 * A model that XGBoost saved as JSON (`Booster.save_model('….json')`), version 1.6 or later. Every float32 row reaches the leaf that
 * it reaches there. One difference: XGBoost cuts 2.5 down to category 2, here it is an unknown category.
 *
 * Throws MK_TREES_FILE_BROKEN with the place, MK_TREES_FILE_UNSUPPORTED for linear boosters, leaves of several targets and
 * objectives that give neither classes nor plain numbers.
 */
export function readXgboost(text: string): ImportedEnsemble {
  const file = parse(text);
  const { objective, learner_model_param: parameters, gradient_booster: booster, feature_names: featureNames = [] } = file.learner;
  const model = booster.name === 'dart' ? booster.gbtree?.model : booster.model;
  if (!['gbtree', 'dart'].includes(booster.name)) throw unsupported(`the booster ${booster.name}`);
  if (!model || !Array.isArray(model.trees)) throw broken('no trees', 'learner.gradient_booster');
  const featureCount = Number(parameters.num_feature);
  const outputCount = Math.max(1, Number(parameters.num_class), Number(parameters.num_target ?? 1));
  const categorySets: Int32Array[] = [];
  const categorical = new Uint8Array(featureCount);
  const byOutput: Tree[][] = Array.from({ length: outputCount }, () => []);
  model.trees.forEach((tree, at) => {
    const output = byOutput[model.tree_info[at]!];
    if (!output) throw broken('no output for a tree', `tree_info[${at}]`);
    const weight = booster.weight_drop?.[at] ?? 1;
    output.push(readTree(tree, { at, weight, categorySets, categorical }));
  });
  const ensemble: TreeEnsemble = {
    featureCount,
    outputCount,
    valueWidth: 1,
    baseScores: baseScores(parameters.base_score, objective.name, outputCount),
    // Several trees a round and output (num_parallel_tree) stand together in the file.
    trees: byOutput[0]!.flatMap((_, round) => byOutput.map((trees) => trees[round]!)),
    categorySets,
    categorical,
    aggregate: 'sum',
  };
  return { ensemble, featureNames, objective: objective.name, link: linkOf(objective.name) };
}

function readTree(
  file: FileTree,
  { at, weight, categorySets, categorical }: { at: number; weight: number; categorySets: Int32Array[]; categorical: Uint8Array },
): Tree {
  if (Number(file.tree_param?.size_leaf_vector ?? 1) > 1) throw unsupported('leaves of several targets (multi_output_tree)');
  const where = `trees[${at}]`;
  // Nodes that pruning has cut off stay in the file: the tree is what the root reaches.
  const order: number[] = [];
  const places = new Map<number, number>();
  for (let stack = [0]; stack.length > 0;) {
    const node = stack.pop()!;
    if (places.has(node) || node >= file.left_children.length) throw broken(`node ${node} is not there or has two parents`, where);
    places.set(node, order.push(node) - 1);
    const left = file.left_children[node]!;
    // In the set means right there and left here.
    const [first, second] = file.split_type?.[node] ? [file.right_children[node]!, left] : [left, file.right_children[node]!];
    if (left >= 0) stack.push(second, first);
  }
  const size = order.length;
  const isLeaf = (node: number): boolean => file.left_children[node]! < 0;
  const isSet = (node: number): boolean => !isLeaf(node) && file.split_type?.[node] === 1;
  const sets = new Map(file.categories_nodes?.map((node, set) => [node, setOf(file, set)]));
  const child = (which: 'left_children' | 'right_children') => (node: number) => (isLeaf(node) ? -1 : places.get(file[which][node]!)!);
  const [left, right] = [child('left_children'), child('right_children')];
  const column = <T>(of: (node: number) => T): T[] => order.map(of);
  const tree: Tree = {
    feature: Int32Array.from(column((node) => (isLeaf(node) ? -1 : file.split_indices[node]!))),
    threshold: Float32Array.from(column((node) => (isLeaf(node) || isSet(node) ? 0 : below(file.split_conditions[node]!)))),
    categories: Int32Array.from(column((node) => (isSet(node) ? categorySets.push(sets.get(node) ?? new Int32Array(0)) - 1 : -1))),
    missingLeft: Uint8Array.from(column((node) => Number(!isLeaf(node) && (file.default_left[node] === 1) !== isSet(node)))),
    left: Int32Array.from(column((node) => (isSet(node) ? right(node) : left(node)))),
    right: Int32Array.from(column((node) => (isSet(node) ? left(node) : right(node)))),
    value: Float32Array.from(column((node) => (isLeaf(node) ? weight * file.split_conditions[node]! : 0))),
    cover: Float64Array.from(column((node) => file.sum_hessian[node]!)),
    gain: Float64Array.from(column((node) => (isLeaf(node) ? 0 : file.loss_changes[node]!))),
  };
  for (let node = 0; node < size; node++) {
    const feature = tree.feature[node]!;
    if (feature >= categorical.length) throw broken(`no feature ${feature}`, where);
    if (tree.categories[node]! >= 0) categorical[feature] = 1;
  }
  return tree;
}

/** x < limit there is x ≤ threshold here; below −∞ is nothing. */
function below(limit: number): number {
  return limit === -Infinity ? NaN : previousFloat32(limit);
}

function setOf({ categories = [], categories_segments: starts = [], categories_sizes: sizes = [] }: FileTree, set: number): Int32Array {
  return Int32Array.from(categories.slice(starts[set], starts[set]! + sizes[set]!)).sort();
}

/** Written as `5E-1` or `[5E-1]`, or one number an output; of objectives with a link on the side of what is predicted. */
function baseScores(text: string, objective: string, outputCount: number): Float64Array {
  const values = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(Number);
  if (values.some(Number.isNaN)) throw broken('no number base_score', 'learner.learner_model_param');
  const link = linkOf(objective).kind;
  const margin = (value: number): number => (link === 'binary' ? Math.log(value / (1 - value)) : link === 'exp' ? Math.log(value) : value);
  return Float64Array.from({ length: outputCount }, (_, output) => margin(values[output] ?? values[0]!));
}

const identities = ['reg:squarederror', 'reg:linear', 'reg:absoluteerror', 'reg:pseudohubererror', 'reg:quantileerror'];
const logarithms = ['count:poisson', 'reg:gamma', 'reg:tweedie'];

function linkOf(objective: string): Link {
  if (['binary:logistic', 'binary:logitraw'].includes(objective)) return { kind: 'binary' };
  if (logarithms.includes(objective)) return { kind: 'exp' };
  if (identities.includes(objective) || objective.startsWith('multi:') || objective.startsWith('rank:')) return { kind: 'identity' };
  throw unsupported(`the objective ${objective}`);
}

function parse(text: string): File {
  let file: Partial<File>;
  try {
    file = JSON.parse(text) as Partial<File>;
  } catch (cause) {
    throw broken('no JSON', cause instanceof Error ? cause.message : 'the start');
  }
  const { learner } = file;
  if (!learner?.gradient_booster || !learner.learner_model_param || !learner.objective) throw broken('no booster', 'learner');
  return file as File;
}

function broken(what: string, where: string): ModelkeepError {
  return new ModelkeepError('MK_TREES_FILE_BROKEN', { format: 'XGBoost', what, where });
}

function unsupported(what: string): ModelkeepError {
  return new ModelkeepError('MK_TREES_FILE_UNSUPPORTED', { format: 'XGBoost', what });
}
