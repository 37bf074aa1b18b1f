import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  binLike,
  binRows,
  trainBoosting,
  treeBytes,
  TreePool,
  type BoostingObjective,
  type TrainedBoosting,
} from '../../../../trees/index.ts';
import { treeThreads } from './startTreeThread.ts';

const [rows, width] = [40_000, 9];
const pools: TreePool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.end();
});

/** Numbers with gaps, and one column of categories. */
function table(): { data: Float32Array; categorical: Uint8Array; value: Float32Array } {
  let state = 17;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const data = Float32Array.from({ length: rows * width }, (_, at) =>
    at % width === 4 ? Math.floor(random() * 40) : random() < 0.1 ? NaN : random() * 4 - 2,
  );
  const value = Float32Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = [data[row * width]!, data[row * width + 1]!, data[row * width + 4]!];
    return (a || 0) + (b || 1) ** 2 + (c % 7) / 3 + random();
  });
  return { data, categorical: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0), value };
}

async function train(threads: number, objective: BoostingObjective, more: object): Promise<TrainedBoosting> {
  const { data, categorical, value } = table();
  const facts = { rows, width, outputs: 3, weighted: true, validationRows: rows, numLeaves: 63, threads };
  const pool = new TreePool(treeBytes(facts), threads > 1 ? treeThreads(threads - 1) : undefined);
  pools.push(pool);
  while (pool.team.threads < threads) await sleep(5);
  const binned = binRows({ rows, width, data }, { pool, categorical });
  const target = objective.kind === 'softmax' ? value.map((each) => Math.min(2, Math.max(0, Math.floor(each / 2)))) : value;
  const weights = value.map((each) => 0.5 + Math.abs(each % 1));
  const validation = { binned: binLike({ rows, width, data }, binned, pool), target };
  const settings = { numIterations: 6, numLeaves: 63, ...more };
  return trainBoosting({ pool, binned, target, weights, validation, objective, settings, seed: 5 });
}

describe('threads that grow trees', () => {
  for (const [objective, settings] of [
    [{ kind: 'squared' }, {}],
    [
      { kind: 'quantile', level: 0.3 },
      { baggingFraction: 0.6, baggingFreq: 1, featureFraction: 0.7 },
    ],
    [
      { kind: 'softmax', classes: 3 },
      { dataSampleStrategy: 'goss', learningRate: 0.5 },
    ],
  ] as const)
    it(`${objective.kind}: 1, 2 and 3 threads give the same bits`, async () => {
      const alone = await train(1, objective, settings);
      expect(alone.ensemble.trees[0]!.feature.length).toBeGreaterThan(60);
      expect(await train(2, objective, settings)).toEqual(alone);
      expect(await train(3, objective, settings)).toEqual(alone);
    });

  it('begins before the threads have come up, and goes on without one that never does', async () => {
    const { data } = table();
    const facts = { rows, width, outputs: 1, weighted: false, validationRows: 0, numLeaves: 31, threads: 2 };
    const pool = new TreePool(treeBytes(facts), { count: 1, start: () => ({ post: () => undefined }) });
    pools.push(pool);
    const binned = binRows({ rows, width, data }, { pool });
    const target = data.filter((_, at) => at % width === 4);
    const { ensemble } = await trainBoosting({ pool, binned, target, objective: { kind: 'squared' }, settings: { numIterations: 2 } });
    expect(ensemble.trees).toHaveLength(2);
  });
});
