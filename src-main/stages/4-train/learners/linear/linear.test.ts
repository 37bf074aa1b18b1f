import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { Breather } from '../Breather.ts';
import type { FitData, LearnerTarget } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { DesignMatrix } from './DesignMatrix.ts';
import { cheapestShift, fitMultinomial } from './fitMultinomial.ts';
import { exact, penalisedFitter, widestGram, type LinearFit } from './fitPenalised.ts';
import { fitQuantile } from './fitQuantile.ts';
import { linearLearner } from './linearLearner.ts';
import { descendOnColumns, descendOnGram, solveCholesky } from './quadratic.ts';
import { devianceLoss, logisticLoss, squaredLoss, type RowLoss } from './rowLosses.ts';
import { SmoothGraphs } from './SmoothGraphs.ts';
import fixture from './sklearn.fixture.json' with { type: 'json' };

const breather = (): Breather => new Breather({ nowMs: () => 0, deadlineMs: Infinity, shouldStop: () => 'no' });

/** One case as scikit-learn's script wrote it. */
interface FixtureCase {
  name: string;
  target: keyof typeof fixture.targets;
  family: string;
  l1: number;
  l2: number;
  power?: number;
  level?: number;
  coefficients: number[][];
  intercepts: number[];
  predictions: number[];
}

describe(`scikit-learn ${fixture.scikitLearn}`, () => {
  const rows = fixture.X.length;
  const design = new DesignMatrix({ rows, width: 4, data: Float32Array.from(fixture.X.flat()) });
  const total = fixture.weights.reduce((sum, each) => sum + each, 0);
  const shares = Float64Array.from(fixture.weights, (each) => each / total);

  const fit = async ({ family, target, l1, l2, power, level }: FixtureCase): Promise<LinearFit[]> => {
    const y = Float64Array.from(fixture.targets[target]);
    if (family === 'multinomial') return fitMultinomial(design, Int32Array.from(y), 3, shares, { l1, l2 }, null, breather());
    if (family === 'quantile') return [await fitQuantile(design, y, shares, level!, l2, breather())];
    const loss =
      family === 'squared' ? squaredLoss(y, shares) : family === 'logistic' ? logisticLoss(y, shares) : devianceLoss(y, shares, power!);
    return [await penalisedFitter(design, loss)({ l1, l2 }, null, breather())];
  };

  it.each(fixture.cases as unknown as FixtureCase[])('fits the same: $name', async (each) => {
    const fits = await fit(each);
    const largest = Math.max(...each.coefficients.flat().map(Math.abs));
    const etas = fits.map(({ intercept, weights }) => {
      const eta = new Float64Array(rows);
      design.multiply(weights, intercept, eta);
      return eta;
    });
    fits.forEach(({ weights, intercept }, output) => {
      each.coefficients[output]!.forEach((value, j) => expect(Math.abs(weights[j]! - value) / largest).toBeLessThan(1e-4));
      expect(Math.abs(intercept - each.intercepts[output]!) / Math.max(1, Math.abs(intercept))).toBeLessThan(1e-4);
    });
    const isClass = each.family === 'logistic' || each.family === 'multinomial';
    const predictions = isClass
      ? Array.from({ length: rows }, (_, row) => [
          ...softmax(fits.length === 1 ? [0, etas[0]![row]!] : etas.map((eta) => eta[row]!), Math.max(2, fits.length), 1),
        ]).flat()
      : [...etas[0]!].map((eta) => (each.family === 'deviance' ? Math.exp(eta) : eta));
    const scale = isClass ? 1 : Math.max(...each.predictions.map(Math.abs));
    expect(predictions).toHaveLength(each.predictions.length);
    predictions.forEach((value, at) => expect(Math.abs(value - each.predictions[at]!) / scale).toBeLessThan(1e-5));
  });
});

