// Our boosting against LightGBM's with the same settings on the same bins: the same first tree, nearly the same scores after many.
import { join } from 'node:path';
import { binRows, trainBoosting, TreeScorer, type BoostingObjective, type BoostingSettings } from '../../src-main/trees/index.ts';
import { leafOf } from '../../src-main/trees/score/reference.ts';
import { testPool } from '../../src-main/trees/testing/plainTable.ts';
import { uniform } from '../../src-main/trees/testing/randomEnsemble.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { treeRequirements } from './treePython.ts';

/**
 * Mean |difference| of scores over their standard deviation. Our gradients are rounded to 15 bits: of two splits that gain the same
 * to five digits one or the other is taken, and after that trees differ.
 */
const limit = 1e-3;
/** Where trees cannot be the same: our mean |score − target| over LightGBM's. */
const looseLimit = 1.01;
const rounds = 20;
const rows = 3000;

interface Case {
  name: string;
  objective: BoostingObjective;
  parameters: Record<string, unknown>;
  settings?: Partial<BoostingSettings>;
  weighted?: boolean;
  /** Categories of the last column; 0: a number. */
  levels?: number;
  /**
   * Why trees differ: signs have many equal gains, of which LightGBM takes the highest threshold and we the lowest; and LightGBM
   * judges a bounded leaf by the output it would have without bounds.
   */
  loose?: 'equal gains' | 'bounds';
  target(signal: number, noise: number): number;
}

/** By hessians: LightGBM rounds the rows of each bin, we those of a side. */
const least = { parameters: { min_data_in_leaf: 1, min_sum_hessian_in_leaf: 10 }, settings: { minDataInLeaf: 1, minSumHessianInLeaf: 10 } };

const cases: Case[] = [
  { name: 'squared', objective: { kind: 'squared' }, parameters: { objective: 'regression' }, target: (signal) => signal },
  {
    name: 'logistic',
    objective: { kind: 'logistic' },
    parameters: { objective: 'binary', ...least.parameters },
    settings: least.settings,
    target: (signal) => Number(signal > 0.8),
  },
  {
    name: 'absolute',
    objective: { kind: 'absolute' },
    parameters: { objective: 'regression_l1' },
    loose: 'equal gains',
    target: (signal) => signal,
  },
  { name: 'huber', objective: { kind: 'huber', delta: 0.5 }, parameters: { objective: 'huber', alpha: 0.5 }, target: (signal) => signal },
  {
    name: 'poisson',
    objective: { kind: 'poisson' },
    parameters: { objective: 'poisson' },
    target: (signal, noise) => Math.floor(Math.exp(signal) * 2 * noise),
  },
  {
    name: 'gamma',
    objective: { kind: 'gamma' },
    parameters: { objective: 'gamma' },
    target: (signal, noise) => Math.exp(signal) * (0.2 + noise),
  },
  {
    name: 'tweedie',
    objective: { kind: 'tweedie', power: 1.5 },
    parameters: { objective: 'tweedie', tweedie_variance_power: 1.5 },
    target: (signal, noise) => (noise < 0.3 ? 0 : Math.exp(signal) * noise),
  },
  {
    name: '3 classes',
    objective: { kind: 'softmax', classes: 3 },
    parameters: { objective: 'multiclass', num_class: 3, ...least.parameters },
    settings: least.settings,
    target: (signal) => Number(signal > 0) + Number(signal > 1),
  },
  {
    name: 'weights',
    objective: { kind: 'logistic' },
    parameters: { objective: 'binary', ...least.parameters },
    settings: least.settings,
    weighted: true,
    target: (signal) => Number(signal > 0.8),
  },
  {
    name: 'subsets of 30 categories',
    objective: { kind: 'squared' },
    parameters: { objective: 'regression', min_data_per_group: 50 },
    settings: { minDataPerGroup: 50 },
    levels: 30,
    target: (signal) => signal,
  },
  {
    name: '3 categories, one against the others',
    objective: { kind: 'squared' },
    parameters: { objective: 'regression' },
    levels: 3,
    target: (signal) => signal,
  },
  {
    name: 'monotone',
    objective: { kind: 'squared' },
    parameters: { objective: 'regression', monotone_constraints: [1, -1, 0, 0] },
    settings: { monotoneConstraints: [1, -1, 0, 0] },
    loose: 'bounds',
    target: (signal) => signal,
  },
  {
    name: 'L1 and L2',
    objective: { kind: 'squared' },
    parameters: { objective: 'regression', lambda_l1: 3, lambda_l2: 5 },
    settings: { lambdaL1: 3, lambdaL2: 5 },
    target: (signal) => signal,
  },
];

export const peer: Peer = { name: 'gbdt', about: 'first trees and scores of our boosting against LightGBM', run };

