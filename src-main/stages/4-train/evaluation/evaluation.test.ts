import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import { stringColumn } from '../../3-features/api.ts';
import { areaUnderCurve, rankScores } from '../metrics/areaUnderCurve.ts';
import type { Answers } from '../metrics/answers.ts';
import { classCurves, reliability, thin, thresholdTable } from './classCurves.ts';
import { quantile, residualsOf } from './residuals.ts';
import { benjaminiHochberg, sliceTable } from './slices.ts';
import { costOf, thresholdAdvice } from './thresholdAdvice.ts';
import { studentTail, totalsOf, welch } from './welch.ts';

const random = counterRandom(17);
const positive = Uint8Array.from({ length: 3000 }, () => Number(random.next() < 0.2));
const scores = Float64Array.from(positive, (each) => 1 / (1 + Math.exp(-(1.5 * each - 1.5 + random.normal()))));

describe('threshold table', () => {
  it('gives the area of the ROC curve by trapezoids, whole and thinned to 256 points', () => {
    const area = (table: ReturnType<typeof thresholdTable>): number => {
      let sum = 0;
      const { truePositives: found, falsePositives: wrong } = table.at(-1)!;
      for (let at = 1; at < table.length; at++)
        sum +=
          ((table[at]!.falsePositives - table[at - 1]!.falsePositives) * (table[at]!.truePositives + table[at - 1]!.truePositives)) / 2;
      return sum / found / wrong;
    };
    const table = thresholdTable(scores, positive);
    const exact = areaUnderCurve(rankScores(scores, positive));
    expect(area(table)).toBeCloseTo(exact, 12);
    const thinned = thin(table, 256);
    expect(thinned.length).toBeLessThanOrEqual(256);
    expect(area(thinned)).toBeCloseTo(exact, 3);
  });

  it('counts what a threshold means, rows of one score together', () => {
    const table = thresholdTable(Float64Array.of(0.9, 0.5, 0.5, 0.1), Uint8Array.of(1, 0, 1, 0));
    expect(table.map(({ threshold, truePositives, falsePositives }) => [threshold, truePositives, falsePositives])).toEqual([
      [null, 0, 0],
      [0.9, 1, 0],
      [0.5, 2, 1],
      [0.1, 2, 2],
    ]);
  });
});

describe('reliability', () => {
  it('holds every row once and finds a true probability within its interval, most of the time', () => {
    const stated = Float64Array.from({ length: 5000 }, () => random.next());
    const happened = Uint8Array.from(stated, (p) => Number(random.next() < p));
    const bins = reliability(stated, happened);
    expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(5000);
    expect(bins.filter(({ predicted, low, high }) => low! <= predicted && predicted <= high!).length).toBeGreaterThanOrEqual(
      bins.length - 2,
    );
  });
});

describe('curves of several classes', () => {
  it('are one each, and leave out a class that does not occur', () => {
    const truth = Int32Array.from({ length: 90 }, (_, row) => row % 3);
    const probabilities = Float32Array.from({ length: 360 }, (_, cell) => (cell % 4 === truth[cell >> 2]! ? 0.7 : 0.1));
    const curves = classCurves({ kind: 'class', truth, probabilities, classes: 4 }, ['x', 'y', 'z', 'never'], 1);
    expect(curves.map((each) => each.class)).toEqual(['x', 'y', 'z']);
    expect(curves.every(({ area, averagePrecision }) => area.value === 1 && averagePrecision.value === 1)).toBe(true);
  });
});

describe('threshold by costs', () => {
  const costs = { truePositive: 0, falsePositive: 1, falseNegative: 9, trueNegative: 0 };

  it('costs least of all thresholds, and the interval holds what it costs', () => {
    const advice = thresholdAdvice(scores, positive, costs, { name: 'yes', seed: 1 });
    const least = Math.min(...thresholdTable(scores, positive).map((point) => costOf(point, costs)));
    expect(advice.cost.value).toBeCloseTo(least, 12);
    expect(advice.cost.low!).toBeLessThan(least);
    expect(advice.cost.high!).toBeGreaterThan(least);
    expect(advice.never).toBeCloseTo((9 * positive.reduce((sum, each) => sum + each, 0)) / positive.length, 12);
    expect(advice.cost.value).toBeLessThanOrEqual(Math.min(advice.asIs, advice.never, advice.always) + 1e-12);
    expect(advice.honestCost).toBeGreaterThanOrEqual(advice.cost.value - 1e-12);
  });

  it('comes near the price ratio where probabilities are true', () => {
    const stated = Float64Array.from({ length: 20_000 }, () => random.next());
    const happened = Uint8Array.from(stated, (p) => Number(random.next() < p));
    // Elkan: alarm from p = cost of a false alarm / (that + cost of a miss) = 0.1 on.
    expect(Math.abs(thresholdAdvice(stated, happened, costs, { name: 'yes', seed: 1 }).threshold! - 0.1)).toBeLessThan(0.03);
  });

  it('says to alarm never where an alarm costs more than it can win', () => {
    const { threshold, outcome } = thresholdAdvice(scores, positive, { ...costs, truePositive: 20 }, { name: 'yes', seed: 1 });
    expect(threshold).toBeNull();
    expect(outcome.truePositives).toBe(0);
  });
});

