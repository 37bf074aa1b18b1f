import { describe, expect, it } from 'vitest';
import { encodeModel, type Graph } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { linearLearner } from '../linear/linearLearner.ts';
import { nearestLearner } from '../nearest/nearestLearner.ts';
import type { FitData, LabelledMatrix, LearnerTask } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { conformalQuantile } from './conformalQuantile.ts';
import { fitInterval, intervalGraph, intervalsOf, type ConformalInterval, type IntervalOutputs } from './intervals.ts';
import { fitSet, setGraph, setsOf, type ConformalSet } from './sets.ts';

const within = 0.02;
const held = 8000;

describe('the conformal quantile', () => {
  it('is the promised rank, and infinite where rows are too few to promise it', () => {
    expect(conformalQuantile([3, 1, 2, 4], 0.8)).toBe(4);
    expect(conformalQuantile([3, 1, 2, 4], 0.6)).toBe(3);
    expect(conformalQuantile([3, 1, 2, 4], 0.9)).toBe(Infinity);
    expect(conformalQuantile([], 0.5)).toBe(Infinity);
  });
});

/** y = 3a + noise that grows with |b|: intervals of one width are too wide here and too narrow there. */
function numbers(rows: number, seed: number): LabelledMatrix {
  const random = counterRandom(seed);
  const data = new Float32Array(rows * 3);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [a, b] = [random.normal(), random.normal()];
    data.set([a, b, Math.abs(b)], row * 3);
    values[row] = 50 + 3 * a + (0.2 + Math.abs(b)) * random.normal();
  }
  return { features: { rows, width: 3, data }, target: { kind: 'number', values } };
}

function classes(rows: number, seed: number): LabelledMatrix {
  const random = counterRandom(seed);
  const data = new Float32Array(rows * 2);
  const codes = Int32Array.from({ length: rows }, (_, row) => {
    // The third class is rare and hard to tell.
    const code = random.next() < 0.15 ? 2 : random.integer(2);
    data.set([[-1, 1, 0.3][code]! + random.normal(), random.normal() + (code === 2 ? 1 : 0)], row * 2);
    return code;
  });
  return { features: { rows, width: 2, data }, target: { kind: 'class', codes, classes: 3 } };
}

const columnsOf = (width: number): FitData['columns'] => Array.from({ length: width }, (_, at) => ({ name: `x${at}`, kind: 'number' }));

async function outputsOf(task: LearnerTask, train: LabelledMatrix, rows: LabelledMatrix[]): Promise<Float32Array[]> {
  const fitted = await linearLearner.fit(
    { task, columns: columnsOf(train.features.width), train },
    { l1Ratio: 0, lambda: 1e-4 },
    testControl(),
  );
  return Promise.all(rows.map(({ features }) => fitted.predict(features)));
}

