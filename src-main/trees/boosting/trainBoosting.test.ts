import { describe, expect, it } from 'vitest';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { binLike, binRows } from '../bin/binRows.ts';
import type { BoostingObjective, CustomObjective } from '../objectives/objective.ts';
import { scoreReference } from '../score/reference.ts';
import { growExactly, type ReferenceNode } from '../testing/exactGreedy.ts';
import { noisyRows, testPool } from '../testing/plainTable.ts';
import { uniform } from '../testing/randomEnsemble.ts';
import { trainBoosting, type BoostingState } from './trainBoosting.ts';

const plain = { numLeaves: 12, minDataInLeaf: 5, learningRate: 0.25, numIterations: 8 };

/** Squared loss whose gradients are multiples of 1/64, so that packing them loses nothing. */
const dyadic: CustomObjective = {
  kind: 'custom',
  name: 'squared in steps',
  outputs: 1,
  baseScores: () => [0],
  derivatives({ scores, target, rows }, _output, gradients, hessians) {
    for (let row = 0; row < rows; row++) {
      gradients[row] = Math.round(64 * (scores[row]! - target[row]!)) / 64;
      hessians[row] = 1;
    }
  },
  loss: ({ scores, target, rows }) => target.reduce((sum, each, row) => sum + (scores[row]! - each) ** 2, 0) / rows,
};

