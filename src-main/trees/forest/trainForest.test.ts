import { describe, expect, it } from 'vitest';
import { binRows } from '../bin/binRows.ts';
import { scoreReference } from '../score/reference.ts';
import { noisyRows } from '../testing/plainTable.ts';
import { uniform } from '../testing/randomEnsemble.ts';
import { TreePool } from '../TreePool.ts';
import { treeBytes } from '../treeBytes.ts';
import type { ForestTarget } from './ForestMemory.ts';
import type { ForestSettings } from './settings.ts';
import { forestBytes, trainForest, type TrainedForest } from './trainForest.ts';

const [rows, width] = [1200, 4];
const { data, signal } = noisyRows(rows, width, 5, 0.1);
for (let row = 0; row < rows; row++) data[row * width + 3] = row % 9;
const categorical = Uint8Array.of(0, 0, 0, 1);
const numbers: ForestTarget = { kind: 'values', outputs: 1, rows: Float32Array.from(signal), weights: undefined };
const classes: ForestTarget = {
  kind: 'class',
  outputs: 3,
  weights: undefined,
  rows: Uint32Array.from(signal, (value) => Number(value > 0) + Number(value > 1)),
};

function grow(target: ForestTarget, settings: Partial<ForestSettings>, table = data, count = rows): Promise<TrainedForest> {
  const facts = { rows: count, width, outputs: 1, weighted: false, validationRows: 0, numLeaves: 2, threads: 1 };
  const pool = new TreePool(treeBytes(facts) + forestBytes(facts, target, settings));
  const binned = binRows({ rows: count, width, data: table }, { pool, categorical });
  return trainForest({ pool, binned, target, settings, seed: 3 });
}

