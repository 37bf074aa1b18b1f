import {
  binLike,
  binRows,
  trainBoosting,
  treeBytes,
  TreePool,
  type BinnedMatrix,
  type BoostingProgress,
  type BoostingSettings,
  type TreeEnsemble,
} from '../../../../trees/index.ts';
import type { CurvePoint } from '../../../../../src-shared/domain/training.ts';
import { Breather } from '../Breather.ts';
import type { FitControl, FitData, FittedLearner, LabelledMatrix, Learner, Settings } from '../learner.ts';
import { ensembleArrays, ensembleOf, type EnsembleJson } from '../trees/ensembleState.ts';
import { mergeTrees } from '../trees/mergeTrees.ts';
import { treesModel, treesState, type TreesState } from '../trees/treesModel.ts';
import { usefulThreads } from '../trees/usefulThreads.ts';
import { boostingTask, type BoostingPart } from './boostingTask.ts';
import { inUnits, joinEnsembles } from './joinEnsembles.ts';

/** LightGBM's names; `rounds`: at most, or exactly where there are no validation rows to stop by. */
export interface BoostingLearnerSettings extends Settings {
  rounds: number;
  learningRate: number;
  numLeaves: number;
  minDataInLeaf: number;
  featureFraction: number;
  baggingFraction: number;
  lambdaL1: number;
  lambdaL2: number;
}

interface Trained {
  ensemble: TreeEnsemble;
  rounds: number;
}

const mostRounds = 3000;
/** Rounds that are never better before it ends: at a small rate steps are small too. */
const patience = (learningRate: number): number => Math.round(Math.min(200, Math.max(20, 4 / learningRate)));
const pointMs = 200;
const stateMs = 5000;

/** Gradient-boosted trees of our own, see trees/README.md. Numbers are learned standardised; several labels or levels one after another. */
export const boostingLearner: Learner<BoostingLearnerSettings> = {
  name: 'boosting',
  view: 'codes',
  supports: () => true,
  // Repeated rows meet in other samples, and count for the least rows of a leaf.
  weightsAreRepeats: false,
  portfolio({ rows }) {
    const minDataInLeaf = Math.max(2, Math.min(20, Math.round(rows / 50)));
    // A few hundred rows hold no more than trees of a few leaves.
    const numLeaves = Math.max(6, Math.min(31, Math.round(rows / 50)));
    const plain = { rounds: mostRounds, learningRate: 0.05, numLeaves, minDataInLeaf, featureFraction: 0.8, baggingFraction: 0.8 };
    return [
      { ...plain, lambdaL1: 0, lambdaL2: 1 },
      { ...plain, learningRate: 0.03, numLeaves: 4 * numLeaves, minDataInLeaf: Math.ceil(minDataInLeaf / 2), lambdaL1: 0, lambdaL2: 5 },
      { ...plain, numLeaves: 4, lambdaL1: 0, lambdaL2: 0.1 },
    ];
  },
  space: ({ rows }) => [
    { name: 'numLeaves', kind: 'integer', low: 4, high: Math.max(8, Math.min(255, Math.floor(rows / 10))), log: true },
    { name: 'learningRate', kind: 'log', low: 0.01, high: 0.3 },
    { name: 'minDataInLeaf', kind: 'integer', low: 2, high: Math.max(4, Math.min(200, Math.floor(rows / 20))), log: true },
    { name: 'featureFraction', kind: 'linear', low: 0.4, high: 1 },
    { name: 'baggingFraction', kind: 'linear', low: 0.5, high: 1 },
    { name: 'lambdaL1', kind: 'log', low: 1e-4, high: 10 },
    { name: 'lambdaL2', kind: 'log', low: 1e-3, high: 100 },
  ],
  fit,
  restore: (state) => treesModel(state as TreesState),
  merge: mergeTrees,
};

