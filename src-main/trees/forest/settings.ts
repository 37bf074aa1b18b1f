import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';

/** Names and defaults are scikit-learn's (RandomForestClassifier, ExtraTreesClassifier), in camelCase. */
export interface ForestSettings {
  nEstimators: number;
  /** Features tried at a node: a share of all, at least one. √width / width for classes and 1 for numbers are scikit-learn's. */
  maxFeatures: number;
  /** Rows of the tree, a row drawn twice counted once. 1. */
  minSamplesLeaf: number;
  /** ≤ 0: no limit. */
  maxDepth: number;
  /** Each tree on as many rows as there are, drawn with replacement; otherwise on all. */
  bootstrap: boolean;
  /** One random threshold a feature instead of the best: extra trees. */
  randomThresholds: boolean;
}

export const forestDefaults: ForestSettings = {
  nEstimators: 100,
  maxFeatures: 1,
  minSamplesLeaf: 1,
  maxDepth: -1,
  bootstrap: true,
  randomThresholds: false,
};

export function completeForest(given: Partial<ForestSettings>): ForestSettings {
  const settings = { ...forestDefaults, ...given };
  const refuse = (name: keyof ForestSettings, allowed: string): ModelkeepError =>
    new ModelkeepError('MK_TREES_INPUT_INVALID', { what: `${name} is ${String(settings[name])}; ${allowed} is possible` });
  if (!(settings.nEstimators >= 1)) throw refuse('nEstimators', '1 or more');
  if (!(settings.maxFeatures > 0 && settings.maxFeatures <= 1)) throw refuse('maxFeatures', 'a share up to 1');
  if (!(settings.minSamplesLeaf >= 1)) throw refuse('minSamplesLeaf', '1 or more');
  return settings;
}
