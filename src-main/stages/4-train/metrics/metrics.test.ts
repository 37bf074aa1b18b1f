import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricNames, type MetricName } from '../../../../src-shared/domain/training.ts';
import { counterRandom } from '../../../platform/random.ts';
import type { Answers, RankingAnswers } from './answers.ts';
import { deLong, rankScores } from './areaUnderCurve.ts';
import { bootstrapWeights } from './bootstrap.ts';
import { comparePaired } from './comparePaired.ts';
import { measure, measurePoints, wilson } from './measure.ts';
import { prepareMetric, prepareMetrics } from './pointMetrics.ts';

interface ClassCase {
  truth: number[];
  classes: number;
  probabilities: number[];
  expected: Record<string, number>;
  deLongError?: number;
}
interface RankingCase {
  truth: number[];
  prediction: number[];
  groups: number[];
}
const fixture = JSON.parse(readFileSync(new URL('sklearn.fixture.json', import.meta.url), 'utf8')) as {
  binary: ClassCase[];
  multiclass: ClassCase[];
  ranking: { truth: number[]; prediction: number[]; groups: number[]; ndcg10: number };
  rankingFigures: RankingCase & { expected: Record<string, number> };
  labels: { truth: number[]; labels: number; probabilities: number[]; expected: Record<string, number> }[];
  regression: { truth: number[]; prediction: number[]; expected: Record<string, number> }[];
};
const classAnswers = ({ truth, probabilities, classes }: ClassCase): Answers => ({
  kind: 'class',
  truth: Int32Array.from(truth),
  probabilities: Float32Array.from(probabilities),
  classes,
});

const rankingAnswers = ({ truth, prediction, groups }: RankingCase): RankingAnswers => ({
  kind: 'ranking',
  relevance: Float64Array.from(truth),
  scores: Float64Array.from(prediction),
  groups: Int32Array.from(groups),
});

