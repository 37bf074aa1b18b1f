import { describe, expect, it } from 'vitest';
import { encodeModel } from '../compiler/index.ts';
import { onnxRuntime } from '../compiler/tests/runtimes.ts';
import { binRows } from './bin/binRows.ts';
import { trainBoosting } from './boosting/trainBoosting.ts';
import type { TreeEnsemble } from './ensemble.ts';
import { TreeExplainer } from './explain/TreeExplainer.ts';
import { ensembleGraph, treeOpsets } from './export/ensembleGraph.ts';
import type { ForestTarget } from './forest/ForestMemory.ts';
import { forestBytes, trainForest } from './forest/trainForest.ts';
import type { BoostingObjective } from './objectives/objective.ts';
import { scoreExactly, scoreReference } from './score/reference.ts';
import { TreeScorer } from './score/TreeScorer.ts';
import { noisyRows, testPool } from './testing/plainTable.ts';
import { edgeRows } from './testing/randomEnsemble.ts';
import { treeBytes } from './treeBytes.ts';
import { TreePool } from './TreePool.ts';

const [rows, width] = [600, 5];
const categorical = Uint8Array.of(0, 0, 0, 1, 1);

/** Three numbers, 4 and 60 categories, all with missing values; the categories matter. */
function table(): { data: Float32Array; signal: Float64Array } {
  const { data, signal } = noisyRows(rows, width, 11, 0.1);
  for (let row = 0; row < rows; row++)
    for (const [feature, count] of [
      [3, 4],
      [4, 60],
    ] as const) {
      const at = row * width + feature;
      if (Number.isNaN(data[at])) continue;
      data[at] = Math.floor(((data[at]! + 2) / 4) * count);
      signal[row]! += ((data[at]! * 7) % 5) / 3 - 0.7;
    }
  return { data, signal };
}

async function boosted(objective: BoostingObjective, target: (signal: number) => number): Promise<TreeEnsemble> {
  const { data, signal } = table();
  const pool = testPool(rows, width, { outputs: objective.kind === 'softmax' ? objective.classes : 1 });
  const binned = binRows({ rows, width, data }, { pool, categorical });
  const settings = { numLeaves: 20, minDataInLeaf: 5, numIterations: 25 };
  return (await trainBoosting({ pool, binned, target: Float32Array.from(signal, target), objective, settings })).ensemble;
}

async function forest(kind: 'class' | 'values', randomThresholds: boolean): Promise<TreeEnsemble> {
  const { data, signal } = table();
  const settings = { nEstimators: 40, minSamplesLeaf: 3, randomThresholds };
  const classes = Uint32Array.from(signal, (each) => Number(each > 0.2) + Number(each > 1));
  const target: ForestTarget = {
    kind,
    outputs: kind === 'class' ? 3 : 1,
    rows: kind === 'class' ? classes : Float32Array.from(signal),
    weights: undefined,
  };
  const facts = { rows, width, outputs: target.outputs, weighted: true, validationRows: rows, numLeaves: 64, threads: 1 };
  const pool = new TreePool(2 * treeBytes(facts) + forestBytes({ rows, width, threads: 1 }, target, settings));
  const binned = binRows({ rows, width, data }, { pool, categorical });
  return (await trainForest({ pool, binned, target, settings, seed: 4 })).ensemble;
}

const trained: [string, () => Promise<TreeEnsemble>][] = [
  ['boosting of numbers', () => boosted({ kind: 'squared' }, (signal) => signal)],
  ['boosting of two classes', () => boosted({ kind: 'logistic' }, (signal) => Number(signal > 0.8))],
  ['boosting of three classes', () => boosted({ kind: 'softmax', classes: 3 }, (signal) => Number(signal > 0.2) + Number(signal > 1))],
  ['a forest of numbers', () => forest('values', false)],
  ['a forest of three classes', () => forest('class', false)],
  ['extra trees of three classes', () => forest('class', true)],
];

describe('what is trained', () => {
  it.each(trained)('is what is scored, exported and explained: %s', async (_, train) => {
    const ensemble = await train();
    expect(ensemble.categorySets.length).toBeGreaterThan(0);
    const features = Float32Array.from([...table().data, ...edgeRows(ensemble, 200, 3)]);
    const all = rows + 200;
    const scores = scoreReference(ensemble, features, all);
    expect(new TreeScorer(ensemble).score(features, all)).toEqual(scores);

    for (const opset of [5, 3] as const) {
      const bytes = encodeModel(ensembleGraph(ensemble, { kind: 'identity' }, { opset }), { producer: 'test', opsets: treeOpsets(opset) });
      const session = await onnxRuntime.createSession(bytes);
      const answer = await session.run({ features: onnxRuntime.tensor('float32', features, [all, width]) }, { outputs: null });
      const served = answer['outputs']!.data as Float32Array;
      // Of several outputs a leaf, sums are formed in groups of trees there.
      if (opset === 5 && ensemble.valueWidth > 1)
        served.forEach((score, at) => expect(Math.abs(score - scores[at]!)).toBeLessThanOrEqual(3e-7));
      else expect(served).toEqual(scores);
      await session.release();
    }

    const { expected, contributions } = new TreeExplainer(ensemble).explain(features, all);
    scoreExactly(ensemble, features, all).forEach((score, place) => {
      const parts = contributions.subarray(place * width, (place + 1) * width);
      const sum = parts.reduce((total, part) => total + part, expected[place % ensemble.outputCount]!);
      expect(Math.abs(sum - score)).toBeLessThanOrEqual(1e-9);
    });
  });
});
