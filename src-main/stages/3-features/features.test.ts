import { describe, expect, it } from 'vitest';
import type { FeatureRule, FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Column, ColumnType } from '../../../src-shared/domain/table.ts';
import { GraphBuilder } from '../../compiler/index.ts';
import { addFeatureGraph } from './featureGraph.ts';
import { fitFeatures } from './fitFeatures.ts';
import type { FeatureView, FittedFeatures } from './fittedFeatures.ts';
import { codeCounts, featureNames, featureWidth } from './layout.ts';
import { onnxLoader } from './onnxRunner.ts';
import { allRows, columnFeed, stringColumn, type RawColumn, type RawTable } from './rawTable.ts';

const numbers = (...values: (number | null)[]): RawColumn => ({
  kind: 'float32',
  values: Float32Array.from(values, (each) => each ?? NaN),
});
const days = (...values: (number | null)[]): RawColumn => ({ kind: 'float64', values: Float64Array.from(values, (each) => each ?? NaN) });
const loadModel = onnxLoader();

describe('numeric features', () => {
  it('fills missing cells with the median, standardises, and flags what was missing', async () => {
    const { rows, names } = await run([numeric('x')], { x: numbers(1, 2, 3, null, 10) });
    // Filled: 1 2 3 2.5 10, mean 3.7, population sd 3.2187
    expect(names).toEqual(['x', 'x: missing']);
    const sd = Math.sqrt([1, 2, 3, 2.5, 10].reduce((sum, x) => sum + (x - 3.7) ** 2, 0) / 5);
    expectRows(
      rows,
      [1, 2, 3, 2.5, 10].map((x, at) => [(x - 3.7) / sd, at === 3 ? 1 : 0]),
    );
  });

  it('takes the logarithm first where asked, and a later negative number as zero', async () => {
    const fitted = await fit([numeric('x', { transform: 'log1p' })], { x: numbers(0, 1, 3, 7) });
    const logs = [0, Math.log(2), Math.log(4), Math.log(8)];
    const mean = logs.reduce((a, b) => a + b) / 4;
    const sd = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4);
    expectRows(await apply(fitted, { x: numbers(7, -5) }), [[(Math.log(8) - mean) / sd], [-mean / sd]]);
  });

  it('reads an infinite number as missing', async () => {
    const fitted = await fit([numeric('x')], { x: numbers(1, 3, null) });
    const [infinite, missing] = await apply(fitted, { x: numbers(Infinity, null) });
    expect(infinite).toEqual(missing);
  });

  it('does not let one absurd number squeeze all others together', async () => {
    const honest = Array.from({ length: 100 }, (_, row) => row);
    const { rows } = await run([numeric('x')], { x: numbers(...honest, -1e38) });
    expect(rows[99]![0]! - rows[0]![0]!).toBeGreaterThan(0.9);
    expect(rows[100]![0]!).toBeGreaterThan(-100);
  });

  it('keeps a constant column finite', async () => {
    const { rows } = await run([numeric('x')], { x: numbers(5, 5, 5) });
    expectRows(rows, [[0], [0], [0]]);
  });
});

describe('the view of codes', () => {
  it('keeps numbers as they are, numbers categories and parts of dates, and leaves missing cells NaN', async () => {
    const columns = { x: numbers(1, null, 3), c: stringColumn(['b', 'a', 'b']), d: days(0, 31.5, null) };
    const rules: FeatureRule[] = [
      { column: 'c', kind: 'oneHot', maxValues: 10, minCount: 1 },
      numeric('x', { transform: 'log1p' }),
      { column: 'd', kind: 'datetime', parts: ['age', 'dayOfWeek', 'month', 'hour'] },
    ];
    const fitted = await fit(rules, columns, { c: 'category', d: 'timestamp' });
    expect(featureNames(fitted, 'codes')).toEqual(['x', 'c', 'd: age', 'd: dayOfWeek', 'd: month', 'd: hour']);
    expect([...codeCounts(fitted)]).toEqual([0, 3, 0, 0, 0, 0]);
    const rows = await apply(
      fitted,
      { x: numbers(-7, Infinity, null), c: stringColumn(['a', 'new', 'b']), d: days(0, 31.5, null) },
      undefined,
      'codes',
    );
    // Thursday is 3, January 0, and 1970-02-01 a Sunday.
    expect(rows).toEqual([
      [-7, 1, -15.75, 3, 0, 0],
      [NaN, 2, 15.75, 6, 1, 12],
      [NaN, 0, NaN, NaN, NaN, NaN],
    ]);
  });
});

