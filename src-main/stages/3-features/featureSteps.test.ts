// Walks the table of steps: each, with each of its settings, on random and edge inputs, against a plain computation. A new kind of
// rule, setting or interaction does not compile until it stands in the table.
import { describe, expect, it } from 'vitest';
import type { FeatureInteraction, FeatureRule, FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../src-shared/domain/table.ts';
import { GraphBuilder } from '../../compiler/index.ts';
import { counterRandom } from '../../platform/random.ts';
import { FeatureTransformer } from './FeatureTransformer.ts';
import { addFeatureGraph } from './featureGraph.ts';
import { fitFeatures } from './fitFeatures.ts';
import { featureNames } from './layout.ts';
import type { FeatureView, FittedFeatures } from './fittedFeatures.ts';
import { onnxLoader } from './onnxRunner.ts';
import { allRows, columnFeed, stringColumn, type RawColumn, type RawTable } from './rawTable.ts';
import type { Target } from './target.ts';
import { plainFeatures } from './testing/plainFeatures.ts';

const loadModel = onnxLoader();
const rows = 300;
const tolerance = 1e-6;

type Numeric = Extract<FeatureRule, { kind: 'numeric' }>;
type Text = Extract<FeatureRule, { kind: 'textNgrams' }>;
type Datetime = Extract<FeatureRule, { kind: 'datetime' }>;
const all = <T extends string>(values: Record<T, true>): T[] => Object.keys(values) as T[];

const numericBase: Numeric = { column: 'x', kind: 'numeric', impute: 'median', missingFlag: true, scale: 'standard', transform: 'none' };
const textBase: Text = { column: 't', kind: 'textNgrams', unit: 'word', minN: 1, maxN: 2, maxFeatures: 60, weighting: 'tfidf' };
const parts = all<Datetime['parts'][number]>({
  age: true,
  year: true,
  dayOfMonth: true,
  dayOfWeek: true,
  month: true,
  hour: true,
  dayOfWeekCycle: true,
  dayOfMonthCycle: true,
  monthCycle: true,
  hourCycle: true,
});

const steps: Record<Exclude<FeatureRule['kind'], 'drop'>, FeatureRule[]> = {
  numeric: [
    ...all<Numeric['impute']>({ median: true, mean: true, zero: true, mostFrequent: true }).map((impute) => ({ ...numericBase, impute })),
    ...all<Numeric['scale']>({ standard: true, robust: true, minmax: true, none: true }).map((scale) => ({ ...numericBase, scale })),
    ...all<Numeric['transform']>({ none: true, log1p: true, quantile: true, yeoJohnson: true, boxCox: true }).flatMap((transform) => [
      { ...numericBase, transform },
      { ...numericBase, column: 'skewed', transform },
      { ...numericBase, column: 'constant', transform },
      { ...numericBase, column: 'empty', transform },
      { ...numericBase, column: 'far', transform, scale: 'none' as const },
    ]),
  ],
  boolean: [{ column: 'flag', kind: 'boolean' }],
  oneHot: [
    { column: 'c', kind: 'oneHot', maxValues: 3, minCount: 2 },
    { column: 'few', kind: 'oneHot', maxValues: 10, minCount: 1 },
  ],
  encoded: [
    { column: 'c', kind: 'encoded', encodings: ['target', 'frequency', 'hash'], smoothing: 5, buckets: 3, minCount: 2, maxCodes: 2 },
    { column: 'c', kind: 'encoded', encodings: ['hash'], smoothing: 5, buckets: 2, minCount: 1, maxCodes: 0 },
    { column: 'c', kind: 'encoded', encodings: ['target'], smoothing: 0.5, buckets: 2, minCount: 1, maxCodes: 100 },
  ],
  textNgrams: [
    ...all<Text['weighting']>({ tfidf: true, count: true, binary: true }).flatMap((weighting) =>
      [false, true].map((sublinear) => ({ ...textBase, weighting, sublinear })),
    ),
    { ...textBase, unit: 'character', maxN: 3 },
    { ...textBase, components: 4 },
    { ...textBase, unit: 'character', weighting: 'count', components: 3 },
  ],
  datetime: [
    { column: 'd', kind: 'datetime', parts },
    { column: 'd', kind: 'datetime', parts: ['age'], since: ['e'] },
  ],
  imagePixels: [{ column: 'i', kind: 'imagePixels', width: 2, height: 1, channels: 3 }],
};

const interactions: Record<FeatureInteraction['kind'], FeatureInteraction> = {
  product: { kind: 'product', left: 'x', right: 'skewed' },
  ratio: { kind: 'ratio', left: 'x', right: 'small' },
  cross: { kind: 'cross', left: 'c', right: 'few', maxValues: 5, minCount: 1 },
};

describe('the graph computes what the plain formula does', () => {
  for (const rule of Object.values(steps).flat()) {
    const { column, ...settings } = rule;
    it(`${column}: ${JSON.stringify(settings)}`, async () => {
      const extra =
        rule.kind === 'datetime' && rule.since
          ? rule.since.map((name): FeatureRule => ({ column: name, kind: 'datetime', parts: ['age'] }))
          : [];
      await compare([rule, ...extra], []);
    });
  }

  for (const each of Object.values(interactions))
    it(`${each.kind} of two columns`, async () => {
      const rules: FeatureRule[] = [each.left, each.right].map((column) =>
        each.kind === 'cross' ? { column, kind: 'oneHot', maxValues: 4, minCount: 1 } : { ...numericBase, column },
      );
      await compare(rules, [each]);
    });

  it('everything at once', async () => {
    const taken = new Set<string>();
    const rules = Object.values(steps)
      .flat()
      .filter(({ column }) => !taken.has(column) && taken.add(column));
    await compare([...rules, { ...numericBase, column: 'small' }], Object.values(interactions));
  });

  it('for each kind of target', async () => {
    const codes = Int32Array.from({ length: rows }, (_, row) => ((row * 7) % 13) % 4);
    for (const classes of [
      ['a', 'b'],
      ['a', 'b', 'c', 'd'],
    ])
      await compare(steps.encoded.slice(0, 1), [], { kind: 'class', codes: codes.map((code) => code % classes.length), classes });
  });
});

async function compare(rules: FeatureRule[], between: FeatureInteraction[], target: Target = numberTarget()): Promise<void> {
  const table = tableOf(1);
  const spec: FeatureSpec = {
    dataset: { name: 'd', version: 1 },
    target: { kind: 'column', column: 'y' },
    task: 'regression',
    classes: [],
    rules,
    interactions: between,
  };
  const columns = [...table.columns.keys()].map((name) => ({ name, type: typeOf[name] ?? ('number' as const) }));
  const trainRows = allRows(rows).filter((row) => row % 3 !== 0);
  const fitted = JSON.parse(
    JSON.stringify(await fitFeatures(spec, { columns, table, rows: trainRows, target, loadModel })),
  ) as FittedFeatures;
  for (const view of ['scaled', 'codes'] as const)
    for (const held of [table, edges()]) {
      const expected = plainFeatures(fitted, held, view);
      const found = await graphFeatures(fitted, held, view);
      const names = featureNames(fitted, view);
      for (const [row, own] of found.entries())
        for (const [at, value] of own.entries()) {
          const wanted = expected[row]![at]!;
          const near = Number.isNaN(wanted) ? Number.isNaN(value) : Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
          if (!near) expect.fail(`${view} ${names[at]} of row ${row}: ${value}, expected ${wanted}`);
        }
      expect(found.length).toBe(held.rows);
      // Zeros may differ in their sign.
      const plusZero = (values: number[][]): number[][] => values.map((own) => own.map((value) => value + 0));
      expect(plusZero(await byColumns(fitted, held, view))).toEqual(plusZero(found));
      expect(found[0]).toHaveLength(names.length);
    }
}

async function graphFeatures(fitted: FittedFeatures, table: RawTable, view: FeatureView): Promise<number[][]> {
  const g = new GraphBuilder('features');
  g.output(addFeatureGraph(g, fitted, [view])[0]!);
  const name = g.build().outputs[0]!.name;
  const model = await loadModel(g.toModelBytes({ producer: 'test' }));
  const feeds = Object.fromEntries(
    fitted.columns.map(({ column }) => [column, columnFeed(table.columns.get(column)!, allRows(table.rows))]),
  );
  const { data, dims } = (await model.run(feeds))[name]!;
  await model.release();
  const width = dims[1]!;
  return Array.from({ length: dims[0]! }, (_, row) => Array.from((data as Float32Array).subarray(row * width, (row + 1) * width)));
}

/** Rows in no order, some of them twice; then put back. */
async function byColumns(fitted: FittedFeatures, table: RawTable, view: FeatureView): Promise<number[][]> {
  const transformer = await FeatureTransformer.open(fitted, view, loadModel);
  const order = Int32Array.from({ length: 2 * table.rows }, (_, at) => (at * 7 + 3) % table.rows);
  const data = await transformer.matrix(table, order);
  await transformer.release();
  const { width } = transformer;
  const places = Array.from({ length: table.rows }, (_, row) => order.indexOf(row));
  return places.map((place) => Array.from(data.subarray(place * width, (place + 1) * width)));
}

const typeOf: Record<string, ColumnType> = {
  c: 'category',
  t: 'text',
  d: 'timestamp',
  e: 'date',
  i: 'image',
  flag: 'boolean',
  few: 'integer',
};

function numberTarget(): Target {
  const random = counterRandom(5);
  return { kind: 'number', values: Float64Array.from({ length: rows }, () => random.next() * 10 - 3) };
}

const words = ['Cat', 'dog', 'CAT', 'été', 'мир', '猫', '狗', 'x1', '...'];

function tableOf(seed: number): RawTable {
  const random = counterRandom(seed);
  const numbers = (make: (row: number) => number, missing = 0.1): RawColumn => ({
    kind: 'float32',
    values: Float32Array.from({ length: rows }, (_, row) => (random.next() < missing ? NaN : make(row))),
  });
  const texts = Array.from({ length: rows }, () =>
    Array.from({ length: Math.floor(random.next() * 6) }, () => words[Math.floor(random.next() ** 2 * words.length)]!).join(' '),
  );
  return {
    rows,
    columns: new Map<string, RawColumn>([
      ['x', numbers(() => random.next() * 20 - 10)],
      ['skewed', numbers(() => Math.exp(4 * random.next()) - 1)],
      ['small', numbers(() => Math.floor(random.next() * 3) - 1)],
      ['few', numbers(() => Math.floor(random.next() * 5) - 2)],
      ['constant', numbers(() => 3.3)],
      ['empty', numbers(() => NaN)],
      ['far', numbers(() => 1e6 + random.next())],
      ['flag', numbers(() => Number(random.next() < 0.3))],
      ['c', stringColumn(Array.from({ length: rows }, () => (random.next() < 0.1 ? null : `v${Math.floor(random.next() ** 3 * 12)}`)))],
      ['t', stringColumn(texts.map((text) => text || null))],
      [
        'd',
        {
          kind: 'float64',
          values: Float64Array.from({ length: rows }, () => (random.next() < 0.1 ? NaN : random.next() * 60_000 - 40_000)),
        },
      ],
      [
        'e',
        {
          kind: 'float64',
          values: Float64Array.from({ length: rows }, () => (random.next() < 0.1 ? NaN : Math.floor(random.next() * 60_000 - 40_000))),
        },
      ],
      ['i', { kind: 'uint8', shape: [1, 2, 3], values: Uint8Array.from({ length: rows * 6 }, () => random.next() * 256) }],
    ]),
  };
}

/** What training does not meet: missing, infinite, huge, tiny, unseen, empty. */
function edges(): RawTable {
  const values = Float32Array.of(NaN, Infinity, -Infinity, 0, -0, 1e30, -1e30, 3.4028234e38, 1e-40, -1, 1, 2);
  const many = values.length;
  const texts = stringColumn(['never seen', '', null, '😀', 'v0', 'V0', ' v0', 'cat cat CAT', '猫狗', 'v0 ', 'été ÉTÉ', 'a'.repeat(5000)]);
  const days = Float64Array.of(NaN, Infinity, -Infinity, 0, -1, -0.000001, 1e300, -1e300, -719_468, 2_932_896.99, -25_567, 0.999999999);
  return {
    rows: many,
    columns: new Map<string, RawColumn>([
      ...['x', 'skewed', 'small', 'few', 'constant', 'empty', 'far', 'flag'].map((name): [string, RawColumn] => [
        name,
        { kind: 'float32', values },
      ]),
      ['c', texts],
      ['t', texts],
      ['d', { kind: 'float64', values: days }],
      ['e', { kind: 'float64', values: days.toReversed() }],
      ['i', { kind: 'uint8', shape: [1, 2, 3], values: Uint8Array.from({ length: many * 6 }, (_, at) => (at * 255) % 256) }],
    ]),
  };
}
