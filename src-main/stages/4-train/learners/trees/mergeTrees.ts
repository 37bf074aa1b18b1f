import type { Tree, TreeEnsemble } from '../../../../trees/index.ts';
import type { FittedLearner } from '../learner.ts';
import { treesModel, treesOf, treesState, type TreesState } from './treesModel.ts';

/**
 * One ensemble that answers the mean of all: one node of the model in place of one a fit. Forests of classes give the mean of the
 * probabilities. Null where the mean of the outputs is not one of the scores (a logarithmic link).
 */
export function mergeTrees(fitted: readonly FittedLearner[]): FittedLearner | null {
  const states = fitted.map((each) => each.state() as TreesState);
  const { link, chosen } = states[0]!.json;
  if (link.kind === 'exp') return null;
  const ended = fitted.find((each) => each.ended !== 'complete')?.ended ?? 'complete';
  return treesModel(treesState(meanEnsemble(states.map(treesOf)), link, { chosen, curve: [], ended }));
}

/** Scores are the mean of those of `parts`, up to the rounding of float32. */
export function meanEnsemble(parts: readonly TreeEnsemble[]): TreeEnsemble {
  const first = parts[0]!;
  const count = parts.length;
  const allTrees = parts.reduce((sum, part) => sum + part.trees.length, 0);
  const categorySets: Int32Array[] = [];
  const trees: Tree[] = [];
  for (const part of parts) {
    const firstSet = categorySets.length;
    categorySets.push(...part.categorySets);
    // A forest that time ended early has fewer trees, and each of them says more.
    const factor = part.aggregate === 'sum' ? 1 / count : allTrees / (count * part.trees.length);
    for (const tree of part.trees)
      trees.push({
        ...tree,
        categories: tree.categories.map((set) => (set < 0 ? set : set + firstSet)),
        value: tree.value.map((value) => value * factor),
      });
  }
  const baseScores = first.baseScores.map((_, output) => parts.reduce((sum, part) => sum + part.baseScores[output]!, 0) / count);
  return { ...first, baseScores, trees, categorySets };
}