describe('one-hot features', () => {
  const rule: FeatureRule = { column: 'c', kind: 'oneHot', maxValues: 10, minCount: 2 };

  it('gives frequent values and missing cells a feature each, and rare and unseen ones one together', async () => {
    const fitted = await fit([rule], { c: stringColumn(['a', 'a', 'a', 'b', 'b', 'z', null, null]) }, { c: 'category' });
    expect(featureNames(fitted)).toEqual(['c = a', 'c = b', 'c = missing', 'c = other']);
    const unseen = await apply(fitted, { c: stringColumn(['b', null, 'z', 'never seen', '😀']) });
    expectRows(unseen, [
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
  });

  it('leaves an unseen value all zero when training met nothing rare', async () => {
    const fitted = await fit(
      [rule, { ...rule, column: 'd' }],
      { c: stringColumn(['a', 'a']), d: stringColumn(['u', 'u']) },
      { c: 'category', d: 'category' },
    );
    expectRows(await apply(fitted, { c: stringColumn(['new', 'a']), d: stringColumn(['u', 'new']) }), [
      [0, 1],
      [1, 0],
    ]);
  });
});

describe('text features', () => {
  const text = (unit: 'word' | 'character', more: object = {}): FeatureRule => ({
    column: 't',
    kind: 'textNgrams',
    unit,
    minN: 1,
    maxN: 2,
    maxFeatures: 100,
    weighting: 'count',
    ...more,
  });

  it('counts word n-grams inside the model, in any case and script', async () => {
    const texts = stringColumn(['Free offer! FREE', 'free Offer', 'МИР труд', 'мир Труд', null, '...']);
    const { rows, names } = await run([text('word')], { t: texts }, { t: 'text' });
    const count = (row: number, name: string): number => rows[row]![names.indexOf(`t: ${name}`)]!;
    expect(names).toContain('t: free offer');
    expect([count(0, 'free'), count(0, 'free offer'), count(1, 'free offer')]).toEqual([2, 1, 1]);
    expect([count(2, 'мир'), count(3, 'мир'), count(2, 'мир труд'), count(3, 'мир труд')]).toEqual([1, 1, 1, 1]);
    expect([...rows[4]!, ...rows[5]!].every((each) => each === 0)).toBe(true);
  });

  it('cuts Chinese into characters', async () => {
    const texts = stringColumn(['春眠不覺曉，處處聞啼鳥。', '夜來風雨聲，花落知多少。', '春風', '春風　花落']);
    const { rows, names } = await run([text('character')], { t: texts }, { t: 'text' });
    expect(names).toContain('t: 春風');
    expect(names.some((name) => name.includes('　'))).toBe(false);
    expect(rows.map((row) => row[names.indexOf('t: 花落')])).toEqual([0, 1, 0, 1]);
  });

  it('weights by tf-idf in rows of length one, as scikit-learn does', async () => {
    const texts = stringColumn(['apple banana', 'apple cherry cherry', 'banana cherry', 'apple']);
    const { rows, names } = await run([text('word', { maxN: 1, weighting: 'tfidf' })], { t: texts }, { t: 'text' });
    expect(names).toEqual(['t: apple', 't: banana', 't: cherry']);
    // TfidfVectorizer().fit_transform(texts) of scikit-learn 1.7
    expectRows(rows, [
      [0.62922751, 0.77722116, 0],
      [0.3752176, 0, 0.92693676],
      [0, 0.70710678, 0.70710678],
      [1, 0, 0],
    ]);
  });

  it('does not learn words that stand in validation or test rows only', async () => {
    const table = { t: stringColumn(['good good', 'good day', 'secret secret', 'secret']) };
    const fitted = await fit([text('word')], table, { t: 'text' }, Int32Array.of(0, 1));
    expect(featureNames(fitted).join()).not.toContain('secret');
  });
});

describe('date features', () => {
  const rule: FeatureRule = { column: 'd', kind: 'datetime', parts: ['age', 'dayOfWeek', 'month', 'hour'] };

  it('knows weekday, month and hour of every day of four centuries', async () => {
    const stamps: number[] = [];
    for (let at = 0; at < 3000; at++) stamps.push(Date.UTC(1799, 0, 1) + at * 49 * 86_400_000 + ((at * 7) % 24) * 3_600_000);
    stamps.push(Date.UTC(2024, 1, 29, 23, 59, 59), Date.UTC(2000, 1, 29), Date.UTC(1900, 2, 1), Date.UTC(1969, 11, 31, 13));
    const fitted = await fit([rule], { d: days(0, 1) }, { d: 'timestamp' });
    const rows = await apply(fitted, { d: days(...stamps.map((ms) => ms / 86_400_000)) });
    rows.forEach((row, at) => {
      const date = new Date(stamps[at]!);
      const found = { weekday: row.slice(1, 8).indexOf(1), month: row.slice(8, 20).indexOf(1), hour: row.slice(20, 44).indexOf(1) };
      expect(found).toEqual({ weekday: (date.getUTCDay() + 6) % 7, month: date.getUTCMonth(), hour: date.getUTCHours() });
    });
  });

  it('shows a missing date by its flag alone and survives absurd ones', async () => {
    const fitted = await fit([rule], { d: days(0, 10, null) }, { d: 'timestamp' });
    const rows = await apply(fitted, { d: days(null, 1e300, -Infinity) });
    expect(rows[0]!.slice(1)).toEqual([...Array<number>(43).fill(0), 1]);
    expect(rows.flat().every(Number.isFinite)).toBe(true);
  });
});

describe('image features', () => {
  it('standardises each channel by the training pixels', async () => {
    const image: RawColumn = { kind: 'uint8', shape: [1, 2, 3], values: Uint8Array.from([0, 10, 5, 100, 10, 7, 50, 10, 5, 50, 10, 7]) };
    const { rows } = await run([{ column: 'i', kind: 'imagePixels', width: 2, height: 1, channels: 3 }], { i: image }, { i: 'image' });
    const sd = Math.sqrt((50 ** 2 + 50 ** 2) / 4);
    expectRows(rows, [
      [-50 / sd, 0, -1, 50 / sd, 0, 1],
      [0, 0, -1, 0, 0, 1],
    ]);
  });
});

describe('the whole feature graph', () => {
  it('takes columns of any name: emoji, operator names, "features"', async () => {
    const names = ['Add', 'features', '年龄 😀', 'Concat_1', 'head_x', 'constant'];
    const table = Object.fromEntries(names.map((name, at) => [name, numbers(at, 1, 2)]));
    const { rows, names: features } = await run(
      names.map((name) => numeric(name)),
      table,
    );
    expect(features).toEqual(names);
    expect(rows).toHaveLength(3);
  });

  it('gives the same row whether it comes alone or among others', async () => {
    const rules: FeatureRule[] = [
      numeric('x'),
      { column: 'c', kind: 'oneHot', maxValues: 5, minCount: 1 },
      { column: 't', kind: 'textNgrams', unit: 'word', minN: 1, maxN: 2, maxFeatures: 50, weighting: 'tfidf' },
    ];
    const table = {
      x: numbers(1, null, 3),
      c: stringColumn(['a', 'b', null]),
      t: stringColumn(['one two two', null, 'two three one two']),
    };
    const fitted = await fit(rules, table, { c: 'category', t: 'text' });
    const together = await apply(fitted, table);
    for (const row of [0, 1, 2]) expect(await apply(fitted, table, Int32Array.of(row))).toEqual([together[row]]);
  });

  it('refuses a rule that does not fit the column', async () => {
    await expect(fit([numeric('c')], { c: stringColumn(['a']) }, { c: 'category' })).rejects.toMatchObject({
      code: 'MK_FEATURES_RULE_TYPE',
    });
    await expect(fit([numeric('nowhere')], { c: stringColumn(['a']) })).rejects.toMatchObject({ code: 'MK_FEATURES_COLUMN_MISSING' });
  });

  it('survives a round trip through JSON', async () => {
    const fitted = await fit([numeric('x')], { x: numbers(1, 2, null) });
    expect(JSON.parse(JSON.stringify(fitted))).toEqual(fitted);
  });
});

function numeric(column: string, more: object = {}): FeatureRule {
  return { column, kind: 'numeric', impute: 'median', missingFlag: true, scale: 'standard', transform: 'none', ...more };
}

async function fit(
  rules: FeatureRule[],
  columns: Record<string, RawColumn>,
  types: Record<string, ColumnType> = {},
  rows?: Int32Array,
): Promise<FittedFeatures> {
  const table = tableOf(columns);
  const spec: FeatureSpec = {
    dataset: { name: 'd', version: 1 },
    target: { kind: 'column', column: 'y' },
    task: 'regression',
    classes: [],
    rules,
  };
  const schema: Column[] = Object.keys(columns).map((name) => ({ name, type: types[name] ?? 'number' }));
  return fitFeatures(spec, { columns: schema, table, rows: rows ?? allRows(table.rows), loadModel });
}

async function apply(
  fitted: FittedFeatures,
  columns: Record<string, RawColumn>,
  rows?: Int32Array,
  view: FeatureView = 'scaled',
): Promise<number[][]> {
  const table = tableOf(columns);
  const g = new GraphBuilder('features');
  g.output(addFeatureGraph(g, fitted, [view])[0]!, g.uniqueName('features'));
  const name = g.build().outputs[0]!.name;
  const model = await loadModel(g.toModelBytes({ producer: 'test' }));
  const feeds = Object.fromEntries(
    fitted.columns.map(({ column }) => [column, columnFeed(table.columns.get(column)!, rows ?? allRows(table.rows))]),
  );
  const { data, dims } = (await model.run(feeds))[name]!;
  await model.release();
  const width = featureWidth(fitted, view);
  expect(dims).toEqual([rows?.length ?? table.rows, width]);
  return Array.from({ length: dims[0]! }, (_, row) => Array.from((data as Float32Array).subarray(row * width, (row + 1) * width)));
}

async function run(
  rules: FeatureRule[],
  columns: Record<string, RawColumn>,
  types?: Record<string, ColumnType>,
): Promise<{ rows: number[][]; names: string[] }> {
  const fitted = await fit(rules, columns, types);
  return { rows: await apply(fitted, columns), names: featureNames(fitted) };
}

function tableOf(columns: Record<string, RawColumn>): RawTable {
  const first = Object.values(columns)[0]!;
  const rows =
    first.kind === 'string'
      ? first.codes.length
      : first.kind === 'uint8'
        ? first.values.length / first.shape.reduce((a, b) => a * b)
        : first.values.length;
  return { rows, columns: new Map(Object.entries(columns)) };
}

function expectRows(rows: number[][], expected: number[][]): void {
  expect(rows).toHaveLength(expected.length);
  rows.forEach((row, at) => {
    expect(row).toHaveLength(expected[at]!.length);
    row.forEach((value, column) => expect(value).toBeCloseTo(expected[at]![column]!, 5));
  });
}
