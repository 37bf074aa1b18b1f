import type { Tree, TreeEnsemble } from '../../../../trees/index.ts';

/** Ensembles of one output each as one of several; those of fewer trees get trees that add nothing. */
export function joinEnsembles(parts: readonly TreeEnsemble[]): TreeEnsemble {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const rounds = Math.max(...parts.map((part) => part.trees.length));
  const categorySets: Int32Array[] = [];
  const firstSets = parts.map((part) => categorySets.push(...part.categorySets) - part.categorySets.length);
  const trees: Tree[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [at, part] of parts.entries()) {
      const tree = part.trees[round];
      trees.push(tree ? { ...tree, categories: tree.categories.map((set) => (set < 0 ? set : set + firstSets[at]!)) } : nothing());
    }
  return {
    ...first,
    outputCount: parts.length,
    baseScores: Float64Array.from(parts, (part) => part.baseScores[0]!),
    trees,
    categorySets,
  };
}

/** Scores × scale + shift: leaves and base scores in the target's own units. */
export function inUnits(ensemble: TreeEnsemble, scale: number, shift: number): TreeEnsemble {
  if (scale === 1 && shift === 0) return ensemble;
  return {
    ...ensemble,
    baseScores: ensemble.baseScores.map((score) => score * scale + shift),
    trees: ensemble.trees.map((tree) => ({ ...tree, value: tree.value.map((value) => value * scale) })),
  };
}

function nothing(): Tree {
  return {
    feature: Int32Array.of(-1),
    threshold: new Float32Array(1),
    categories: Int32Array.of(-1),
    missingLeft: new Uint8Array(1),
    left: Int32Array.of(-1),
    right: Int32Array.of(-1),
    value: new Float32Array(1),
    cover: new Float64Array(1),
    gain: new Float64Array(1),
  };
}
