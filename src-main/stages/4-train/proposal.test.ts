// Proposals over real imports: the worker that looks into the rows belongs to this stage.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeatureRule } from '../../../src-shared/domain/features.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import { features as contract } from '../../../src-shared/rpc/features.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { FeatureService, type Proposal } from '../3-features/api.ts';
import { ModelWork } from './api.ts';
import { TestData } from './testData.ts';

const samples = new URL('../../../resources/samples/', import.meta.url).pathname;
let bench: TestBench;
let data: TestData;
let features: FeatureService;

beforeEach(async () => {
  bench = await openTestBench();
  data = new TestData(bench);
  const { db, audit, clock, emit, blobs, startWorker } = bench;
  const labels = { labelsOf: () => Promise.reject(new Error('no labels here')) };
  features = new FeatureService({ db, audit, clock, emit, data: data.service, inspector: new ModelWork({ blobs, startWorker, labels }) });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function propose(dataset: VersionRef, column: string): Promise<Proposal & { rule(column: string): FeatureRule | undefined }> {
  const proposal = await features.propose({ dataset, target: { kind: 'column', column } });
  contract['features.propose'].result.parse(proposal);
  return { ...proposal, rule: (name) => proposal.spec.rules.find((rule) => rule.column === name) };
}

describe('a proposal', { timeout: 60_000 }, () => {
  it('for churn uses every column and puts the affirmative answer last', async () => {
    const { spec, rule, width } = await propose(await data.import('churn', `${samples}churn/churn.csv`), 'churn');
    expect(spec).toMatchObject({ task: 'binary', classes: ['No', 'Yes'] });
    expect(rule('churn')).toEqual({ column: 'churn', kind: 'drop', reason: 'target' });
    expect(rule('tenure')).toMatchObject({ kind: 'numeric', transform: 'none', missingFlag: false });
    expect(rule('total_charges')).toMatchObject({ kind: 'numeric', transform: 'log1p', missingFlag: true });
    expect(rule('contract')).toMatchObject({ kind: 'oneHot' });
    expect(spec.rules.filter((each) => each.kind === 'drop')).toHaveLength(1);
    expect(width).toBeGreaterThan(40);
  });

  it('for orders leaves out identifiers and constants, and says so', async () => {
    const types = {
      'Row ID': 'identifier',
      'Order ID': 'identifier',
      'Customer ID': 'identifier',
      'Customer Name': 'identifier',
      'Product ID': 'identifier',
      'Postal Code': 'category',
    } as const;
    const { spec, rule, findings } = await propose(await data.import('orders', `${samples}orders/orders.csv`, { types }), 'Profit');
    expect(spec).toMatchObject({ task: 'regression', classes: [] });
    expect(rule('Order ID')).toMatchObject({ kind: 'drop', reason: 'identifier' });
    expect(rule('Country')).toMatchObject({ kind: 'drop', reason: 'constant' });
    expect(rule('Order Date')).toEqual({ column: 'Order Date', kind: 'datetime', parts: ['age', 'dayOfWeek', 'month'] });
    expect(rule('Sales')).toMatchObject({ kind: 'numeric', transform: 'log1p' });
    expect(findings).toContainEqual({ column: 'Country', code: 'constant', params: {} });
    expect(findings.find((each) => each.column === 'City')).toMatchObject({ code: 'encodedValues' });
  });

  it('for poems cuts characters, for pictures takes pixels in their colours and nothing that the file says', async () => {
    const poems = await propose(await data.import('poems', `${samples}poems/texts`), 'class');
    expect(poems.rule('text')).toMatchObject({ kind: 'textNgrams', unit: 'character' });
    expect(poems.rule('text')).not.toHaveProperty('words');
    expect(poems.rule('path')).toMatchObject({ kind: 'drop', reason: 'identifier' });
    const clothes = await propose(await data.import('fashion', `${samples}fashion/images`), 'class');
    expect(clothes.rule('image')).toEqual({ column: 'image', kind: 'imagePixels', width: 28, height: 28, channels: 1 });
    expect(clothes.spec.rules.filter((each) => each.kind === 'drop').map((each) => each.reason)).toEqual(
      expect.arrayContaining(['fileFact']),
    );
    expect(clothes.spec).toMatchObject({ task: 'multiclass', classes: ['bag', 'dress', 'shirt', 'sneaker'] });
  });

  it('tells a quantity from a few integer classes', async () => {
    const rows = Array.from({ length: 100 }, (_, row) => [row % 3, row, (row * 7) % 13]);
    const columns = ['grade', 'count', 'x'].map((name) => ({ name, type: 'integer' as const }));
    const dataset = await data.rows('numbers', columns, rows);
    expect((await propose(dataset, 'grade')).spec).toMatchObject({ task: 'multiclass', classes: ['0', '1', '2'] });
    expect((await propose(dataset, 'count')).spec).toMatchObject({ task: 'regression', classes: [] });
  });

  it('finds a copy of the answer in a number column', async () => {
    const rows = Array.from({ length: 300 }, (_, row) => [row * 3 + 10, (row * 7919) % 1009, row * 1.5]);
    const columns = ['cents', 'noise', 'price'].map((name) => ({ name, type: 'number' as const }));
    const { findings, rule } = await propose(await data.rows('prices', columns, rows), 'price');
    expect(findings).toContainEqual({ column: 'cents', code: 'leak', params: { score: 1 } });
    expect(rule('noise')).toMatchObject({ kind: 'numeric' });
  });
});

describe('saved specs', { timeout: 60_000 }, () => {
  it('are numbered, never change, and are one version as long as they are equal', async () => {
    const dataset = await data.import('churn', `${samples}churn/churn.csv`);
    const { spec } = await propose(dataset, 'churn');
    expect(features.save({ name: 'churn-all', spec }, bench.caller)).toMatchObject({ version: 1, usedBy: 0, createdBy: 'ada' });
    expect(features.save({ name: 'churn-all', spec: structuredClone(spec) }, bench.caller).version).toBe(1);
    const smaller = {
      ...spec,
      rules: spec.rules.map((rule) =>
        rule.column === 'female' ? { column: 'female', kind: 'drop' as const, reason: 'user' as const } : rule,
      ),
    };
    expect(features.save({ name: 'churn-all', spec: smaller }, bench.caller).version).toBe(2);
    expect(features.get({ name: 'churn-all' })).toMatchObject({ version: 2, versions: [1, 2], spec: smaller });
    expect(features.get({ name: 'churn-all', version: 1 }).spec).toEqual(spec);
    expect(features.list().map(({ name, version }) => [name, version])).toEqual([['churn-all', 2]]);
    const saves = bench.db.prepare<[], { n: number }>(`SELECT COUNT(*) AS n FROM audit WHERE action = 'features.save'`).get();
    expect(saves).toEqual({ n: 2 });
  });

  it('are refused when they do not fit', async () => {
    const dataset = await data.rows(
      't',
      [
        { name: 'x', type: 'number' },
        { name: 'y', type: 'category' },
      ],
      Array.from({ length: 50 }, (_, row) => [row, `${row % 2}`]),
    );
    const { spec } = await propose(dataset, 'y');
    const numeric = spec.rules.find((rule) => rule.kind === 'numeric')!;
    const save = (changes: object, name = 'n'): unknown => features.save({ name, spec: { ...spec, ...changes } }, bench.caller);
    const refusal = (work: () => unknown): string => {
      try {
        work();
        return 'accepted';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(refusal(() => save({}, 'a/b'))).toBe('MK_NAME_INVALID');
    expect(refusal(() => save({ rules: [...spec.rules, numeric] }))).toBe('MK_FEATURES_SPEC_COLUMN_TWICE');
    expect(refusal(() => save({ rules: [{ ...numeric, column: 'y' }] }))).toBe('MK_FEATURES_SPEC_TARGET_USED');
    expect(refusal(() => save({ rules: [{ ...numeric, column: 'z' }] }))).toBe('MK_FEATURES_COLUMN_MISSING');
    expect(refusal(() => save({ classes: ['0'] }))).toBe('MK_FEATURES_SPEC_CLASSES');
    expect(refusal(() => save({ rules: [] }))).toBe('MK_FEATURES_NONE_USABLE');
    expect(refusal(() => features.get({ name: 'n' }))).toBe('MK_NOT_FOUND');
  });
});
