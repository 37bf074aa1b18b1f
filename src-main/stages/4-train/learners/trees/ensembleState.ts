import type { Tree, TreeEnsemble } from '../../../../trees/index.ts';
import type { LearnerState } from '../learner.ts';

export interface EnsembleJson {
  featureCount: number;
  outputCount: number;
  valueWidth: number;
  aggregate: TreeEnsemble['aggregate'];
}

type Arrays = LearnerState['arrays'];
const nodeArrays = ['feature', 'threshold', 'categories', 'missingLeft', 'left', 'right', 'value', 'cover', 'gain'] as const;

/** An ensemble as a few long arrays: the nodes of all trees one after another. */
export function ensembleArrays(ensemble: TreeEnsemble): { json: EnsembleJson; arrays: Arrays } {
  const { featureCount, outputCount, valueWidth, aggregate, trees, categorySets } = ensemble;
  const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const arrays: Arrays = {
    sizes: Int32Array.from(trees, (tree) => tree.feature.length),
    setSizes: Int32Array.from(categorySets, (set) => set.length),
    sets: Int32Array.from(categorySets.flatMap((set) => [...set])),
    baseScores: ensemble.baseScores,
    categorical: ensemble.categorical,
    feature: new Int32Array(nodes),
    threshold: new Float32Array(nodes),
    categories: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    value: new Float32Array(nodes * valueWidth),
    cover: new Float64Array(nodes),
    gain: new Float64Array(nodes),
  };
  let first = 0;
  for (const tree of trees) {
    for (const name of nodeArrays) arrays[name]!.set(tree[name], first * (name === 'value' ? valueWidth : 1));
    first += tree.feature.length;
  }
  return { json: { featureCount, outputCount, valueWidth, aggregate }, arrays };
}

/** What `ensembleArrays` took apart. */
export function ensembleOf({ featureCount, outputCount, valueWidth, aggregate }: EnsembleJson, arrays: Arrays): TreeEnsemble {
  let first = 0;
  const trees = Array.from(arrays['sizes']!, (size): Tree => {
    const part = (name: (typeof nodeArrays)[number]): unknown => {
      const width = name === 'value' ? valueWidth : 1;
      return arrays[name]!.slice(first * width, (first + size) * width);
    };
    const tree = Object.fromEntries(nodeArrays.map((name) => [name, part(name)])) as unknown as Tree;
    first += size;
    return tree;
  });
  let start = 0;
  const categorySets = Array.from(arrays['setSizes']!, (size) => (arrays['sets'] as Int32Array).slice(start, (start += size)));
  return {
    featureCount,
    outputCount,
    valueWidth,
    aggregate,
    baseScores: arrays['baseScores'] as Float64Array,
    categorical: arrays['categorical'] as Uint8Array,
    trees,
    categorySets,
  };
}
