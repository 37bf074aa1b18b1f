import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../../platform/random.ts';
import { encodeModel } from '../../../../compiler/index.ts';
import { decodeLearnerState, encodeLearnerState } from '../../worker/fit/learnerStateFile.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { factsOf, type DataFacts, type FitData, type LearnerState } from '../learner.ts';
import { testControl, testData, testRows } from '../learnerTestData.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { columnScales, smoothClip } from './columnScales.ts';
import { networkLearner } from './networkLearner.ts';
import { networkPortfolio, type NetworkSettings } from './networkSettings.ts';

const classes = testData({ kind: 'class', classes: 3 }, 'scaled');
const limits = { budgetMs: 10_000, threads: 1 };
const settingsFor = (data: FitData): NetworkSettings[] =>
  networkPortfolio(factsOf(data, limits)).map((each) => ({ ...each, hidden: [16, 16], epochs: 10, members: each.members === 1 ? 1 : 3 }));
const named = settingsFor(classes).map((settings) => ({ settings, family: settings.family }));

describe.each(named)('a $family', ({ settings }) => {
  it('goes on from bytes of the disk wherever it stood, with the same bits', async () => {
    const kept: Uint8Array[] = [];
    const fit = (resume?: LearnerState): ReturnType<typeof networkLearner.fit> =>
      networkLearner.fit(
        classes,
        settings,
        testControl({ ...(resume && { resume }), onState: async (state) => void kept.push(encodeLearnerState(state())) }),
      );
    const whole = await fit();
    const states = [...kept];
    expect(states.length).toBeGreaterThan(10);
    for (const bytes of [states[0]!, states[states.length >> 1]!, states.at(-1)!]) {
      const resumed = await fit(decodeLearnerState(bytes));
      expect(resumed.state().arrays).toEqual(whole.state().arrays);
      expect(resumed.chosen).toEqual(whole.chosen);
    }
  });

  it('keeps the epoch with the least validation loss', async () => {
    const fitted = await networkLearner.fit(classes, settings, testControl());
    const losses = fitted.curve.map(({ validationLoss }) => validationLoss!);
    const { features, target } = classes.validation!;
    expect(objectiveLoss(await fitted.predict(features), target, classes.task)).toBeCloseTo(Math.min(...losses), 6);
    expect(losses[Number(fitted.chosen['epochs']) - 1]).toBe(Math.min(...losses));
    await fitted.release();
  });

  it('stops when asked, with what it has', async () => {
    let asked = 0;
    const fitted = await networkLearner.fit(classes, settings, testControl({ shouldStop: () => (++asked > 4 ? 'asked' : 'no') }));
    expect(fitted.ended).toBe('asked');
    expect(fitted.curve.length).toBeLessThan(10);
    const { validation: _, ...rest } = classes;
    asked = 0;
    const blind = await networkLearner.fit(rest, settings, testControl({ shouldStop: () => (++asked > 4 ? 'asked' : 'no') }));
    expect(blind.ended).toBe('asked');
  });

  it('answers quantiles in order and numbers no further than it has seen', async () => {
    const task = { kind: 'number', objective: { kind: 'quantile', levels: [0.1, 0.5, 0.9] } } as const;
    const data = testData(task, 'scaled');
    const fitted = await networkLearner.fit(data, settings, testControl());
    const random = counterRandom(3);
    const far = Float32Array.from({ length: 100 * data.train.features.width }, () => 30 * random.normal());
    const outputs = await fitted.predict({ rows: 100, width: data.train.features.width, data: far });
    const { values } = data.train.target as { values: Float64Array };
    const [least, largest] = [Math.min(...values), Math.max(...values)];
    for (let row = 0; row < 100; row++) {
      const levels = [...outputs.subarray(row * 3, row * 3 + 3)];
      expect(levels).toEqual(levels.toSorted((a, b) => a - b));
      expect(levels[0]).toBeGreaterThan(least - 1);
      expect(levels[2]).toBeLessThan(largest + 1);
    }
    await fitted.release();
  });
});

