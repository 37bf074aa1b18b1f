import {
  binRows,
  forestBytes,
  trainForest,
  treeBytes,
  TreePool,
  type ForestSettings,
  type ForestTarget,
  type Link,
  type TreeEnsemble,
} from '../../../../trees/index.ts';
import { Breather } from '../Breather.ts';
import type { FitControl, FitData, FittedLearner, LabelledMatrix, Learner, LearnerTask, Settings } from '../learner.ts';
import { mergeTrees } from '../trees/mergeTrees.ts';
import { treesModel, treesState, type TreesState } from '../trees/treesModel.ts';
import { usefulThreads } from '../trees/usefulThreads.ts';

/** scikit-learn's names. `maxFeatures`: share of the features that a node tries. */
export interface ForestLearnerSettings extends Settings {
  nEstimators: number;
  maxFeatures: number;
  minSamplesLeaf: number;
}

const treeCount = 300;
/** More leaves than this a tree make a model of gigabytes that is hardly better. */
const mostLeaves = 5000;

/** Random forest (Breiman 2001): the best threshold of a few features, each tree on rows drawn with replacement. */
export const forestLearner = forestOf('forest', { bootstrap: true, randomThresholds: false });

/** Extra trees (Geurts et al. 2006): the best of one random threshold a feature, each tree on all rows. */
export const extraTreesLearner = forestOf('extraTrees', { bootstrap: false, randomThresholds: true });

function forestOf(
  name: 'forest' | 'extraTrees',
  kind: Pick<ForestSettings, 'bootstrap' | 'randomThresholds'>,
): Learner<ForestLearnerSettings> {
  return {
    name,
    view: 'codes',
    supports: (task) =>
      task.kind === 'class' || task.kind === 'number'
        ? task.kind === 'class' || task.objective.kind === 'squared'
        : task.kind === 'ranking',
    // Repeated rows are drawn one by one.
    weightsAreRepeats: false,
    portfolio({ task, rows, width }) {
      const least = Math.max(1, Math.ceil(rows / mostLeaves));
      const plain = { nEstimators: treeCount, minSamplesLeaf: least };
      const few = Math.min(1, Math.sqrt(width) / width);
      if (task.kind === 'class')
        return [
          { ...plain, maxFeatures: few },
          { ...plain, maxFeatures: Math.min(1, 2 * few), minSamplesLeaf: Math.max(2, least) },
        ];
      return [
        { ...plain, maxFeatures: Math.max(few, 0.5), minSamplesLeaf: Math.max(2, least) },
        { ...plain, maxFeatures: 1, minSamplesLeaf: Math.max(2, least) },
      ];
    },
    space: ({ rows }) => [
      { name: 'maxFeatures', kind: 'linear', low: 0.1, high: 1 },
      {
        name: 'minSamplesLeaf',
        kind: 'integer',
        low: Math.max(1, Math.ceil(rows / mostLeaves)),
        high: Math.max(8, Math.ceil(rows / 100)),
        log: true,
      },
    ],
    fit: (data, settings, control) => fit(data, { ...settings, ...kind }, settings, control),
    restore: (state) => treesModel(state as TreesState),
    merge: mergeTrees,
  };
}

async function fit(
  data: FitData,
  engine: ForestSettings | Partial<ForestSettings>,
  settings: ForestLearnerSettings,
  control: FitControl,
): Promise<FittedLearner> {
  const { task, columns, train } = data;
  const { rows, width } = train.features;
  const { target, link, scale, shift } = forestTarget(task, train);
  const threads = usefulThreads(control.threads, rows * width * 4);
  const count = 1 + (threads?.count ?? 0);
  const binning = treeBytes({ rows, width, outputs: 1, weighted: false, validationRows: 0, numLeaves: 2, threads: count });
  const pool = new TreePool(binning + forestBytes({ rows, width, threads: count }, target, engine), threads);
  try {
    const categorical = Uint8Array.from(columns, (column) => Number(column.kind === 'category'));
    const binned = binRows(train.features, { pool, categorical, seed: control.seed });
    const breather = new Breather(control);
    const { ensemble } = await trainForest({
      pool,
      binned,
      target,
      settings: engine,
      seed: control.seed,
      control: {
        shouldStop: () => breather.isOverNow(),
        pause: () => (breather.isDue() ? breather.isOver().then(() => undefined) : undefined),
      },
    });
    const chosen = { ...settings, nEstimators: ensemble.trees.length };
    return treesModel(treesState(inUnits(ensemble, scale, shift), link, { chosen, curve: [], ended: breather.ended }));
  } finally {
    pool.end();
  }
}

/** Two classes are the number 0 or 1: squared error is then Gini's impurity. Numbers are learned standardised, float32 keeps 7 digits. */
function forestTarget(
  task: LearnerTask,
  { target, weights }: LabelledMatrix,
): { target: ForestTarget; link: Link; scale: number; shift: number } {
  const plain = { scale: 1, shift: 0 };
  if (target.kind === 'class') {
    const { codes, classes } = target;
    if (classes === 2)
      return { ...plain, link: { kind: 'probabilities' }, target: { kind: 'values', outputs: 1, rows: Float32Array.from(codes), weights } };
    return {
      ...plain,
      link: { kind: 'probabilities' },
      target: { kind: 'class', outputs: classes, rows: Uint32Array.from(codes), weights },
    };
  }
  if (target.kind !== 'number') throw new Error(`A forest does not take the task ${task.kind}.`);
  const { values } = target;
  const shift = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - shift) ** 2, 0) / values.length) || 1;
  const standardised = Float32Array.from(values, (value) => (value - shift) / scale);
  return { link: { kind: 'identity' }, scale, shift, target: { kind: 'values', outputs: 1, rows: standardised, weights } };
}

function inUnits(ensemble: TreeEnsemble, scale: number, shift: number): TreeEnsemble {
  if (scale === 1 && shift === 0) return ensemble;
  const trees = ensemble.trees.map((tree) => ({ ...tree, value: tree.value.map((value) => value * scale) }));
  return { ...ensemble, trees, baseScores: ensemble.baseScores.map((score) => score + shift) };
}