describe('solvers of the quadratic', () => {
  const random = counterRandom(2);
  const [rows, width] = [80, 6];
  const data = Float32Array.from({ length: rows * width }, (_, at) => (at % width === 5 && random.next() < 0.8 ? 0 : random.normal()));
  const design = new DesignMatrix({ rows, width, data });
  const curvature = Float64Array.from({ length: rows }, () => 0.1 + random.next());
  const working = Float64Array.from({ length: rows }, () => random.normal());

  it('agree with each other and with the conditions of the optimum', () => {
    const total = curvature.reduce((sum, each) => sum + each, 0);
    const centred = Array.from({ length: width }, (_, j) => {
      const mean = design.dot(j, curvature) / total;
      return Float64Array.from({ length: rows }, (__, row) => data[row * width + j]! - mean);
    });
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, each, at) => sum + each * b[at]!, 0);
    const gram = Float64Array.from(
      centred.flatMap((a) =>
        centred.map((b) =>
          dot(
            a.map((each, row) => each * curvature[row]!),
            b,
          ),
        ),
      ),
    );
    const c = Float64Array.from(centred, (column) => dot(column, working));
    for (const penalty of [
      { l1: 0, l2: 0.3 },
      { l1: 4, l2: 0.5 },
    ]) {
      const byGram = descendOnGram(gram, c, penalty, new Float64Array(width));
      const byColumns = new Float64Array(width);
      descendOnColumns(design, curvature, working.slice(), penalty, byColumns);
      byGram.forEach((each, j) => expect(byColumns[j]).toBeCloseTo(each, 6));
      const slopes = c.map((each, j) => each - dot(gram.subarray(j * width, (j + 1) * width), byGram) - penalty.l2 * byGram[j]!);
      slopes.forEach((slope, j) =>
        byGram[j] === 0
          ? expect(Math.abs(slope)).toBeLessThanOrEqual(penalty.l1)
          : expect(slope).toBeCloseTo(Math.sign(byGram[j]!) * penalty.l1, 6),
      );
      if (penalty.l1 === 0) solveCholesky(gram.slice(), c, penalty.l2).forEach((each, j) => expect(byGram[j]).toBeCloseTo(each, 6));
    }
  });

  it('give a collinear column no weight', () => {
    // The third column is the sum of the first two.
    const gram = Float64Array.of(2, 1, 3, 1, 2, 3, 3, 3, 6);
    const solution = solveCholesky(gram, Float64Array.of(1, 2, 3), 0);
    expect(solution[2]).toBe(0);
    expect(solution[0]).toBeCloseTo(0, 12);
    expect(solution[1]).toBeCloseTo(1, 12);
  });

  it('shift the weights of all classes to where they cost least', () => {
    expect(cheapestShift([1, 2, 6], { l1: 1, l2: 0 })).toBe(2);
    expect(cheapestShift([-1, 0, 0, 5], { l1: 1, l2: 0 })).toBe(0);
    expect(cheapestShift([1, 2, 4, 5], { l1: 1, l2: 0 })).toBe(2);
    expect(cheapestShift([1, 2, 6], { l1: 0, l2: 1 })).toBe(3);
    const cost = (c: number): number => [1, 2, 6].reduce((sum, each) => sum + 0.7 * Math.abs(each - c) + 0.2 * (each - c) ** 2, 0);
    const best = cheapestShift([1, 2, 6], { l1: 0.7, l2: 0.4 });
    for (const other of [best - 1e-3, best + 1e-3]) expect(cost(best)).toBeLessThan(cost(other));
  });
});

