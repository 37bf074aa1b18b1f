import { describe, expect, it } from 'vitest';
import type { FeatureRule, FeatureSpec } from '../../../src-shared/domain/features.ts';
import { counterRandom } from '../../platform/random.ts';
import { FeatureTransformer } from './FeatureTransformer.ts';
import { fitFeatures } from './fitFeatures.ts';
import type { FittedFeatures } from './fittedFeatures.ts';
import { onnxLoader } from './onnxRunner.ts';
import { allRows, stringColumn, type RawTable } from './rawTable.ts';
import type { Target } from './target.ts';
import { trainingFeatures } from './trainingFeatures.ts';

const loadModel = onnxLoader();
const rule: FeatureRule = { column: 'c', kind: 'encoded', encodings: ['target'], smoothing: 2, buckets: 2, minCount: 1, maxCodes: 0 };
const rows = 4000;

describe('target statistics of training rows', () => {
  it('do not give away a row’s own answer, which those of the graph do', async () => {
    // Two rows a value and answers by chance: nothing can be known.
    const { table, target } = chance(rows / 2);
    const fitted = await fit(table, target);
    const graph = await graphColumn(fitted, table);
    const ordered = apply(fitted, table, target, graph);
    expect(Math.abs(correlation(graph, target.values))).toBeGreaterThan(0.6);
    // Four standard errors of a correlation of 4,000 unrelated pairs.
    expect(Math.abs(correlation(ordered, target.values))).toBeLessThan(0.065);
  });

  it('stay as they are when the row’s own answer and that of a later row of another value change places', async () => {
    const { table, target } = chance(50);
    const fitted = await fit(table, target);
    const before = apply(fitted, table, target);
    const codes = (table.columns.get('c') as { codes: Int32Array }).codes;
    for (const row of [0, 1, 7, 100]) {
      const other = codes.findIndex((code, at) => at > row && code !== codes[row]);
      const values = target.values.slice();
      [values[row], values[other]] = [values[other]!, values[row]!];
      const after = apply(fitted, table, { kind: 'number', values });
      expect(after[row]).toBe(before[row]);
    }
  });

  it('of a row are made of rows before it in time, and never of those at the same time', async () => {
    const table: RawTable = { rows: 5, columns: new Map([['c', stringColumn(['a', 'a', 'a', 'b', 'a'])]]) };
    const target: Numbers = { kind: 'number', values: Float64Array.of(1, 2, 4, 0, 8) };
    const fitted = await fit(table, target);
    const mean = 3;
    const ordered = apply(fitted, table, target, undefined, Float64Array.of(20, 10, 20, 5, 30));
    // By time: b (5), then row 1, then rows 0 and 2 together, then row 4.
    const { centre, spread } = (fitted.columns[0] as { tables: { centre: number; spread: number }[] }).tables[0]!;
    const expected = [(2 + 2 * mean) / 3, mean, (2 + 2 * mean) / 3, mean, (7 + 2 * mean) / 5].map((x) => (x - centre) / spread);
    ordered.forEach((value, row) => expect(value).toBeCloseTo(expected[row]!, 5));
  });

  it('are the same for one seed, and rows that serving sees get the plain statistic', async () => {
    const { table, target } = chance(100);
    const fitted = await fit(table, target);
    expect(apply(fitted, table, target)).toEqual(apply(fitted, table, target));
    const served = await graphColumn(fitted, { rows: 1, columns: new Map([['c', stringColumn(['never seen'])]]) });
    const { centre, spread, numbers } = (fitted.columns[0] as { tables: { centre: number; spread: number; numbers: number[] }[] })
      .tables[0]!;
    const mean = target.values.reduce((a, b) => a + b) / rows;
    expect(numbers.at(-1)).toBeCloseTo(mean, 6);
    expect(served[0]).toBeCloseTo((mean - centre) / spread, 5);
  });

  it('are not needed where no column has any', async () => {
    const { table, target } = chance(10);
    const fitted = await fit(table, target, { ...rule, encodings: ['frequency', 'hash'] });
    expect(trainingFeatures(fitted, { table, target, rows: allRows(rows), seed: 1 })).toBeNull();
  });
});

describe('a hundred thousand categories', () => {
  it('are encoded, in one dictionary, and unseen ones stand together', async () => {
    const many = 100_000;
    const codes = Int32Array.from({ length: 3 * many }, (_, row) => row % many);
    const dictionary = Array.from({ length: many }, (_, at) => `customer ${at}`);
    const table: RawTable = { rows: codes.length, columns: new Map([['c', { kind: 'string', codes, dictionary }]]) };
    const target: Numbers = { kind: 'number', values: Float64Array.from(codes, (code) => code % 2) };
    const fitted = await fit(table, target, { ...rule, encodings: ['target', 'frequency', 'hash'], maxCodes: 1000 });
    const transformer = await FeatureTransformer.open(fitted, 'codes', loadModel);
    const probe: RawTable = { rows: 3, columns: new Map([['c', stringColumn(['customer 0', 'customer 99999', 'new'])]]) };
    const data = await transformer.matrix(probe, allRows(3));
    await transformer.release();
    const width = 4;
    // Three rows of answer 0, or 1, and two of the mean 0.5.
    expect(data[1]).toBeCloseTo(1 / 5, 6);
    expect(data[width + 1]).toBeCloseTo(4 / 5, 6);
    expect([data[2 * width], data[2 * width + 1], data[2 * width + 2], data[2 * width + 3]]).toEqual([1000, 0.5, 0, 2]);
  });
});

type Numbers = Extract<Target, { kind: 'number' }>;

function chance(values: number): { table: RawTable; target: Numbers } {
  const random = counterRandom(11);
  const order = random.shuffle(Array.from({ length: rows }, (_, row) => `v${row % values}`));
  return {
    table: { rows, columns: new Map([['c', stringColumn(order)]]) },
    target: { kind: 'number', values: Float64Array.from({ length: rows }, () => Number(random.next() < 0.5)) },
  };
}

async function fit(table: RawTable, target: Target, own: FeatureRule = rule): Promise<FittedFeatures> {
  const spec: FeatureSpec = {
    dataset: { name: 'd', version: 1 },
    target: { kind: 'column', column: 'y' },
    task: 'regression',
    classes: [],
    rules: [own],
  };
  return fitFeatures(spec, { columns: [{ name: 'c', type: 'category' }], table, rows: allRows(table.rows), target, loadModel });
}

async function graphColumn(fitted: FittedFeatures, table: RawTable): Promise<Float32Array> {
  const transformer = await FeatureTransformer.open(fitted, 'scaled', loadModel);
  const data = await transformer.matrix(table, allRows(table.rows));
  await transformer.release();
  return data;
}

function apply(
  fitted: FittedFeatures,
  table: RawTable,
  target: Target,
  data: Float32Array = new Float32Array(table.rows),
  times: Float64Array | null = null,
): Float32Array {
  const own = data.slice();
  const all = allRows(table.rows);
  trainingFeatures(fitted, { table, target, rows: all, seed: 3, times })!.apply('scaled', own, all);
  return own;
}

function correlation(xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let at = 0; at < xs.length; at++) {
    const [dx, dy] = [xs[at]! - meanX, ys[at]! - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}