describe('metrics', () => {
  it.each([...fixture.binary, ...fixture.multiclass].map((each) => [each.classes, each] as const))(
    'equal scikit-learn for %i classes',
    (_, each) => {
      for (const [name, value] of Object.entries(each.expected))
        expect(prepareMetric(classAnswers(each), name as MetricName)(), name).toBeCloseTo(value, 6);
    },
  );

  it('equal scikit-learn for numbers', () => {
    for (const { truth, prediction, expected } of fixture.regression) {
      const answers: Answers = { kind: 'number', truth: Float64Array.from(truth), prediction: Float32Array.from(prediction) };
      for (const [name, value] of Object.entries(expected))
        expect(prepareMetric(answers, name as MetricName)(), name).toBeCloseTo(value, 8);
    }
  });

  it('of a forecast are scaled by the naive error of each series, by hand', () => {
    // |3 − 1| / 2, |5 − 5| / 2, |10 − 4| / 4; the last row has no scale.
    const answers: Answers = {
      kind: 'number',
      truth: Float64Array.of(3, 5, 10, 7),
      prediction: Float64Array.of(1, 5, 4, 0),
      naiveErrors: Float64Array.of(2, 2, 4, Number.NaN),
    };
    expect(measure(answers, 1).mase!.value).toBeCloseTo((1 + 0 + 1.5) / 3, 12);
    expect(measure({ kind: 'number', truth: answers.truth, prediction: answers.prediction }, 1)).not.toHaveProperty('mase');
  });

  it('of the naive forecast itself, where it is scaled, are 1 (Hyndman & Koehler 2006)', () => {
    const random = counterRandom(6);
    const series = Float64Array.from({ length: 200 }, () => 100 * random.next());
    const [truth, prediction] = [series.slice(1), series.slice(0, -1)];
    const mean = truth.reduce((sum, value, at) => sum + Math.abs(value - prediction[at]!), 0) / truth.length;
    const answers: Answers = { kind: 'number', truth, prediction, naiveErrors: new Float64Array(truth.length).fill(mean) };
    expect(measure(answers, 1).mase!.value).toBeCloseTo(1, 12);
  });

  it('of a ranking are the mean over groups', () => {
    const { truth, prediction, groups, ndcg10 } = fixture.ranking;
    const answers = rankingAnswers({ truth, prediction, groups });
    expect(prepareMetric(answers, 'ndcg10')()).toBeCloseTo(ndcg10, 10);
  });

  it('of a ranking leave out groups where nothing is relevant, and take ties as no luck', () => {
    const { expected, ...given } = fixture.rankingFigures;
    const answers = rankingAnswers(given);
    expect(measurePoints(answers)).toEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, expect.any(Number)])));
    for (const [name, value] of Object.entries(expected)) expect(prepareMetric(answers, name as MetricName)(), name).toBeCloseTo(value, 10);
    expect(prepareMetric({ ...answers, relevance: new Float64Array(given.truth.length) }, 'ndcg10')()).toBeNaN();
  });

  it('of a ranking draw whole groups for their intervals', () => {
    // Within each group all rows are alike in what they are worth: there is nothing but the groups that could differ.
    const groups = Array.from({ length: 200 }, (_, row) => Math.floor(row / 20));
    const answers = rankingAnswers({
      truth: groups.map((_, row) => Number(row % 20 === 0)),
      prediction: groups.map((group, row) => (row % 20 === 0 ? (group < 5 ? 1 : -1) : 0)),
      groups,
    });
    const { value, low, high } = measure(answers, 1).meanReciprocalRank!;
    expect(value).toBeCloseTo((1 + 1 / 20) / 2, 10);
    // A binomial of ten groups, not of two hundred rows.
    expect(high! - low!).toBeGreaterThan(0.4);
    expect(measure(answers, 1)).toEqual(measure(answers, 1));
  });

  it.each(fixture.labels.map((each) => [each.labels, each] as const))(
    'of %i labels equal those of scikit-learn',
    (_, { truth, labels, probabilities, expected }) => {
      const answers: Answers = { kind: 'labels', flags: Uint8Array.from(truth), probabilities: Float32Array.from(probabilities), labels };
      for (const [name, value] of Object.entries(expected)) {
        expect(prepareMetric(answers, name as MetricName)(), name).toBeCloseTo(value, 6);
        // Weights of 1 change nothing; a row of weight 2 is two rows.
        expect(prepareMetric(answers, name as MetricName)(new Uint16Array(truth.length / labels).fill(1)), name).toBeCloseTo(value, 6);
      }
      const twice: Answers = {
        ...answers,
        flags: Uint8Array.from([...truth.slice(0, labels), ...truth]),
        probabilities: Float32Array.from([...probabilities.slice(0, labels), ...probabilities]),
      };
      const weights = new Uint16Array(truth.length / labels).fill(1);
      weights[0] = 2;
      for (const name of Object.keys(expected) as MetricName[])
        expect(prepareMetric(answers, name)(weights), name).toBeCloseTo(prepareMetric(twice, name)(), 10);
      const measured = measure(answers, 3);
      expect(Object.keys(measured).sort()).toEqual(
        Object.keys(expected)
          .filter((name) => name !== 'auc')
          .sort(),
      );
      for (const { value, low, high } of Object.values(measured)) {
        expect(low!).toBeLessThanOrEqual(value);
        expect(high!).toBeGreaterThanOrEqual(value);
      }
    },
  );

  it('on request come with intervals that hold the value, those of another task are left out', () => {
    const names = [...metricNames];
    const found = measure(classAnswers(fixture.multiclass[0]!), 1, names);
    expect(Object.keys(found).sort()).toEqual(Object.keys({ ...fixture.multiclass[0]!.expected, lift10: 0, recall5: 0 }).sort());
    const { calibrationError, ...others } = found;
    expect(calibrationError).toMatchObject({ low: null, high: null });
    for (const { value, low, high } of Object.values(others)) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
  });

  it('leave out what is undefined: the area where only one class occurs, R² of a constant', () => {
    const oneClass = measurePoints({
      kind: 'class',
      truth: Int32Array.of(1, 1),
      probabilities: Float32Array.of(0.2, 0.8, 0.6, 0.4),
      classes: 2,
    });
    expect(Object.keys(oneClass).sort()).toEqual(['accuracy', 'f1', 'logLoss']);
    const constant = measurePoints({ kind: 'number', truth: Float64Array.of(2, 2), prediction: Float64Array.of(1, 3) });
    expect(Object.keys(constant).sort()).toEqual(['mae', 'rmse']);
  });

  it('stay finite for a probability of zero', () => {
    const { logLoss } = measurePoints({
      kind: 'class',
      truth: Int32Array.of(0, 1),
      probabilities: Float32Array.of(0, 1, 0, 1),
      classes: 2,
    });
    expect(logLoss).toBeCloseTo(-Math.log(2 ** -23) / 2, 5);
  });

  it('of weighted rows equal those of repeated rows', () => {
    const each = fixture.multiclass[0]!;
    const [weights] = [...bootstrapWeights(each.truth.length, 7, 1)].map((drawn) => Uint16Array.from(drawn));
    const rows = [...weights!.keys()].flatMap((row) => Array<number>(weights![row]!).fill(row));
    const repeated = classAnswers({
      ...each,
      truth: rows.map((row) => each.truth[row]!),
      probabilities: rows.flatMap((row) => each.probabilities.slice(row * each.classes, (row + 1) * each.classes)),
    });
    const [a, b] = [prepareMetrics(classAnswers(each))(weights), measurePoints(repeated)];
    for (const name of ['accuracy', 'auc', 'f1', 'logLoss'] as const) {
      expect(a[name]).toBeCloseTo(b[name]!, 10);
      expect(prepareMetric(classAnswers(each), name)(weights)).toBe(a[name]);
    }
    for (const name of ['averagePrecision', 'mcc', 'kappa', 'brier', 'calibrationError', 'lift10', 'f1Weighted', 'top3Accuracy'] as const)
      expect(prepareMetric(classAnswers(each), name)(weights)).toBeCloseTo(prepareMetric(repeated, name)(), 10);
  });

  it('of weighted numbers equal those of repeated rows', () => {
    const { truth, prediction } = fixture.regression[1]!;
    const answers: Answers = { kind: 'number', truth: Float64Array.from(truth), prediction: Float64Array.from(prediction) };
    const [weights] = [...bootstrapWeights(truth.length, 3, 1)].map((drawn) => Uint16Array.from(drawn));
    const rows = [...weights!.keys()].flatMap((row) => Array<number>(weights![row]!).fill(row));
    const repeated: Answers = {
      kind: 'number',
      truth: Float64Array.from(rows, (row) => truth[row]!),
      prediction: Float64Array.from(rows, (row) => prediction[row]!),
    };
    for (const name of ['medianAbsoluteError', 'spearman', 'poissonDeviance', 'rmsle', 'pinball90', 'smape'] as const)
      expect(prepareMetric(answers, name)(weights)).toBeCloseTo(prepareMetric(repeated, name)(), 10);
  });
});