describe('the linear learner', () => {
  const random = counterRandom(11);
  const tableOf = (rows: number, width: number, target: (row: Float32Array, at: number) => number, classes?: number): FitData => {
    const data = Float32Array.from({ length: rows * width }, () => random.normal());
    const values = Float64Array.from({ length: rows }, (_, row) => target(data.subarray(row * width, (row + 1) * width), row));
    const found: LearnerTarget = classes ? { kind: 'class', codes: Int32Array.from(values), classes } : { kind: 'number', values };
    return {
      task: classes ? { kind: 'class', classes } : { kind: 'number', objective: { kind: 'squared' } },
      columns: Array.from({ length: width }, (_, at) => ({ name: `x${at}`, kind: 'number' })),
      train: { features: { rows, width, data }, target: found },
    };
  };

  it('finds the columns that matter among many by its path', async () => {
    const truth = (row: Float32Array): number => 3 * row[0]! - 2 * row[7]!;
    const data = tableOf(200, 60, (row) => truth(row) + random.normal());
    const fitted = await linearLearner.fit(
      { ...data, validation: tableOf(200, 60, (row) => truth(row) + random.normal()).train },
      { l1Ratio: 1, lambda: 'path' },
      testControl(),
    );
    const { weights } = fitted.state().arrays as { weights: Float64Array };
    expect(weights[0]).toBeGreaterThan(2.6);
    expect(weights[7]).toBeLessThan(-1.6);
    expect(fitted.chosen['nonZero']).toBeLessThan(40);
    const losses = fitted.curve.map((point) => point.validationLoss!);
    expect(Math.min(...losses)).toBeLessThan(1.5);
  });

  it('stays finite where a column separates the classes', async () => {
    const fitted = await linearLearner.fit(
      tableOf(100, 3, (row) => Number(row[1]! > 0), 2),
      { l1Ratio: 0, lambda: 0 },
      testControl(),
    );
    const outputs = await fitted.predict({ rows: 1, width: 3, data: Float32Array.of(0, 2, 0) });
    expect(Number.isFinite(outputs[1])).toBe(true);
    expect(outputs[1]! - outputs[0]!).toBeGreaterThan(5);
  });

  it('gives a class that training does not have half a row', async () => {
    const data = tableOf(100, 3, (row) => (row[0]! > 0 ? 2 : 0), 3);
    const fitted = await linearLearner.fit(data, { l1Ratio: 0, lambda: 0.01 }, testControl());
    const outputs = await fitted.predict(data.train.features);
    const shares = softmax(outputs, 3, 1);
    const mean = shares.reduce((sum, each, at) => sum + (at % 3 === 1 ? each : 0), 0) / 100;
    expect(mean).toBeGreaterThan(0.003);
    expect(mean).toBeLessThan(0.007);
    const one = await linearLearner.fit(
      tableOf(50, 3, () => 1, 2),
      { l1Ratio: 0, lambda: 'path' },
      testControl(),
    );
    expect(softmax(await one.predict({ rows: 1, width: 3, data: new Float32Array(3) }), 2, 1)[1]).toBeCloseTo(0.99, 2);
  });

  it('keeps quantiles in order', async () => {
    const data = tableOf(300, 2, (row) => row[0]! * (1 + random.normal()));
    const task = { kind: 'number', objective: { kind: 'quantile', levels: [0.2, 0.5, 0.8] } } as const;
    const fitted = await linearLearner.fit({ ...data, task }, { l1Ratio: 0, lambda: 1e-4 }, testControl());
    // Far out the lines have crossed.
    const far = Float32Array.from({ length: 40 }, () => 30 * random.normal());
    const outputs = await fitted.predict({ rows: 20, width: 2, data: far });
    for (let row = 0; row < 20; row++) {
      const [low, middle, high] = outputs.subarray(row * 3, row * 3 + 3);
      expect(low! <= middle! && middle! <= high!).toBe(true);
    }
  });

  it('answers rows far from those of training by no more than twice what it answers there', async () => {
    const data = tableOf(60, 2, (row) => Math.exp(2 * row[0]!));
    const task = { kind: 'number', objective: { kind: 'gamma' } } as const;
    const parts = await Promise.all(
      [1e-4, 1e-2].map((lambda) => linearLearner.fit({ ...data, task }, { l1Ratio: 0, lambda }, testControl())),
    );
    const far = { rows: 2, width: 2, data: Float32Array.of(40, 0, -40, 0) };
    for (const fitted of [...parts, linearLearner.merge!(parts)!]) {
      const seen = await fitted.predict(data.train.features);
      const [above, below] = await fitted.predict(far);
      expect(above! / Math.max(...seen)).toBeCloseTo(2, 4);
      expect(below! / Math.min(...seen)).toBeCloseTo(0.5, 4);
    }
  });

  it('refuses counts below 0, with the row', async () => {
    const data = tableOf(20, 2, (_, at) => (at === 7 ? -1 : 1));
    const task = { kind: 'number', objective: { kind: 'poisson' } } as const;
    await expect(linearLearner.fit({ ...data, task }, { l1Ratio: 0, lambda: 0.1 }, testControl())).rejects.toMatchObject({
      code: 'MK_TRAIN_TARGET_RANGE',
      params: { row: 7, value: -1 },
    });
  });

  it('fits more columns than the matrix of products takes, and more than rows', async () => {
    const width = widestGram + 50;
    for (const l1Ratio of [0, 1]) {
      const data = tableOf(120, width, (row) => 2 * row[3]!);
      const fitted = await linearLearner.fit(data, { l1Ratio, lambda: 0.02 }, testControl());
      const { weights } = fitted.state().arrays as { weights: Float64Array };
      const largest = weights.reduce((best, each, j) => (Math.abs(each) > Math.abs(weights[best]!) ? j : best), 0);
      expect(largest).toBe(3);
    }
  });
});

