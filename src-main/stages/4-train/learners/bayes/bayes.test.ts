import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import type { FitData } from '../learner.ts';
import { largestDifference, testControl } from '../learnerTestData.ts';
import type { Matrix } from '../matrix.ts';
import { softmax } from '../networkLoss.ts';
import { bayesLearner, type BayesSettings } from './bayesLearner.ts';

const random = counterRandom(3);
const features: Matrix = {
  rows: 200,
  width: 3,
  data: Float32Array.from({ length: 600 }, (_, at) => (at % 3 === 2 ? random.integer(2) : random.normal())),
};
const codes = Int32Array.from({ length: 200 }, (_, row) => Number(features.data[row * 3]! + features.data[row * 3 + 2]! > 0.5));
const data: FitData = {
  task: { kind: 'class', classes: 3 },
  columns: [
    { name: 'a', kind: 'number' },
    { name: 'b', kind: 'number' },
    { name: 'c', kind: 'flag' },
  ],
  train: { features, target: { kind: 'class', codes, classes: 3 } },
};

describe('naive Bayes', () => {
  it.each(['mixed', 'gaussian', 'bernoulli', 'multinomial', 'complement'] as const)('%s: the graph answers the same', async (kind) => {
    const settings: BayesSettings = { kind, alpha: 1, varianceShare: 1e-9 };
    const fitted = await bayesLearner.fit(data, settings, testControl());
    const session = await ortRuntime.createSession(encodeModel(fitted.graph(), { producer: 'modelkeep' }));
    const results = await session.run({ features: ortRuntime.tensor('float32', features.data, [200, 3]) }, { outputs: null });
    await session.release();
    expect(largestDifference(results['outputs']!.data as Float32Array, await fitted.predict(features), 1)).toBeLessThanOrEqual(1e-6);
  });

  it('answers the densities of a table small enough to reckon by hand', async () => {
    const tiny: FitData = {
      ...data,
      task: { kind: 'class', classes: 2 },
      columns: [{ name: 'c', kind: 'flag' }],
      train: {
        features: { rows: 4, width: 1, data: Float32Array.of(1, 1, 0, 0) },
        target: { kind: 'class', codes: Int32Array.of(1, 1, 1, 0), classes: 2 },
      },
    };
    const fitted = await bayesLearner.fit(tiny, { kind: 'mixed', alpha: 1, varianceShare: 1e-9 }, testControl());
    // P(1)·P(x = 1 | 1) = 3/4 · 3/5, P(0)·P(x = 1 | 0) = 1/4 · 1/3.
    const p = softmax(await fitted.predict({ rows: 1, width: 1, data: Float32Array.of(1) }), 2, 1);
    expect(p[1]).toBeCloseTo(0.45 / (0.45 + 1 / 12), 6);
  });

  it('keeps a class that training does not have at half a row', async () => {
    const fitted = await bayesLearner.fit(data, { kind: 'mixed', alpha: 1, varianceShare: 1e-9 }, testControl());
    const probabilities = softmax(await fitted.predict(features), 3, 1);
    const mean = probabilities.reduce((sum, each, at) => sum + (at % 3 === 2 ? each : 0), 0) / 200;
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(0.02);
  });
});