describe('forests', () => {
  it('one whole tree of all features knows every row that differs from the others', async () => {
    const { ensemble } = await grow(numbers, { nEstimators: 1, bootstrap: false });
    const scores = scoreReference(ensemble, data, rows);
    const error = scores.reduce((sum, score, row) => sum + (score - signal[row]!) ** 2, 0) / rows;
    // Bins hold 5 neighbours; rows apart in one of four features are told apart.
    expect(error).toBeLessThan(1e-4);
  });

  it('the first split is the one that plain loops over all features find', async () => {
    const { ensemble } = await grow(numbers, { nEstimators: 1, bootstrap: false, maxDepth: 1 });
    const tree = ensemble.trees[0]!;
    const [left, right] = [tree.left[0]!, tree.right[0]!];
    const total = (list: readonly number[]): number => list.reduce((sum, row) => sum + signal[row]!, 0);
    const score = (sides: readonly (readonly number[])[]): number =>
      sides.reduce((sum, side) => sum + (side.length ? total(side) ** 2 / side.length : 0), 0);
    let best = 0;
    const all = Array.from({ length: rows }, (_, row) => row);
    for (let feature = 0; feature < 3; feature++)
      for (const cut of new Set(all.map((row) => data[row * width + feature]!)))
        for (const missingLeft of [true, false]) {
          const goes = (row: number): boolean =>
            Number.isNaN(data[row * width + feature]) ? missingLeft : data[row * width + feature]! <= cut;
          best = Math.max(best, score([all.filter(goes), all.filter((row) => !goes(row))]));
        }
    const found = score([all.filter((row) => leafSide(row) === left), all.filter((row) => leafSide(row) === right)]);
    function leafSide(row: number): number {
      const value = data[row * width + tree.feature[0]!]!;
      return (Number.isNaN(value) ? tree.missingLeft[0] === 1 : value <= tree.threshold[0]!) ? left : right;
    }
    // Cuts stand between bins of 5 rows: nearly the best of all.
    expect(found).toBeGreaterThan(best * 0.995);
    expect(tree.gain[0]).toBeCloseTo(found - score([all]), 1);
  });

  for (const randomThresholds of [false, true])
    it(`leaves are shares of the classes${randomThresholds ? ', random thresholds' : ''}, and rows out of the bag are judged`, async () => {
      const { ensemble, outOfBag } = await grow(classes, { nEstimators: 60, maxFeatures: 0.5, randomThresholds, minSamplesLeaf: 2 });
      const scores = scoreReference(ensemble, data, rows);
      let hits = 0;
      for (let row = 0; row < rows; row++) {
        const own = scores.subarray(row * 3, row * 3 + 3);
        expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        const judged = [0, 1, 2].map((at) => outOfBag![row * 3 + at]!);
        expect(judged.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        hits += Number(judged.indexOf(Math.max(...judged)) === classes.rows[row]);
      }
      expect(hits / rows).toBeGreaterThan(0.8);
      expect(hits / rows).toBeLessThan(1);
    });

  it('takes several numbers a row at once', async () => {
    const both = Float32Array.from({ length: 2 * rows }, (_, at) => (at % 2 ? -1 : 1) * signal[at >> 1]!);
    const { ensemble } = await grow({ kind: 'values', outputs: 2, rows: both, weights: undefined }, { nEstimators: 5 });
    const scores = scoreReference(ensemble, data, rows);
    for (let row = 0; row < rows; row++) expect(scores[2 * row]! + scores[2 * row + 1]!).toBeCloseTo(0, 4);
  });

  it('counts a row of weight 2 as two rows', async () => {
    const weights = Float32Array.from({ length: rows }, (_, row) => 1 + (row % 3));
    const copies = Array.from({ length: rows }, (_, row) => row).flatMap((row) => Array.from({ length: weights[row]! }, () => row));
    // Few values: both tables have the same cuts.
    const coarse = data.map((value) => Math.round(value * 4) / 4);
    const steps = Float32Array.from(signal, (value) => Math.round(value * 8) / 8);
    const repeated = Float32Array.from(copies.flatMap((row) => [...coarse.subarray(row * width, (row + 1) * width)]));
    const settings = { nEstimators: 1, bootstrap: false, maxDepth: 6 };
    const weighted = await grow({ ...numbers, rows: steps, weights }, settings, coarse);
    const twice = await grow({ ...numbers, rows: Float32Array.from(copies, (row) => steps[row]!) }, settings, repeated, copies.length);
    expect(scoreReference(weighted.ensemble, coarse, rows)).toEqual(scoreReference(twice.ensemble, coarse, rows));
  });

  it('is the same again with the same seed, and another with another', async () => {
    const settings = { nEstimators: 3, maxFeatures: 0.5 };
    const first = await grow(classes, settings);
    expect(await grow(classes, settings)).toEqual(first);
    expect(first.ensemble.trees[0]).not.toEqual(first.ensemble.trees[1]);
  });

  it('separates categories by what they say', async () => {
    const random = uniform(3);
    const codes = Float32Array.from({ length: rows * width }, (_, at) => (at % width === 3 ? Math.floor(random() * 40) : random()));
    const target = Float32Array.from({ length: rows }, (_, row) => Number([1, 4, 9, 16, 25, 36].includes(codes[row * width + 3]!)));
    const settings = { nEstimators: 1, bootstrap: false, maxDepth: 1 };
    const { ensemble } = await grow({ ...numbers, rows: target }, settings, codes);
    const low = [...ensemble.categorySets[0]!];
    expect(low.some((code) => [1, 4, 9, 16, 25, 36].includes(code))).toBe(low.every((code) => [1, 4, 9, 16, 25, 36].includes(code)));
    expect([...ensemble.trees[0]!.value].filter((_, node) => ensemble.trees[0]!.feature[node]! < 0).toSorted()).toEqual([0, 1]);
  });

  it('stops when it is asked to, with at least one tree', async () => {
    const facts = { rows, width, outputs: 1, weighted: false, validationRows: 0, numLeaves: 2, threads: 1 };
    const pool = new TreePool(treeBytes(facts) + forestBytes(facts, numbers, {}));
    const binned = binRows({ rows, width, data }, { pool, categorical });
    const forest = await trainForest({ pool, binned, target: numbers, control: { shouldStop: () => true } });
    expect(forest.ended).toBe('stopped');
    expect(forest.ensemble.trees).toHaveLength(1);
  });
});
