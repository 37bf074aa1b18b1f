// What cannot be learned from, or looks as if it could not.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Column } from '../../../src-shared/domain/table.ts';
import type { TestBench } from '../../testing/testBench.ts';
import type { TestData } from './testData.ts';
import type { TrainService } from './api.ts';
import type { FeatureService } from '../3-features/api.ts';
import { best, TestTraining } from './testTraining.ts';

let training: TestTraining;
let bench: TestBench;
let data: TestData;
let train: TrainService;
let features: FeatureService;

beforeEach(async () => {
  training = await TestTraining.open();
  ({ bench, data, train, features } = training);
});
afterEach(async () => {
  await training[Symbol.asyncDispose]();
});

describe('input that cannot be learned from', { timeout: 180_000 }, () => {
  const xy: Column[] = [
    { name: 'x', type: 'number' },
    { name: 'y', type: 'category' },
  ];
  const table = (rows: number, answer: (row: number) => string | null): (string | number | null)[][] =>
    Array.from({ length: rows }, (_, row) => [row, answer(row)]);
  const target = { kind: 'column', column: 'y' } as const;

  it.each([
    ['one class', table(50, () => 'a'), 'MK_FEATURES_TARGET_ONE_CLASS'],
    ['no answer at all', table(50, () => null), 'MK_FEATURES_TARGET_ALL_MISSING'],
    ['too few rows', table(12, (row) => `${row % 2}`), 'MK_TRAIN_TOO_FEW_ROWS'],
    ['a class with one row', table(60, (row) => (row === 7 ? 'rare' : `c${row % 2}`)), 'MK_TRAIN_CLASS_TOO_SMALL'],
    ['10,000 classes', table(10_000, (row) => `id ${row}`), 'MK_FEATURES_TARGET_TOO_MANY_CLASSES'],
  ])('%s is an error with a code', async (_, rows, code) => {
    const dataset = await data.rows('bad', xy, rows);
    expect(await training.failure({ dataset, target })).toMatchObject({ code });
  });

  it('no usable column, a missing column, a target that is a date', async () => {
    const columns: Column[] = [
      { name: 'constant', type: 'number' },
      { name: 'empty', type: 'number' },
      { name: 'id', type: 'identifier' },
      { name: 'd', type: 'date' },
      { name: 'y', type: 'category' },
    ];
    const rows = Array.from({ length: 40 }, (_, row) => [1, null, `k${row}`, '2024-01-05', `${row % 2}`]);
    const dataset = await data.rows('bad', columns, rows);
    const unusable = { ...(await features.propose({ dataset, target }).catch((error: unknown) => error as { code: string })) };
    expect(unusable).toMatchObject({ code: 'MK_FEATURES_NONE_USABLE' });
    await expect(train.start({ dataset, target: { kind: 'column', column: 'nowhere' } }, bench.caller)).rejects.toMatchObject({
      code: 'MK_FEATURES_COLUMN_MISSING',
    });
    expect(await training.failure({ dataset, target: { kind: 'column', column: 'd' } })).toMatchObject({ code: 'MK_FEATURES_TARGET_TYPE' });
    const holdout = { kind: 'temporal', timeColumn: 'id', validationFraction: 0.2, testFraction: 0.2 } as const;
    await expect(train.start({ dataset, target, holdout }, bench.caller)).rejects.toMatchObject({ code: 'MK_TRAIN_TIME_COLUMN' });
  });

  it('survives missing and absurd numbers, emoji names and reserved names', async () => {
    const columns: Column[] = [
      { name: 'x 😀', type: 'number' },
      { name: 'huge', type: 'number' },
      { name: 'prediction', type: 'number' },
      { name: 'network_x', type: 'number' },
      { name: 'y', type: 'category' },
    ];
    const odd = [null, 1e38, -1e38];
    const rows = Array.from({ length: 300 }, (_, row) => [
      row % 20 === 0 ? odd[(row / 20) % 3]! : row % 2 === 0 ? 1 + row / 1000 : -1,
      odd[row % 3]!,
      row % 2,
      row,
      row % 2 === 0 ? 'even' : 'odd',
    ]);
    const dataset = await data.rows('odd', columns, rows);
    const run = await training.finish({ dataset, target, learners: ['baseline', 'linear', 'boosting'], timeBudgetMs: 40_000 });
    expect(run.spec!.rules.find((rule) => rule.column === 'prediction')).toMatchObject({ kind: 'drop', reason: 'reservedName' });
    // One even row in ten shows nothing but absurd numbers.
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.85);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('flags a column that knows the answer and leaves it out', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'closed_reason', type: 'category' },
      { name: 'y', type: 'category' },
    ];
    const rows = Array.from({ length: 400 }, (_, row) => [
      (row * 7919) % 101,
      row % 3 === 0 ? 'left' : 'active',
      row % 3 === 0 ? 'yes' : 'no',
    ]);
    const dataset = await data.rows('leaky', columns, rows);
    const { spec, findings } = await features.propose({ dataset, target });
    expect(findings).toContainEqual({ column: 'closed_reason', code: 'leak', params: { score: 1 } });
    expect(spec.rules).toContainEqual({ column: 'closed_reason', kind: 'drop', reason: 'leak' });
    const insisted = {
      ...spec,
      rules: spec.rules.map((rule) =>
        rule.column === 'closed_reason' ? { column: rule.column, kind: 'oneHot' as const, maxValues: 9, minCount: 1 } : rule,
      ),
    };
    const run = await training.finish({ dataset, target, spec: insisted, learners: ['linear'], timeBudgetMs: 60_000 });
    expect(run.findings).toContainEqual({ code: 'leak', params: { column: 'closed_reason', score: 1 } });
  });
});
