import type { Tree, TreeEnsemble } from '../ensemble.ts';

/**
 * Raw scores [rows, outputCount] of `features` (float32 [rows, featureCount], NaN is missing): the plain scorer that everything
 * else is held against. Leaf values are added in float32 in the order of the trees, beginning with 0; a mean is then divided by
 * the number of trees that add to an output; the base score, rounded to float32, comes last. ONNX Runtime does the same on one
 * thread.
 */
export function scoreReference(ensemble: TreeEnsemble, features: Float32Array, rows: number): Float32Array<ArrayBuffer> {
  return score(ensemble, features, rows, new Float32Array(rows * ensemble.outputCount), Math.fround);
}

/** The same in float64: what explanations add up to. */
export function scoreExactly(ensemble: TreeEnsemble, features: Float32Array, rows: number): Float64Array<ArrayBuffer> {
  return score(ensemble, features, rows, new Float64Array(rows * ensemble.outputCount), (value) => value);
}

/** How many trees add to one output. */
export function treesPerOutput({ trees, valueWidth, outputCount }: TreeEnsemble): number {
  return valueWidth === outputCount ? trees.length : trees.length / outputCount;
}

/** Node at which the row that begins at `offset` of `features` ends. */
export function leafOf(ensemble: TreeEnsemble, tree: Tree, features: Float32Array, offset: number): number {
  let node = 0;
  while (tree.feature[node]! >= 0)
    node = goesLeft(ensemble, tree, node, features[offset + tree.feature[node]!]!) ? tree.left[node]! : tree.right[node]!;
  return node;
}

/**
 * The test of a node: NaN as the node says; a category code when it is in the set, so that codes that training never saw, negative
 * and broken ones go right; a number when it is not above the threshold.
 */
export function goesLeft({ categorySets }: TreeEnsemble, tree: Tree, node: number, value: number): boolean {
  if (Number.isNaN(value)) return tree.missingLeft[node] === 1;
  const set = tree.categories[node]!;
  return set < 0 ? value <= tree.threshold[node]! : contains(categorySets[set]!, value);
}

function score<Scores extends Float32Array | Float64Array>(
  ensemble: TreeEnsemble,
  features: Float32Array,
  rows: number,
  scores: Scores,
  round: (value: number) => number,
): Scores {
  const { featureCount, outputCount, valueWidth, trees, baseScores, aggregate } = ensemble;
  const divisor = aggregate === 'mean' ? Math.max(1, treesPerOutput(ensemble)) : 1;
  for (let row = 0; row < rows; row++) {
    const outputs = row * outputCount;
    for (const [at, tree] of trees.entries()) {
      const leaf = leafOf(ensemble, tree, features, row * featureCount) * valueWidth;
      const first = outputs + (valueWidth === outputCount ? 0 : at % outputCount);
      for (let value = 0; value < valueWidth; value++) scores[first + value] = round(scores[first + value]! + tree.value[leaf + value]!);
    }
    for (let output = 0; output < outputCount; output++)
      scores[outputs + output] = round(round(scores[outputs + output]! / divisor) + round(baseScores[output]!));
  }
  return scores;
}

/** Whether an ascending list holds the value: halving, since sets may have thousands of codes. */
function contains(sorted: Int32Array, value: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}