describe('gradient graphs of the compiler', () => {
  const random = counterRandom(21);
  const [rows, width] = [90, 7];
  const design = new DesignMatrix({ rows, width, data: Float32Array.from({ length: rows * width }, () => random.normal()) });
  const weights = Float64Array.from({ length: rows }, () => random.next() / rows);
  const y = Float64Array.from({ length: rows }, () => random.integer(3));
  const flags = y.map((each) => Number(each > 0));
  const losses: [string, RowLoss][] = [
    ['logistic', logisticLoss(flags, weights)],
    ['Poisson', devianceLoss(y, weights, 1)],
    [
      'gamma',
      devianceLoss(
        y.map((each) => each + 0.5),
        weights,
        2,
      ),
    ],
    ['Tweedie', devianceLoss(y, weights, 1.3)],
  ];

  it.each(losses)('give the loss and the gradient of the loops: %s', async (_, loss) => {
    const graphs = new SmoothGraphs(ortRuntime);
    const objective = await graphs.objective(loss, design, 1, loss.emit!);
    const point = Float64Array.from({ length: width + 1 }, () => random.normal());
    const found = await objective!.evaluate(point);
    const [eta, gradient, sums] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(width)];
    design.multiply(point.subarray(0, width), point[width]!, eta);
    expect(found.loss).toBeCloseTo(loss.evaluate(eta, gradient, null), 12);
    design.multiplyTransposed(gradient, sums);
    sums.forEach((sum, j) => expect(found.gradient[j]).toBeCloseTo(sum, 12));
    expect(found.gradient[width]).toBeCloseTo(
      gradient.reduce((sum, each) => sum + each, 0),
      12,
    );
    await graphs.release();
  });

  it('end at the same softmax regression, and are left where data are sparse', async () => {
    const graphs = new SmoothGraphs(ortRuntime);
    const codes = Int32Array.from(y);
    const penalty = { l1: 0, l2: 0.01 };
    const [byGraph, byLoops] = [
      await fitMultinomial(design, codes, 3, weights, penalty, null, breather(), exact, graphs),
      await fitMultinomial(design, codes, 3, weights, penalty, null, breather(), exact),
    ];
    byGraph.forEach(({ weights: own }, code) => own.forEach((each, j) => expect(each).toBeCloseTo(byLoops[code]!.weights[j]!, 4)));
    await graphs.release();
    const sparse = new DesignMatrix({
      rows,
      width: 400,
      data: Float32Array.from({ length: rows * 400 }, (__, at) => Number(at % 31 === 0)),
    });
    expect(await graphs.objective('any', sparse, 1, losses[0]![1].emit!)).toBeNull();
  });
});