describe('boosting', () => {
  it('grows the trees that plain float64 loops over all cuts grow', async () => {
    const [rows, width] = [400, 4];
    const { data, signal } = noisyRows(rows, width, 3, 0.15);
    // Few values, so that ties and empty bins occur.
    for (let row = 0; row < rows; row++) data[row * width + 3] = Math.round(data[row * width + 3]!);
    const target = Float32Array.from(signal);
    const pool = testPool(rows, width);
    const binned = binRows({ rows, width, data }, { pool, maxBins: 40 });
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: dyadic, settings: plain });
    const scores = new Float32Array(rows);
    const [gradients, hessians] = [new Float32Array(rows), new Float32Array(rows)];
    for (const tree of ensemble.trees) {
      dyadic.derivatives({ scores, target, weights: undefined, rows, stride: rows }, 0, gradients, hessians);
      const { root, leafOf } = growExactly({ data, width, rows }, binned, { gradients, hessians }, { ...plain, lambdaL2: 0 });
      expect(inWords(tree)).toEqual(referenceWords(root));
      for (let row = 0; row < rows; row++) scores[row]! += leafOf(row).value;
    }
    expect(ensemble.trees).toHaveLength(plain.numIterations);
    expect(scoreReference(ensemble, data, rows)).toEqual(scores);
  });

  const objectives: { objective: BoostingObjective; target: (signal: number, row: number) => number }[] = [
    { objective: { kind: 'squared' }, target: (signal) => signal },
    { objective: { kind: 'absolute' }, target: (signal) => signal },
    { objective: { kind: 'huber', delta: 0.5 }, target: (signal) => signal },
    { objective: { kind: 'quantile', level: 0.8 }, target: (signal) => signal },
    { objective: { kind: 'poisson' }, target: (signal, row) => Math.floor(Math.exp(signal) * ((row * 7) % 3)) },
    { objective: { kind: 'gamma' }, target: (signal, row) => Math.exp(signal) * (0.5 + ((row * 7) % 3) / 2) },
    { objective: { kind: 'tweedie', power: 1.5 }, target: (signal, row) => Math.exp(signal) * ((row * 7) % 3) },
    { objective: { kind: 'logistic' }, target: (signal) => Number(signal > 0.8) },
    { objective: { kind: 'softmax', classes: 3 }, target: (signal) => Number(signal > 0) + Number(signal > 1) },
    { objective: { kind: 'ranking' }, target: (signal) => Math.max(0, Math.min(4, Math.floor(signal * 2))) },
  ];
  const rows = 1500;
  const width = 4;
  const { data, signal } = noisyRows(rows, width, 5, 0.1);
  const groups = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 15));

  for (const { objective, target: targetOf } of objectives) {
    const target = Float32Array.from(signal, targetOf);
    const train = async (more: object = {}): Promise<{ ensemble: TreeEnsemble; curve: number[] }> => {
      const pool = testPool(rows, width, { outputs: 3 });
      const binned = binRows({ rows, width, data }, { pool });
      const validation = { binned: binLike({ rows, width, data }, binned, pool), target, groups };
      return trainBoosting({ pool, binned, target, groups, objective, validation, settings: { numIterations: 30 }, ...more });
    };

    it(`${objective.kind}: the loss falls, and it is that of the plain scorer's scores`, async () => {
      const { ensemble, curve } = await train();
      const first = { ...ensemble, trees: [] };
      const before = plainLoss(objective, scoreReference(first, data, rows), target);
      const after = plainLoss(objective, scoreReference(ensemble, data, rows), target);
      if (before !== undefined && after !== undefined) {
        expect(after).toBeLessThan(0.9 * before + (before < 0 ? 0.2 * before : 0));
        expect(curve.at(-1)).toBeCloseTo(after, 5);
      }
      expect(curve.at(-1)).toBeLessThan(curve[0]!);
    });

    it(`${objective.kind}: going on from a kept state gives the same bits as going through`, async () => {
      const settings = { numIterations: 12, baggingFraction: 0.7, baggingFreq: 2, featureFraction: 0.8, numLeaves: 15 };
      let kept: BoostingState | undefined;
      const control = {
        onRound: ({ round, state }: { round: number; state(): BoostingState }) => {
          if (round === 5) kept = structuredClone(state.call(progressOf));
        },
      };
      let progressOf: unknown;
      const whole = await train({
        settings,
        control: {
          onRound(progress: { round: number; state(): BoostingState }) {
            progressOf = progress;
            control.onRound(progress);
          },
        },
      });
      const resumed = await train({ settings, resume: kept });
      expect(resumed).toEqual(whole);
    });
  }

  it('stops early at the best round of the validation rows', async () => {
    const target = Float32Array.from(signal, (each, row) => each + (uniform(row + 1)() - 0.5) * 3);
    const pool = testPool(rows, width);
    const half = { rows: 500, width, data: data.subarray(0, 500 * width) };
    const rest = { rows: 1000, width, data: data.subarray(500 * width) };
    const binned = binRows(half, { pool });
    const validation = { binned: binLike(rest, binned, pool), target: target.subarray(500) };
    const settings = { numIterations: 500, earlyStoppingRound: 10, learningRate: 0.3 };
    const result = await trainBoosting({
      pool,
      binned,
      target: target.subarray(0, 500),
      objective: { kind: 'squared' },
      validation,
      settings,
    });
    expect(result.ended).toBe('early');
    expect(result.curve).toHaveLength(result.bestRound + 10);
    expect(result.curve[result.bestRound - 1]).toBe(Math.min(...result.curve));
    expect(result.ensemble.trees).toHaveLength(result.bestRound);
  });

  it('counts a row of weight 2 as two rows', async () => {
    const [count, some] = [600, 3];
    const noisy = noisyRows(count, some, 9, 0.1);
    // Few values and steps of 1/8: both tables have the same cuts, and packing loses nothing in either.
    const once = noisy.data.map((value) => Math.round(value * 8) / 8);
    const target = Float32Array.from(noisy.signal, (each) => Math.round(each * 8) / 8);
    const weights = Float32Array.from(target, (_, row) => 1 + (row % 3));
    const copies = [...weights.keys()].flatMap((row) => Array.from({ length: weights[row]! }, () => row));
    const repeated = Float32Array.from(copies.flatMap((row) => [...once.subarray(row * some, (row + 1) * some)]));
    const objective: CustomObjective = { ...dyadic, derivatives: weightedDifference };
    const settings = { numIterations: 1, numLeaves: 20, minDataInLeaf: 1, minSumHessianInLeaf: 10 };
    const [pool, other] = [testPool(count, some), testPool(copies.length, some)];
    const binned = binRows({ rows: count, width: some, data: once }, { pool });
    const again = binRows({ rows: copies.length, width: some, data: repeated }, { pool: other });
    const weighted = await trainBoosting({ pool, binned, target, weights, objective, settings });
    const repeatedTarget = Float32Array.from(copies, (row) => target[row]!);
    const twice = await trainBoosting({ pool: other, binned: again, target: repeatedTarget, objective, settings });
    expect(weighted.ensemble.trees[0]!.feature.length).toBeGreaterThan(20);
    expect(weighted.ensemble).toEqual(twice.ensemble);
  });

  it('never lets a monotone feature turn round', async () => {
    const target = Float32Array.from(signal, (each, row) => each + Math.sin(3 * (data[row * width] || 0)) + (row % 5) / 5);
    const pool = testPool(rows, width);
    const binned = binRows({ rows, width, data }, { pool });
    const settings = { numIterations: 40, monotoneConstraints: [1, -1, 0, 0], minDataInLeaf: 3 };
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
    const random = uniform(4);
    for (let test = 0; test < 200; test++) {
      const base = Array.from({ length: width }, () => random() * 4 - 2);
      for (const [feature, direction] of [
        [0, 1],
        [1, -1],
      ] as const) {
        const line = Float32Array.from({ length: 40 * width }, (_, at) =>
          at % width === feature ? Math.floor(at / width) / 10 - 2 : base[at % width]!,
        );
        const scores = scoreReference(ensemble, line, 40);
        for (let at = 1; at < 40; at++) expect(direction * (scores[at]! - scores[at - 1]!)).toBeGreaterThanOrEqual(-1e-6);
      }
    }
    expect(ensemble.trees.some((tree) => tree.feature.includes(0))).toBe(true);
  });

  it('keeps the features of one path within one set of interactions', async () => {
    const target = Float32Array.from(signal);
    const pool = testPool(rows, width);
    const binned = binRows({ rows, width, data }, { pool });
    const settings = {
      numIterations: 20,
      interactionConstraints: [
        [0, 2],
        [1, 3],
      ],
    };
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
    for (const tree of ensemble.trees) {
      const walk = (node: number, path: ReadonlySet<number>): void => {
        const feature = tree.feature[node]!;
        if (feature < 0) return;
        const next = new Set([...path, feature % 2]);
        expect(next.size).toBe(1);
        walk(tree.left[node]!, next);
        walk(tree.right[node]!, next);
      };
      walk(0, new Set());
    }
  });

  it('finds the subset of categories that belongs together, and sends unknown ones right', async () => {
    const random = uniform(8);
    const count = 4000;
    const codes = Float32Array.from({ length: count }, () => (random() < 0.05 ? NaN : Math.floor(random() * 30)));
    const isHigh = (code: number): boolean => Number.isNaN(code) || [2, 3, 5, 7, 11, 13].includes(code);
    const target = codes.map((code) => (isHigh(code) ? 1 : 0) + 0.01 * random());
    const pool = testPool(count, 1);
    const binned = binRows({ rows: count, width: 1, data: codes }, { pool, categorical: Uint8Array.of(1) });
    const settings = { numIterations: 1, numLeaves: 2, learningRate: 1 };
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
    const tree = ensemble.trees[0]!;
    expect([...ensemble.categorySets[tree.categories[0]!]!]).toEqual([2, 3, 5, 7, 11, 13]);
    expect(tree.missingLeft[0]).toBe(1);
    const answers = scoreReference(ensemble, Float32Array.of(2, 4, NaN, 99, -1, 2.5), 6);
    expect([...answers].map(Math.round)).toEqual([1, 0, 1, 0, 0, 0]);
  });

  it('takes tables that have nothing to say', async () => {
    const tables: { name: string; data: Float32Array; rows: number; width: number; categorical?: Uint8Array }[] = [
      { name: 'one row', data: Float32Array.of(1, 2), rows: 1, width: 2 },
      { name: 'constant', data: new Float32Array(300).fill(7), rows: 100, width: 3 },
      { name: 'all missing', data: new Float32Array(200).fill(NaN), rows: 100, width: 2 },
      {
        name: 'infinite',
        data: Float32Array.from({ length: 200 }, (_, at) => [Infinity, -Infinity, NaN, 1][at % 4]!),
        rows: 100,
        width: 2,
      },
    ];
    for (const { data: values, rows: count, width: columns } of tables) {
      const pool = testPool(count, columns);
      const binned = binRows({ rows: count, width: columns, data: values }, { pool });
      const target = Float32Array.from({ length: count }, (_, row) => (row % 2) + 1);
      const settings = { numIterations: 3, minDataInLeaf: 2 };
      const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
      for (const score of scoreReference(ensemble, values, count)) expect(Number.isFinite(score)).toBe(true);
    }
  });

  it('splits infinities from numbers, and missing values from all', async () => {
    const values = Float32Array.from({ length: 400 }, (_, row) => [Infinity, -Infinity, NaN, (row % 7) - 3][row % 4]!);
    const target = values.map((value) => (value === Infinity ? 3 : value === -Infinity ? -3 : Number.isNaN(value) ? 7 : 0));
    const pool = testPool(400, 1);
    const binned = binRows({ rows: 400, width: 1, data: values }, { pool });
    const settings = { numIterations: 1, learningRate: 1, minDataInLeaf: 5 };
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
    const scores = scoreReference(ensemble, Float32Array.of(Infinity, -Infinity, NaN, 0), 4);
    expect([...scores].map((score) => Math.round(score * 100) / 100)).toEqual([3, -3, 7, 0]);
  });

  it('takes 100,000 categories: the frequent ones each, the others together', async () => {
    const random = uniform(2);
    const count = 120_000;
    const codes = Float32Array.from({ length: count }, (_, row) => (row % 2 ? Math.floor(random() * 100_000) : Math.floor(random() * 20)));
    const target = codes.map((code) => Number(code < 10));
    const pool = testPool(count, 1);
    const binned = binRows({ rows: count, width: 1, data: codes }, { pool, categorical: Uint8Array.of(1) });
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'logistic' }, settings: { numIterations: 5 } });
    const [known, other] = scoreReference(ensemble, Float32Array.of(3, 50_000), 2);
    expect(known).toBeGreaterThan(other! + 0.5);
    expect(Math.max(...ensemble.categorySets.map((set) => set.length))).toBeLessThanOrEqual(32);
  });

  it('samples by large gradients without losing the signal', async () => {
    const target = Float32Array.from(signal);
    const pool = testPool(rows, width);
    const binned = binRows({ rows, width, data }, { pool });
    const settings = { numIterations: 60, dataSampleStrategy: 'goss' as const };
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings });
    expect(plainLoss({ kind: 'squared' }, scoreReference(ensemble, data, rows), target)).toBeLessThan(0.1);
    expect(ensemble.trees[50]!.cover[0]).toBeLessThan(0.5 * rows * 4);
  });

  it('stops when it is asked to, with whole rounds', async () => {
    const target = Float32Array.from(signal);
    const pool = testPool(rows, width);
    const binned = binRows({ rows, width, data }, { pool });
    let asked = 0;
    const control = { shouldStop: () => ++asked > 4 };
    const result = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, control });
    expect(result.ended).toBe('stopped');
    expect(result.ensemble.trees).toHaveLength(4);
  });

  it('says which row has a target that cannot be', async () => {
    const pool = testPool(4, 1);
    const binned = binRows({ rows: 4, width: 1, data: Float32Array.of(1, 2, 3, 4) }, { pool });
    const attempt = trainBoosting({ pool, binned, target: Float32Array.of(1, 2, -1, 3), objective: { kind: 'poisson' } });
    await expect(attempt).rejects.toMatchObject({ code: 'MK_TREES_INPUT_INVALID', params: { what: expect.stringContaining('row 3') } });
  });
});