describe('a network of more than half a million parameters', () => {
  const settings = { ...settingsFor(classes).find(({ family }) => family === 'realmlp')!, hidden: [720, 720], epochs: 3, batchSize: 64 };

  it('is trained outside the graph: equal seeds give equal bits, also from bytes of the disk, and its graph answers alike', async () => {
    const kept: Uint8Array[] = [];
    const control = testControl({ onState: async (state) => void kept.push(encodeLearnerState(state())) });
    const whole = await networkLearner.fit(classes, settings, control);
    expect(Object.values(whole.state().arrays).reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(500_000);
    expect(whole.curve.at(-1)!.trainLoss).toBeLessThan(whole.curve[0]!.trainLoss);
    for (const resume of [undefined, decodeLearnerState(kept[kept.length >> 1]!)]) {
      const again = await networkLearner.fit(classes, settings, testControl(resume && { resume }));
      expect(again.state().arrays).toEqual(whole.state().arrays);
    }
    const { features } = classes.validation!;
    const session = await ortRuntime.createSession(encodeModel(whole.graph(), { producer: 'test' }));
    const feeds = { features: ortRuntime.tensor('float32', features.data, [features.rows, features.width]) };
    const answers = (await session.run(feeds, { outputs: null }))['outputs']!.data as Float32Array;
    (await whole.predict(features)).forEach((each, at) => expect(answers[at]).toBeCloseTo(each, 4));
    await session.release();
    await whole.release();
  });
});

describe('members of a tabm', () => {
  it('answer the mean of their probabilities', async () => {
    // One member of three, taken apart, is a network of one member.
    const [tabM] = settingsFor(classes);
    const fitted = await networkLearner.fit(classes, tabM!, testControl());
    const rows = testRows(classes.task, 'scaled', 20, 4).features;
    const together = await fitted.predict(rows);
    const { json, arrays } = fitted.state();
    const parts = [0, 1, 2].map((member) => {
      const own = Object.fromEntries(
        Object.entries(arrays).map(([name, values]) => {
          const ofMembers = name === 'weight.readers' || name.startsWith('weight.head.');
          const size = values.length / 3;
          return [name, ofMembers ? values.slice(member * size, (member + 1) * size) : values];
        }),
      );
      return networkLearner.restore({ json: { ...(json as object), settings: { ...tabM!, members: 1 } }, arrays: own }, testControl());
    });
    const probabilities = (logits: ArrayLike<number>): number[] => {
      const raised = Array.from(logits, Math.exp);
      return raised.map((each, at) => each / raised.slice(at - (at % 3), at - (at % 3) + 3).reduce((sum, one) => sum + one, 0));
    };
    const all = await Promise.all(parts.map(async (part) => probabilities(await part.predict(rows))));
    probabilities(together).forEach((each, at) => expect(each).toBeCloseTo((all[0]![at]! + all[1]![at]! + all[2]![at]!) / 3, 5));
  });
});

describe('what is done to columns', () => {
  it('puts the middle half of each on one length, and says nothing of constants', () => {
    const rows = 101;
    const data = Float32Array.from({ length: rows * 3 }, (_, at) => [Math.floor(at / 3) * 2, 7, Number(at < 30)][at % 3]!);
    const columns = [
      { name: 'a', kind: 'number' },
      { name: 'b', kind: 'number' },
      { name: 'c', kind: 'flag' },
    ] as const;
    const { centers, scales, numbers, edges } = columnScales({ rows, width: 3, data }, columns, 4);
    expect([...centers]).toEqual([100, 7, 0]);
    expect([...scales]).toEqual([Math.fround(0.01), 0, 2]);
    expect(numbers).toEqual([0]);
    expect([...edges[0]!].map((each) => each.toFixed(4))).toEqual([-1, -0.5, 0, 0.5, 1].map((each) => smoothClip(each).toFixed(4)));
  });

  it('clips smoothly', () => {
    expect(smoothClip(0.1)).toBeCloseTo(0.1, 3);
    expect(smoothClip(1e6)).toBeCloseTo(3, 5);
  });
});

describe('the portfolio', () => {
  const facts: DataFacts = { task: classes.task, rows: 5000, width: 40, categorical: 3, budgetMs: 60_000, threads: 2 };

  it('trains longer where there is more time, and less where there are more rows', () => {
    const epochs = (more: Partial<DataFacts>): number => networkPortfolio({ ...facts, ...more })[0]!.epochs;
    expect(epochs({ budgetMs: 300_000 })).toBeGreaterThan(epochs({}));
    expect(epochs({ rows: 20_000 })).toBeLessThan(epochs({}));
    expect(epochs({ rows: 300 })).toBeLessThanOrEqual(256);
  });
});
