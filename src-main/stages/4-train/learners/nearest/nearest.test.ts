import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import type { FitData, FittedLearner } from '../learner.ts';
import { largestDifference, testControl } from '../learnerTestData.ts';
import type { Matrix } from '../matrix.ts';
import { softmax } from '../networkLoss.ts';
import { metrics, nearestOf } from './metrics.ts';
import { mostStored, nearestLearner } from './nearestLearner.ts';

/** Whole numbers from −2 to 2: many distances are equal, many rows are equal. */
function grid(rows: number, width: number, seed: number): Matrix {
  const random = counterRandom(seed);
  return { rows, width, data: Float32Array.from({ length: rows * width }, () => random.integer(5) - 2) };
}

function dataOf(features: Matrix, classes = 3): FitData {
  const codes = Int32Array.from({ length: features.rows }, (_, row) => (row * 7) % classes);
  return { task: { kind: 'class', classes }, columns: [], train: { features, target: { kind: 'class', codes, classes } } };
}

async function served(fitted: FittedLearner, { rows, width, data }: Matrix): Promise<Float32Array> {
  const session = await ortRuntime.createSession(encodeModel(fitted.graph(), { producer: 'modelkeep' }));
  const results = await session.run({ features: ortRuntime.tensor('float32', data, [rows, width]) }, { outputs: null });
  await session.release();
  return results['outputs']!.data as Float32Array;
}

describe('the nearest rows', () => {
  it('are in order, of equal ones the first', () => {
    const into = new Int32Array(4);
    nearestOf(Float32Array.of(3, 1, 2, 1, 0, 3, 1), 4, into);
    expect([...into]).toEqual([4, 1, 3, 6]);
  });

  it.each(metrics.flatMap((metric) => (['uniform', 'distance'] as const).map((weighting) => ({ metric, weighting }))))(
    '$metric, $weighting: the graph takes the same ones where distances are equal',
    async ({ metric, weighting }) => {
      const fitted = await nearestLearner.fit(dataOf(grid(150, 3, 1)), { k: 6, metric, weighting }, testControl());
      for (const rows of [grid(200, 3, 2), { ...grid(1, 3, 3), data: new Float32Array(3) }])
        expect(largestDifference(await served(fitted, rows), await fitted.predict(rows), 1)).toBeLessThanOrEqual(1e-6);
    },
  );

  it('answer alone where one is in the same place', async () => {
    const features = { rows: 3, width: 1, data: Float32Array.of(0, 1, 5) };
    const data: FitData = {
      task: { kind: 'number', objective: { kind: 'squared' } },
      columns: [],
      train: { features, target: { kind: 'number', values: Float64Array.of(10, 20, 60) } },
    };
    const fitted = await nearestLearner.fit(data, { k: 3, metric: 'euclidean', weighting: 'distance' }, testControl());
    expect((await fitted.predict({ rows: 1, width: 1, data: Float32Array.of(1) }))[0]).toBe(20);
    // 1/2 : 1 : 1/3 of the distances 2, 1, 3.
    const between = (await fitted.predict({ rows: 1, width: 1, data: Float32Array.of(2) }))[0]!;
    expect(between).toBeCloseTo((10 / 2 + 20 / 1 + 60 / 3) / (1 / 2 + 1 + 1 / 3), 4);
  });

  it('are a sample of many rows that keeps the shares of classes, the same for the same seed', async () => {
    const rows = mostStored * 2;
    const features = grid(rows, 2, 4);
    const codes = Int32Array.from({ length: rows }, (_, row) => Number(row % 50 === 0));
    const data: FitData = {
      task: { kind: 'class', classes: 2 },
      columns: [],
      train: { features, target: { kind: 'class', codes, classes: 2 } },
    };
    const settings = { k: 5, metric: 'euclidean', weighting: 'uniform' } as const;
    const fitted = await nearestLearner.fit(data, settings, testControl());
    expect(fitted.chosen['stored']).toBe(mostStored);
    const answers = fitted.state().arrays['answers'] as Float64Array;
    const rare = answers.reduce((sum, each, at) => sum + (at % 2 === 1 ? each : 0), 0);
    expect(Math.abs(rare - mostStored / 50)).toBeLessThanOrEqual(1);
    expect((await nearestLearner.fit(data, settings, testControl())).state()).toEqual(fitted.state());
  });

  it('are as many as do best on validation rows', async () => {
    const random = counterRandom(5);
    const noisy = (rows: number): FitData['train'] => {
      const data = Float32Array.from({ length: rows }, () => random.normal());
      const codes = Int32Array.from(data, (x) => Number(random.next() < (x > 0 ? 0.8 : 0.2)));
      return { features: { rows, width: 1, data }, target: { kind: 'class', codes, classes: 2 } };
    };
    const fitted = await nearestLearner.fit(
      { task: { kind: 'class', classes: 2 }, columns: [], train: noisy(600), validation: noisy(400) },
      { k: 'best', metric: 'euclidean', weighting: 'uniform' },
      testControl(),
    );
    expect(fitted.chosen['k']).toBeGreaterThanOrEqual(13);
    const places = Float32Array.from({ length: 40 }, (_, at) => 0.3 + at / 40);
    const shares = softmax(await fitted.predict({ rows: 40, width: 1, data: places }), 2, 1).filter((_, at) => at % 2 === 1);
    expect(Math.abs(shares.reduce((sum, each) => sum + each, 0) / 40 - 0.8)).toBeLessThan(0.06);
  });
});
