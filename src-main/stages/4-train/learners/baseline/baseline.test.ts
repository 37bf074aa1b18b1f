import { describe, expect, it } from 'vitest';
import { InferenceSession, Tensor } from '../../../../platform/onnxRuntime.ts';
import { encodeModel } from '../../../../compiler/index.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import type { FitData, LearnerTask } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { weightedQuantiles } from '../weightedQuantile.ts';
import { baselineLearner } from './baselineLearner.ts';

const features = (rows: number): FitData['train']['features'] => ({ rows, width: 2, data: new Float32Array(rows * 2) });

async function answer(
  task: LearnerTask,
  train: Omit<FitData['train'], 'features'>,
  rows: number,
  more: Partial<FitData> = {},
): Promise<number[]> {
  const fitted = await baselineLearner.fit(
    { task, columns: [], train: { features: features(rows), ...train }, ...more },
    {},
    testControl(),
  );
  return [...(await fitted.predict(features(1)))];
}
const numbers = (values: number[]): { target: FitData['train']['target'] } => ({
  target: { kind: 'number', values: Float64Array.from(values) },
});

describe('the baseline', () => {
  it('answers shares of classes, with half a row for one that is missing', async () => {
    const target = { kind: 'class', codes: Int32Array.of(0, 0, 0, 2), classes: 3 } as const;
    const shares = softmax(await answer({ kind: 'class', classes: 3 }, { target }, 4), 3, 1);
    expect(shares[0]! / shares[2]!).toBeCloseTo(3, 5);
    expect(shares[1]! / shares[2]!).toBeCloseTo(0.5, 5);
    const weighted = softmax(await answer({ kind: 'class', classes: 3 }, { target, weights: Float32Array.of(1, 1, 1, 3) }, 4), 3, 1);
    expect(weighted[0]).toBeCloseTo(weighted[2]!, 6);
  });

  it('answers what each objective wants of a number', async () => {
    const values = [1, 2, 3, 4, 100];
    const of = (objective: Extract<LearnerTask, { kind: 'number' }>['objective']): Promise<number[]> =>
      answer({ kind: 'number', objective }, numbers(values), 5);
    expect(await of({ kind: 'squared' })).toEqual([22]);
    expect(await of({ kind: 'absolute' })).toEqual([3]);
    expect(await of({ kind: 'poisson' })).toEqual([22]);
    expect(await of({ kind: 'quantile', levels: [0.2, 0.8] })).toEqual([1, 4]);
  });

  it('answers the last value where rows have an order and that does better', async () => {
    const task = { kind: 'number', objective: { kind: 'squared' } } as const;
    const validation = { features: features(2), ...numbers([9, 11]) };
    expect(await answer(task, numbers([1, 4, 10]), 3, { validation, ordered: true })).toEqual([10]);
    expect(await answer(task, numbers([1, 4, 10]), 3, { validation })).toEqual([5]);
    expect(await answer(task, numbers([11, 10, 0]), 3, { validation, ordered: true })).toEqual([7]);
  });
});

it('weighted quantiles are those of repeated rows', () => {
  expect(weightedQuantiles([5, 1, 3], [0, 0.5, 0.75, 1], [1, 2, 1])).toEqual([1, 1, 3, 5]);
  expect(weightedQuantiles([5, 1, 1, 3], [0, 0.5, 0.75, 1])).toEqual([1, 1, 3, 5]);
  expect(weightedQuantiles([5, 1, 3], [0, 1], [1, 0, 1])).toEqual([3, 5]);
  expect(weightedQuantiles([1], [0.5], [0])).toEqual([NaN]);
});

describe('the baseline of a forecast', () => {
  it('answers the seasonal naive forecast where a column holds it, the constant where that is missing, in its graph too', async () => {
    const columns = [
      { name: 'x', kind: 'number' as const },
      { name: 'y lag 7', kind: 'number' as const, isNaiveForecast: true },
    ];
    const cells = { rows: 3, width: 2, data: Float32Array.of(9, 4, 9, Number.NaN, 9, 0) };
    const fit = async (kind: 'squared' | 'poisson'): Promise<{ own: number[]; served: number[] }> => {
      const task = { kind: 'number', objective: { kind } } as const;
      const fitted = await baselineLearner.fit({ task, columns, train: { features: cells, ...numbers([10, 20, 30]) } }, {}, testControl());
      const session = await InferenceSession.create(encodeModel(fitted.graph(), { producer: 'test' }));
      const { outputs } = await session.run({ features: new Tensor('float32', cells.data, [3, 2]) });
      const again = baselineLearner.restore(fitted.state(), { runtime: ortRuntime, threads: 1 });
      expect(await again.predict(cells)).toEqual(await fitted.predict(cells));
      return { own: [...(await fitted.predict(cells))], served: [...(outputs!.data as Float32Array)] };
    };
    const plain = await fit('squared');
    expect(plain.own).toEqual([4, 20, 0]);
    expect(plain.served).toEqual(plain.own);
    // A mean of counts is above 0.
    const counts = await fit('poisson');
    expect(counts.own).toEqual([4, 20, Math.fround(0.2)]);
    expect(counts.served).toEqual(counts.own);
  });
});