function weightedDifference(
  ...[{ scores, target, weights, rows }, , gradients, hessians]: Parameters<CustomObjective['derivatives']>
): void {
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row]! : 1;
    gradients[row] = weight * (scores[row]! - target[row]!);
    hessians[row] = weight;
  }
}

function inWords(tree: Tree, node = 0): unknown {
  if (tree.feature[node]! < 0) return tree.value[node];
  const [left, right] = [inWords(tree, tree.left[node]!), inWords(tree, tree.right[node]!)];
  return [tree.feature[node], tree.threshold[node], tree.missingLeft[node] === 1, left, right];
}

function referenceWords(node: ReferenceNode): unknown {
  if (node.feature < 0) return node.value;
  return [node.feature, node.threshold, node.missingLeft, referenceWords(node.left!), referenceWords(node.right!)];
}

/** Mean loss in float64; undefined where another test holds it. */
function plainLoss(objective: BoostingObjective, scores: Float32Array, target: Float32Array): number | undefined {
  const rows = target.length;
  const one = (score: number, y: number, row: number): number => {
    switch (objective.kind) {
      case 'squared':
        return (score - y) ** 2;
      case 'absolute':
        return Math.abs(score - y);
      case 'huber': {
        const size = Math.abs(score - y);
        return size <= objective.delta ? 0.5 * size * size : objective.delta * (size - 0.5 * objective.delta);
      }
      case 'quantile':
        return y >= score ? objective.level * (y - score) : (1 - objective.level) * (score - y);
      case 'poisson':
        return Math.exp(score) - y * score;
      case 'gamma':
        return y * Math.exp(-score) + score;
      case 'tweedie':
        return (
          Math.exp((2 - objective.power) * score) / (2 - objective.power) -
          (y * Math.exp((1 - objective.power) * score)) / (1 - objective.power)
        );
      case 'logistic':
        return Math.log1p(Math.exp(score)) - y * score;
      case 'softmax': {
        const own = scores.subarray(row * objective.classes, (row + 1) * objective.classes);
        return Math.log(own.reduce((sum, each) => sum + Math.exp(each), 0)) - own[y]!;
      }
      default:
        return NaN;
    }
  };
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += one(scores[row]!, target[row]!, row);
  return Number.isNaN(sum) ? undefined : sum / rows;
}