describe('intervals', () => {
  const [train, calibration, test] = [numbers(1500, 1), numbers(2000, 2), numbers(held, 3)];
  const valuesOf = ({ target }: LabelledMatrix): Float64Array => (target as { values: Float64Array }).values;

  async function sources(kind: ConformalInterval['kind']): Promise<IntervalOutputs[]> {
    const parts = [calibration, test];
    if (kind === 'quantiles') {
      const task = { kind: 'number', objective: { kind: 'quantile', levels: [0.05, 0.95] } } as const;
      return (await outputsOf(task, train, parts)).map((outputs) => ({ outputs }));
    }
    const task = { kind: 'number', objective: { kind: 'squared' } } as const;
    const [own, ...others] = await outputsOf(task, train, [train, ...parts]);
    if (kind === 'residual') return others.map((outputs) => ({ outputs }));
    const residuals = valuesOf(train).map((value, row) => Math.abs(value - own![row]!));
    const spreads = await outputsOf(task, { ...train, target: { kind: 'number', values: residuals } }, parts);
    return others.map((outputs, at) => ({ outputs, spreads: spreads[at]! }));
  }

  const cases = (['residual', 'scaled', 'quantiles'] as const).flatMap((kind) => [0.8, 0.9].map((coverage) => ({ kind, coverage })));
  it.each(cases)('$kind: hold the truth in a share of $coverage within two points', async ({ kind, coverage }) => {
    const [fitting, judged] = await sources(kind);
    const interval = fitInterval(kind, fitting!, valuesOf(calibration), coverage);
    const ends = intervalsOf(interval, judged!);
    const inside = valuesOf(test).reduce((count, value, row) => count + Number(ends[row * 2]! <= value && value <= ends[row * 2 + 1]!), 0);
    expect(Math.abs(inside / held - coverage)).toBeLessThanOrEqual(within);

    const feeds = { outputs: judged!.outputs as Float32Array, ...(kind === 'scaled' && { spreads: judged!.spreads as Float32Array }) };
    const answers = await runGraph(intervalGraph(interval), feeds, held, ['lower', 'upper']);
    for (let row = 0; row < held; row++) {
      expect(answers['lower']![row]).toBeCloseTo(ends[row * 2]!, 4);
      expect(answers['upper']![row]).toBeCloseTo(ends[row * 2 + 1]!, 4);
    }
  });

  it('are wider where the truth scatters more, when they may be', async () => {
    for (const kind of ['scaled', 'quantiles'] as const) {
      const [fitting, judged] = await sources(kind);
      const ends = intervalsOf(fitInterval(kind, fitting!, valuesOf(calibration), 0.9), judged!);
      const widths = (wide: boolean): number[] =>
        Array.from({ length: held }, (_, row) => row)
          .filter((row) => test.features.data[row * 3 + 2]! > 1 === wide)
          .map((row) => ends[row * 2 + 1]! - ends[row * 2]!);
      const mean = (all: number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
      expect(mean(widths(true))).toBeGreaterThan(1.5 * mean(widths(false)));
    }
  });

  it('are endless when too few rows can promise anything, and never inside out', async () => {
    const few = fitInterval('residual', { outputs: [1, 2] }, [1, 2], 0.9);
    expect(few.margin).toBeNull();
    expect([...intervalsOf(few, { outputs: [5] })]).toEqual([-Infinity, Infinity]);
    const tight = { kind: 'quantiles', coverage: 0.5, margin: -3, rows: 9 } as const;
    expect([...intervalsOf(tight, { outputs: [1, 2] })]).toEqual([1.5, 1.5]);
  });
});

describe('sets', () => {
  const [train, calibration, test] = [classes(1500, 4), classes(10_000, 5), classes(held, 6)];
  const codesOf = ({ target }: LabelledMatrix): Int32Array => (target as { codes: Int32Array }).codes;
  const probabilities = async (): Promise<Float32Array[]> =>
    (await outputsOf({ kind: 'class', classes: 3 }, train, [calibration, test])).map((logits) => Float32Array.from(softmax(logits, 3, 1)));

  const cases = (['lac', 'aps'] as const).flatMap((kind) =>
    [0.8, 0.9].flatMap((coverage) => [false, true].map((byClass) => ({ kind, coverage, byClass }))),
  );
  it.each(cases)(
    '$kind, by class $byClass: hold the truth in a share of $coverage within two points',
    async ({ kind, coverage, byClass }) => {
      const [fitting, judged] = await probabilities();
      const fitted = fitSet(kind, fitting!, codesOf(calibration), 3, coverage, { byClass });
      const sets = setsOf(fitted, judged!, 3);
      const covered = (among: (code: number) => boolean): number => {
        const rows = Array.from(codesOf(test).entries()).filter(([, code]) => among(code));
        return rows.filter(([row, code]) => sets[row * 3 + code] === 1).length / rows.length;
      };
      expect(covered(() => true)).toBeGreaterThan(coverage - within);
      // The most probable class is always in: where it is right more often than was promised, so is the set.
      const rightOf = (among: (code: number) => boolean): number => {
        const rows = Array.from(codesOf(test).entries()).filter(([, code]) => among(code));
        return (
          rows.filter(([row, code]) => judged!.subarray(row * 3, row * 3 + 3).every((p) => p <= judged![row * 3 + code]!)).length /
          rows.length
        );
      };
      // APS by class: the least probable class always has the score 1, and rows of a class that mostly is are covered alike.
      if (!(byClass && kind === 'aps')) {
        const groups = byClass ? [0, 1, 2].map((code) => (each: number) => each === code) : [() => true];
        for (const group of groups) expect(covered(group)).toBeLessThan(Math.max(coverage, rightOf(group)) + (byClass ? 2 : 1) * within);
      }
      if (byClass) for (const code of [0, 1, 2]) expect(covered((each) => each === code)).toBeGreaterThan(coverage - 2 * within);
      const answers = await runGraph(setGraph(fitted, 3), { probabilities: judged! }, held, ['set']);
      expect(Uint8Array.from(answers['set']!)).toEqual(sets);
    },
  );

  it('promise nothing where a class has too few rows: it is always in', () => {
    const set: ConformalSet = fitSet('lac', [0.9, 0.1, 0.8, 0.2], Int32Array.of(0, 0), 2, 0.9, { byClass: true });
    expect(set.thresholds).toEqual([null, null]);
    expect([...setsOf(set, [0.99, 0.01], 2)]).toEqual([1, 1]);
  });
});

it('holds for any learner: neighbours', async () => {
  const [train, calibration, test] = [numbers(500, 11), numbers(1500, 12), numbers(4000, 13)];
  const task = { kind: 'number', objective: { kind: 'squared' } } as const;
  const fitted = await nearestLearner.fit(
    { task, columns: columnsOf(3), train },
    { k: 10, metric: 'euclidean', weighting: 'uniform' },
    testControl(),
  );
  const truths = ({ target }: LabelledMatrix): Float64Array => (target as { values: Float64Array }).values;
  const interval = fitInterval('residual', { outputs: await fitted.predict(calibration.features) }, truths(calibration), 0.9);
  const ends = intervalsOf(interval, { outputs: await fitted.predict(test.features) });
  const inside = truths(test).filter((value, row) => ends[row * 2]! <= value && value <= ends[row * 2 + 1]!).length;
  expect(Math.abs(inside / 4000 - 0.9)).toBeLessThanOrEqual(within);
});

async function runGraph(
  graph: Graph,
  feeds: Record<string, Float32Array>,
  rows: number,
  wanted: string[],
): Promise<Record<string, Float32Array | Uint8Array>> {
  const session = await ortRuntime.createSession(encodeModel(graph, { producer: 'modelkeep' }));
  try {
    const results = await session.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, data]) => [name, ortRuntime.tensor('float32', data, [rows, data.length / rows])]),
      ),
      Object.fromEntries(wanted.map((name) => [name, null])),
    );
    return Object.fromEntries(wanted.map((name) => [name, results[name]!.data as Float32Array]));
  } finally {
    await session.release();
  }
}