describe('intervals', () => {
  it('of the area have DeLong’s standard error', () => {
    for (const { truth, probabilities, deLongError } of fixture.binary) {
      const ranked = rankScores(Float32Array.from(probabilities), Uint8Array.from(truth), 2, 1);
      expect(deLong(ranked).standardError).toBeCloseTo(deLongError!, 10);
    }
  });

  it('of accuracy are Wilson’s', () => {
    // statsmodels 0.14: proportion_confint(8, 10, method='wilson')
    const { low, high } = wilson(0.8, 10);
    expect([low, high].map((each) => each.toFixed(6))).toEqual(['0.490162', '0.943318']);
    expect(wilson(1, 10).low).toBeGreaterThan(0.7);
  });

  it('cover the truth about 95 times in 100', () => {
    const random = counterRandom(5);
    let [covered, trials] = [0, 200];
    for (let trial = 0; trial < trials; trial++) {
      // Absolute error of standard normal noise: expectation sqrt(2/π).
      const truth = new Float64Array(150);
      const prediction = Float64Array.from(truth, () => random.normal());
      const { low, high } = measure({ kind: 'number', truth, prediction }, trial).mae!;
      if (low! <= Math.sqrt(2 / Math.PI) && Math.sqrt(2 / Math.PI) <= high!) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.9);
    expect(covered / trials).toBeLessThan(0.99);
  });

  it('are null where every answer is right, but for accuracy', () => {
    const truth = Int32Array.from({ length: 40 }, (_, row) => row % 2);
    const probabilities = Float32Array.from({ length: 80 }, (_, at) => (at % 2 === truth[at >> 1] ? 0.9 : 0.1));
    const found = measure({ kind: 'class', truth, probabilities, classes: 2 }, 1);
    expect(found.auc).toMatchObject({ value: 1, low: null, high: null });
    expect(found.f1).toMatchObject({ value: 1, low: null, high: null });
    expect(found.accuracy!.low).toBeLessThan(1);
  });

  it('are the same for the same seed', () => {
    const answers = classAnswers(fixture.multiclass[0]!);
    expect(measure(answers, 3)).toEqual(measure(answers, 3));
    expect(measure(answers, 3).f1).not.toEqual(measure(answers, 4).f1);
  });
});

describe('paired comparison', () => {
  const truth = Float64Array.from({ length: 300 }, (_, row) => row);
  const noise = counterRandom(9);
  const shared = Float64Array.from(truth, () => 20 * noise.normal());
  const withError = (size: number): Answers => ({
    kind: 'number',
    truth,
    prediction: truth.map((value, row) => value + shared[row]! * size),
  });

  it('proves a small difference that both intervals alone would hide', () => {
    const rmse = comparePaired(withError(1), withError(0.97), 1).find((each) => each.metric === 'rmse')!;
    expect(rmse.verdict).toBe('better');
    expect(rmse.difference.high).toBeLessThan(0);
    expect(rmse.a.low).toBeLessThan(rmse.b.high!);
    expect(comparePaired(withError(0.97), withError(1), 1).find((each) => each.metric === 'rmse')!.verdict).toBe('worse');
  });

  it('claims nothing about a model against itself', () => {
    for (const each of comparePaired(withError(1), withError(1), 1)) expect(each.verdict).toBe('noProvenDifference');
  });

  it('sees that a model without a fault is better than a constant', () => {
    const codes = Int32Array.from({ length: 60 }, (_, row) => row % 2);
    const answered = (p: (own: number) => number): Answers => ({
      kind: 'class',
      truth: codes,
      probabilities: Float64Array.from([...codes].flatMap((own) => [1 - p(own), p(own)])),
      classes: 2,
    });
    const [constant, perfect] = [answered(() => 0.5), answered((own) => 0.1 + 0.8 * own)];
    expect(comparePaired(constant, perfect, 1).find((each) => each.metric === 'auc')!.verdict).toBe('better');
    expect(comparePaired(perfect, constant, 1).find((each) => each.metric === 'auc')!.verdict).toBe('worse');
  });

  it('refuses answers to different rows', () => {
    const short: Answers = { kind: 'number', truth: truth.slice(1), prediction: truth.slice(1) };
    expect(() => comparePaired(withError(1), short, 1)).toThrow();
  });
});