async function run(): Promise<PeerResult> {
  const python = await preparePython(treeRequirements);
  const tables = cases.map(tableOf);
  const lines = cases.map(({ parameters, levels }, at) => {
    const { data, target, weights } = tables[at]!;
    const features = Array.from({ length: rows }, (_, row) =>
      Array.from(data.subarray(row * 4, row * 4 + 4), (cell) => (Number.isNaN(cell) ? null : cell)),
    );
    const common = { num_leaves: 15, learning_rate: 0.1, min_data_in_leaf: 20 };
    const shared = { features, target: [...target], weights: weights ? [...weights] : null, rounds };
    return { ...shared, categorical: levels ? [3] : [], parameters: { ...common, ...parameters } };
  });
  const [greeting, ...answers] = (await jsonLines(python, [join(import.meta.dirname, 'gbdt.py')], lines)) as [
    { version: string },
    ...{ scores: number[][]; first: number[] }[],
  ];
  const notes: string[] = [];
  let failed = 0;
  for (const [at, each] of cases.entries()) {
    const { data, target, weights } = tables[at]!;
    const pool = testPool(rows, 4, { outputs: 3 });
    const categorical = Uint8Array.of(0, 0, 0, Number((each.levels ?? 0) > 0));
    const binned = binRows({ rows, width: 4, data }, { pool, categorical });
    const settings = { numLeaves: 15, numIterations: rounds, ...each.settings };
    const { ensemble } = await trainBoosting({ pool, binned, target, weights, objective: each.objective, settings });
    const scores = new TreeScorer(ensemble).score(data, rows);
    const theirs = answers[at]!.scores.flat();
    const leaves = Array.from({ length: rows }, (_, row) => leafOf(ensemble, ensemble.trees[0]!, data, row * 4));
    const sameTree = pairs(leaves, answers[at]!.first);
    const apart = difference(scores, theirs);
    const error = farOff(scores, target) / farOff(theirs, target);
    const passed = each.loose ? error <= looseLimit : sameTree && apart <= limit;
    if (!passed) failed++;
    const found = each.loose
      ? `other trees (${each.loose}), error ${error.toFixed(4)} of LightGBM's`
      : `first tree ${sameTree ? 'the same' : 'another'}, scores ${apart.toExponential(1)} of their spread apart`;
    notes.push(`${passed ? '' : 'FAILED '}${each.name}: ${found}`);
  }
  return { name: peer.name, peer: `LightGBM ${greeting.version}`, passed: cases.length - failed, failed, skipped: 0, notes };
}

/** Three numbers of 100 values, one in ten missing, and a last column: a number or categories. */
function tableOf(
  { target: targetOf, weighted, levels = 0 }: Case,
  seed: number,
): { data: Float32Array; target: Float32Array; weights: Float32Array | undefined } {
  const random = uniform(seed + 31);
  const data = new Float32Array(rows * 4);
  const target = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const cells = [0, 1, 2].map(() => (random() < 0.1 ? NaN : Math.round(random() * 100) / 25 - 2));
    const last = levels ? Math.floor(random() * levels) : Math.round(random() * 50) / 10;
    data.set([...cells, last], row * 4);
    const [a, b, c] = cells.map((cell) => (Number.isNaN(cell) ? 0.5 : cell)) as [number, number, number];
    const signal =
      Math.sin(2 * a) + 0.5 * b * b + Number(c > 0.3) * 0.7 + (levels ? ((last * 7) % 5) / 3 : 0.1 * last) - 0.8 + 0.5 * (random() - 0.5);
    target[row] = targetOf(signal, random());
  }
  return { data, target, weights: weighted ? Float32Array.from(target, () => 0.5 + random()) : undefined };
}

/** Whether two numberings of the rows' leaves name the same sets of rows. */
function pairs(ours: readonly number[], theirs: readonly number[]): boolean {
  const [there, back] = [new Map<number, number>(), new Map<number, number>()];
  return ours.every((leaf, row) => {
    const other = theirs[row]!;
    if (!there.has(leaf) && !back.has(other)) {
      there.set(leaf, other);
      back.set(other, leaf);
    }
    return there.get(leaf) === other && back.get(other) === leaf;
  });
}

function difference(ours: ArrayLike<number>, theirs: readonly number[]): number {
  const mean = theirs.reduce((sum, each) => sum + each, 0) / theirs.length;
  const spread = Math.sqrt(theirs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / theirs.length);
  return theirs.reduce((sum, each, at) => sum + Math.abs(each - ours[at]!), 0) / theirs.length / spread;
}

function farOff(scores: ArrayLike<number>, target: Float32Array): number {
  return target.reduce((sum, each, at) => sum + Math.abs(scores[at]! - each), 0);
}
