// The values of a grid search as people write them: `0.03, 0.1`.
import type { Learner, SearchPlan } from '../../src-shared/domain/training.ts';

type Value = number | string | boolean;

/** Values to begin with. A learner that is not here has nothing worth a grid. */
export const usualGrid: Partial<Record<Learner, Record<string, readonly Value[]>>> = {
  linear: { l1Ratio: [0, 0.5, 1] },
  bayes: { alpha: [0.1, 1, 10] },
  nearest: { k: [5, 15, 45], weighting: ['uniform', 'distance'] },
  rules: { rules: [6, 12, 24], length: [2, 3] },
  boosting: { learningRate: [0.03, 0.1], numLeaves: [7, 31, 63], lambdaL2: [1, 10] },
  forest: { maxFeatures: [0.3, 0.6], minSamplesLeaf: [1, 5] },
  extraTrees: { maxFeatures: [0.5, 1], minSamplesLeaf: [1, 5] },
  mlp: { learningRate: [0.001, 0.003], dropout: [0, 0.2] },
};

/** Text of one setting, as it is edited. */
export function gridText(values: readonly Value[]): string {
  return values.join(', ');
}

/** Values between commas, also Chinese ones; each once. */
export function readGrid(text: string): Value[] {
  const words = text.split(/[,，、;\n]/).map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== '').map(valueOf))];
}

/** What is searched: of the chosen learners, settings that have a value. */
export function gridOf(learners: readonly Learner[], texts: Readonly<Record<string, string>>): NonNullable<SearchPlan['grid']> {
  const grid: NonNullable<SearchPlan['grid']> = {};
  for (const learner of learners) {
    const settings = Object.keys(usualGrid[learner] ?? {}).map((name): [string, Value[]] => [
      name,
      readGrid(texts[gridKey(learner, name)] ?? ''),
    ]);
    const some = settings.filter(([, values]) => values.length > 0);
    if (some.length > 0) grid[learner] = Object.fromEntries(some);
  }
  return grid;
}

export function gridKey(learner: Learner, setting: string): string {
  return `${learner} ${setting}`;
}

/** Texts to begin with, by `gridKey`. */
export function usualTexts(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(usualGrid).flatMap(([learner, settings]) =>
      Object.entries(settings).map(([name, values]) => [gridKey(learner as Learner, name), gridText(values)]),
    ),
  );
}

/** Candidates that a grid makes: every combination of each learner, and one of a learner without values. */
export function gridSize(learners: readonly Learner[], grid: NonNullable<SearchPlan['grid']>): number {
  return learners.reduce(
    (sum, learner) => sum + Object.values(grid[learner] ?? {}).reduce((product, values) => product * values.length, 1),
    0,
  );
}

function valueOf(word: string): Value {
  if (word === 'true' || word === 'false') return word === 'true';
  return Number.isFinite(Number(word)) ? Number(word) : word;
}
