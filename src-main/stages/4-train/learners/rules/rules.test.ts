import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import type { FitData } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { rulesLearner } from './rulesLearner.ts';
import { ruleText, rulesModel, type RuleCondition } from './rulesModel.ts';

/** Class 1 where plan = 2 and months ≤ 12, and where age is missing. */
function planted(rows: number, seed: number): FitData['train'] {
  const random = counterRandom(seed);
  const data = new Float32Array(rows * 3);
  const codes = Int32Array.from({ length: rows }, (_, row) => {
    const [plan, months, age] = [random.integer(4), 1 + random.integer(48), random.next() < 0.15 ? NaN : 20 + random.integer(60)];
    data.set([plan, months, age], row * 3);
    const isOne = (plan === 2 && months <= 12) || Number.isNaN(age);
    return Number(random.next() < (isOne ? 0.95 : 0.05));
  });
  return { features: { rows, width: 3, data }, target: { kind: 'class', codes, classes: 2 } };
}
const columns: FitData['columns'] = [
  { name: 'plan', kind: 'category', categories: 4 },
  { name: 'months', kind: 'number' },
  { name: 'age', kind: 'number' },
];
const task = { kind: 'class', classes: 2 } as const;
const settings = { rules: 8, length: 3, coverage: 0.02 };

describe('rules', () => {
  it('are found as they were planted, in words', async () => {
    const fitted = await rulesLearner.fit(
      { task, columns, train: planted(2000, 1), validation: planted(1000, 2) },
      settings,
      testControl(),
    );
    const list = String(fitted.chosen['list']).split('; ');
    expect(list.slice(0, 2)).toContain('age missing');
    expect(list.slice(0, 2).some((rule) => rule.includes('plan = 2') && /months ≤ 1[0-4]/.test(rule))).toBe(true);
    const p = softmax(await fitted.predict({ rows: 3, width: 3, data: Float32Array.of(2, 5, 40, 1, 5, 40, 0, 40, NaN) }), 2, 1);
    expect(p[1]).toBeGreaterThan(0.85);
    expect(p[3]).toBeLessThan(0.15);
    expect(p[5]).toBeGreaterThan(0.85);
  });

  it('are as many as do best on validation rows: none of noise', async () => {
    const random = counterRandom(9);
    const noise = (seed: number): FitData['train'] => ({
      ...planted(300, seed),
      target: { kind: 'class', codes: Int32Array.from({ length: 300 }, () => random.integer(2)), classes: 2 },
    });
    const fitted = await rulesLearner.fit({ task, columns, train: noise(3), validation: noise(4) }, settings, testControl());
    expect(fitted.chosen['rules']).toBeLessThanOrEqual(1);
  });

  it('compare as float32 and never by a missing cell, in the graph too', async () => {
    const when = (...conditions: RuleCondition[]): { when: RuleCondition[]; rows: number } => ({ when: conditions, rows: 1 });
    const edge = Math.fround(0.1);
    const fitted = rulesModel({
      json: {
        width: 2,
        outputs: 1,
        names: ['a', 'b'],
        rules: [
          when({ column: 0, test: 'atMost', value: edge }, { column: 1, test: 'above', value: 0 }),
          when({ column: 1, test: 'missing', value: 0 }),
          when({ column: 0, test: 'is', value: 3 }),
        ],
        chosen: {},
        curve: [],
        ended: 'complete',
      },
      arrays: { answers: Float32Array.of(1, 2, 3, 4) },
    });
    const rows = Float32Array.of(0.1, 1, 0.1, NaN, NaN, 1, 3, -Infinity, Infinity, 5, edge, 0, -Infinity, Infinity);
    const expected = [1, 2, 4, 3, 4, 4, 1];
    expect([...(await fitted.predict({ rows: 7, width: 2, data: rows }))]).toEqual(expected);
    const session = await ortRuntime.createSession(encodeModel(fitted.graph(), { producer: 'modelkeep' }));
    const results = await session.run({ features: ortRuntime.tensor('float32', rows, [7, 2]) }, { outputs: null });
    await session.release();
    expect([...(results['outputs']!.data as Float32Array)]).toEqual(expected);
  });

  it('read as a sentence', () => {
    const conditions: RuleCondition[] = [
      { column: 0, test: 'atMost', value: Math.fround(3.7) },
      { column: 1, test: 'missing', value: 0 },
    ];
    expect(ruleText({ when: conditions }, ['tenure', 'fee'])).toBe('tenure ≤ 3.7 and fee missing');
  });
});
