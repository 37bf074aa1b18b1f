import { describe, expect, it } from 'vitest';
import { encodeModel } from '../compiler/index.ts';
import { onnxRuntime } from '../compiler/tests/runtimes.ts';
import { binRows } from './bin/binRows.ts';
import { trainBoosting } from './boosting/trainBoosting.ts';
import { TreeExplainer } from './explain/TreeExplainer.ts';
import { ensembleGraph, treeOpsets } from './export/ensembleGraph.ts';
import type { BoostingObjective } from './objectives/objective.ts';
import { scoreExactly, scoreReference } from './score/reference.ts';
import { TreeScorer } from './score/TreeScorer.ts';
import { noisyRows, testPool } from './testing/plainTable.ts';
import { edgeRows } from './testing/randomEnsemble.ts';

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

const objectives: [BoostingObjective, (signal: number) => number][] = [
  [{ kind: 'squared' }, (signal) => signal],
  [{ kind: 'logistic' }, (signal) => Number(signal > 0.8)],
  [{ kind: 'softmax', classes: 3 }, (signal) => Number(signal > 0.2) + Number(signal > 1)],
];

describe('what boosting has trained', () => {
  it.each(objectives)('is what is scored, exported and explained: $kind', async (objective, target) => {
    const { data, signal } = table();
    const outputs = objective.kind === 'softmax' ? objective.classes : 1;
    const pool = testPool(rows, width, { outputs });
    const binned = binRows({ rows, width, data }, { pool, categorical });
    const settings = { numLeaves: 20, minDataInLeaf: 5, numIterations: 25 };
    const { ensemble } = await trainBoosting({ pool, binned, target: Float32Array.from(signal, target), objective, settings });
    expect(ensemble.categorySets.length).toBeGreaterThan(0);
    const features = Float32Array.from([...data, ...edgeRows(ensemble, 200, 3)]);
    const all = rows + 200;

    const scores = scoreReference(ensemble, features, all);
    expect(new TreeScorer(ensemble).score(features, all)).toEqual(scores);

    for (const opset of [5, 3] as const) {
      const bytes = encodeModel(ensembleGraph(ensemble, { kind: 'identity' }, { opset }), { producer: 'test', opsets: treeOpsets(opset) });
      const session = await onnxRuntime.createSession(bytes);
      const answer = await session.run({ features: onnxRuntime.tensor('float32', features, [all, width]) }, { outputs: null });
      expect(answer['outputs']!.data).toEqual(scores);
      await session.release();
    }

    const { expected, contributions } = new TreeExplainer(ensemble).explain(features, all);
    scoreExactly(ensemble, features, all).forEach((score, place) => {
      const parts = contributions.subarray(place * width, (place + 1) * width);
      const sum = parts.reduce((total, part) => total + part, expected[place % outputs]!);
      expect(Math.abs(sum - score)).toBeLessThanOrEqual(1e-9);
    });
  });
});