describe('residuals', () => {
  it('hold every row in the histogram and see where errors grow with the answer', () => {
    const prediction = Float64Array.from({ length: 2000 }, () => 10 * random.next());
    const truth = prediction.map((value) => value + (1 + value) * 0.3 * random.normal() + 0.5);
    const { histogram, bands, bias, points } = residualsOf(
      { kind: 'number', truth, prediction },
      Int32Array.from(truth, (_, row) => row + 7),
    );
    expect(histogram.counts.reduce((sum, each) => sum + each, 0)).toBe(2000);
    expect(bias.low!).toBeLessThan(0.5);
    expect(bias.high!).toBeGreaterThan(0.5);
    expect(bands.at(-1)!.high - bands.at(-1)!.low).toBeGreaterThan(3 * (bands[0]!.high - bands[0]!.low));
    expect(points).toHaveLength(1000);
    expect(points[0]!.row).toBe(7);
  });

  it('have quantiles as numpy has them', () => {
    expect(quantile(Float64Array.of(1, 2, 4, 8), 0.4)).toBeCloseTo(2.4, 12);
  });
});

describe('slices', () => {
  const rows = 4000;
  const age = Float32Array.from({ length: rows }, (_, row) => (row % 40 === 0 ? NaN : 20 + 60 * random.next()));
  const city = Array.from({ length: rows }, () => ['Oslo', 'Lima', 'Pune', ''][random.integer(4)]!);
  const noise = Array.from({ length: 12 }, (_, at) => ({
    name: `noise${at}`,
    column: { kind: 'float32' as const, values: Float32Array.from(age, () => random.normal()) },
  }));
  const columns = [
    { name: 'age', column: { kind: 'float32' as const, values: age } },
    { name: 'city', column: stringColumn(city) },
    ...noise,
  ];
  const withNoise = (scale: (row: number) => number): Extract<Answers, { kind: 'number' }> => {
    const truth = Float64Array.from(age, () => 100 * random.next());
    return { kind: 'number', truth, prediction: truth.map((value, row) => value + scale(row) * random.normal()) };
  };

  it('find the rows that were made worse, by one column and by two', () => {
    const table = sliceTable(
      withNoise((row) => (city[row] === 'Lima' && age[row]! > 65 ? 6 : 1)),
      columns,
    );
    const worst = table.slices[0]!;
    expect(worst.conditions.map(({ column }) => column).sort()).toEqual(['age', 'city']);
    expect(worst.conditions.find(({ column }) => column === 'city')!.value).toBe('Lima');
    expect(worst).toMatchObject({ verdict: 'worse' });
    expect(worst.difference.low!).toBeGreaterThan(0);
    expect(worst.adjustedP).toBeGreaterThanOrEqual(worst.p);
    expect(table.slices.every(({ rows: count }) => count >= table.fewestRows)).toBe(true);
  });

  it('call nothing worse, in most of twenty tables, where nothing is', () => {
    let called = 0;
    for (let trial = 0; trial < 20; trial++)
      if (
        sliceTable(
          withNoise(() => 1),
          columns,
        ).slices.some(({ verdict }) => verdict === 'worse')
      )
        called++;
    expect(called).toBeLessThanOrEqual(3);
  });

  it('have missing cells as a slice of their own', () => {
    const table = sliceTable(
      withNoise((row) => (Number.isNaN(age[row]) ? 5 : 1)),
      columns,
    );
    expect(table.slices[0]!.conditions.some(({ column, kind }) => column === 'age' && kind === 'missing')).toBe(true);
  });

  it('are adjusted as statsmodels does', () => {
    // multipletests([.01, .04, .03, .005], method='fdr_bh')
    expect(benjaminiHochberg([0.01, 0.04, 0.03, 0.005]).map((each) => Number(each.toFixed(6)))).toEqual([0.02, 0.04, 0.04, 0.02]);
  });

  it('are tested as scipy does', () => {
    // scipy.stats.ttest_ind([1, 2, 4, 7], [2, 3, 3, 8, 9, 12], equal_var=False): statistic, pvalue, confidence_interval()
    const test = welch(totalsOf(Float64Array.of(1, 2, 4, 7, 2, 3, 3, 8, 9, 12)), Int32Array.of(0, 1, 2, 3));
    expect(test.t).toBeCloseTo(-1.2555296411486891, 8);
    expect(test.p).toBeCloseTo(0.24474031306279584, 8);
    expect(test.low).toBeCloseTo(-7.565083946356037, 6);
    expect(test.high).toBeCloseTo(2.2317506130227027, 6);
    // scipy.stats.t.sf(2.5, 3.7) * 2
    expect(studentTail(2.5, 3.7)).toBeCloseTo(0.07182202291182678, 10);
  });
});