async function fit(data: FitData, settings: BoostingLearnerSettings, control: FitControl): Promise<FittedLearner> {
  const { task, columns, train, validation } = data;
  const { link, parts } = boostingTask(task, train);
  const { rows, width } = train.features;
  const outputs = task.kind === 'class' && task.classes > 2 ? task.classes : 1;
  const threads = usefulThreads(control.threads, rows * width);
  const facts = { rows, width, outputs, weighted: train.weights !== undefined, validationRows: validation?.features.rows ?? 0 };
  const pool = new TreePool(treeBytes({ ...facts, numLeaves: settings.numLeaves, threads: 1 + (threads?.count ?? 0) }), threads);
  try {
    const categorical = Uint8Array.from(columns, (column) => Number(column.kind === 'category'));
    const binned = binRows(train.features, { pool, categorical, seed: control.seed });
    const judged = validation && binLike(validation.features, binned, pool);
    const breather = new Breather(control);
    const curve: CurvePoint[] = [];
    const trained: Trained[] = [];
    for (const part of parts) {
      const only = parts.length === 1;
      trained.push(await trainPart(part, { pool, binned, judged, train, validation, settings, control, breather, curve, only }));
    }
    const ensemble = joinEnsembles(trained.map(({ ensemble: each }, at) => inUnits(each, parts[at]!.scale, parts[at]!.shift)));
    const chosen = { ...settings, rounds: Math.max(...trained.map((each) => each.rounds)) };
    return treesModel(treesState(ensemble, link, { chosen, curve, ended: breather.ended }));
  } finally {
    pool.end();
  }
}

interface PartInput {
  pool: TreePool;
  binned: BinnedMatrix;
  judged: BinnedMatrix | undefined;
  train: LabelledMatrix;
  validation: LabelledMatrix | undefined;
  settings: BoostingLearnerSettings;
  control: FitControl;
  breather: Breather;
  curve: CurvePoint[];
  /** One of one: it can be gone on with. */
  only: boolean;
}

async function trainPart(part: BoostingPart, input: PartInput): Promise<Trained> {
  const { pool, binned, judged, train, validation, settings, control, breather, curve, only } = input;
  const startedMs = control.nowMs();
  let pointedMs = startedMs;
  let keptMs = startedMs;
  const point = ({ round, validationLoss }: BoostingProgress, loss: number): void => {
    const made = {
      step: round,
      epoch: round,
      trainLoss: loss,
      validationLoss: validationLoss ?? null,
      elapsedMs: Math.round(control.nowMs() - startedMs),
      memoryBytes: control.memoryBytes?.() ?? null,
    };
    curve.push(made);
    control.onPoint(made);
  };
  const labelled = (
    rows: LabelledMatrix,
    bins: BinnedMatrix,
  ): { binned: BinnedMatrix; target: Float32Array; weights: Float32Array | undefined; groups: Int32Array | undefined } => ({
    binned: bins,
    target: part.target(rows),
    weights: rows.weights,
    groups: part.groups(rows),
  });
  const resume = only ? control.resume : undefined;
  const result = await trainBoosting({
    pool,
    ...labelled(train, binned),
    ...(validation && judged ? { validation: labelled(validation, judged) } : {}),
    objective: part.objective,
    settings: engineSettings(settings),
    seed: control.seed,
    ...(resume ? { resume: stateOf(resume) } : {}),
    control: {
      shouldStop: () => breather.isOverNow(),
      pause: () => breathe(breather),
      async onRound(progress) {
        const now = control.nowMs();
        if (progress.round > 1 && now - pointedMs < pointMs) return;
        point(progress, progress.trainLoss());
        pointedMs = control.nowMs();
        if (!only || !control.onState || now - keptMs < stateMs) return;
        keptMs = now;
        await control.onState(() => {
          const { ensemble, curve: losses, bestRound } = progress.state();
          const { json, arrays } = ensembleArrays(ensemble);
          return { json: { ensemble: json, losses, bestRound }, arrays };
        });
      },
    },
  });
  return { ensemble: result.ensemble, rounds: result.bestRound };
}

/** Awaits only when it takes something: rounds of small tables are shorter than a turn of the event loop. */
function breathe(breather: Breather): Promise<void> | undefined {
  return breather.isDue() ? breather.isOver().then(() => undefined) : undefined;
}

function engineSettings(settings: BoostingLearnerSettings): Partial<BoostingSettings> {
  const { rounds, learningRate, baggingFraction, ...rest } = settings;
  return {
    ...rest,
    numIterations: rounds,
    learningRate,
    baggingFraction,
    baggingFreq: baggingFraction < 1 ? 1 : 0,
    earlyStoppingRound: patience(learningRate),
  };
}

function stateOf({ json, arrays }: { json: unknown; arrays: Parameters<typeof ensembleOf>[1] }): {
  ensemble: TreeEnsemble;
  curve: number[];
  bestRound: number;
} {
  const { ensemble, losses, bestRound } = json as { ensemble: EnsembleJson; losses: number[]; bestRound: number };
  return { ensemble: ensembleOf(ensemble, arrays), curve: losses, bestRound };
}
