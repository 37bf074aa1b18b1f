import { describe, expect, it } from 'vitest';
import type { Column, TableProfile } from '../../../src-shared/domain/table.ts';
import { counterRandom } from '../../platform/random.ts';
import { detectProblem, type ProblemInput } from './detectProblem.ts';
import { numberFacts, type Inspection } from './inspection.ts';
import { isBirthName, isEntityName, isKeyName, isQueryName } from './keyNames.ts';
import { noticeColumns } from './noticeColumns.ts';
import { stringColumn, type RawColumn } from './rawTable.ts';
import { groupFacts, isPanel, sameWithin, timeFacts } from './structure.ts';
import type { Target } from './target.ts';

const rows = 600;
const rowNumbers = Int32Array.from({ length: rows }, (_, row) => row);
const numbers = (of: (row: number) => number, count = rows): Target => ({
  kind: 'number',
  values: Float64Array.from({ length: count }, (_, row) => of(row)),
});
const noise = (row: number, stream = 1): number => counterRandom(stream, row).next();
const shuffled = (row: number): number => (row * 7919) % rows;

describe('times', () => {
  it('that order the rows are told from times that do not', () => {
    const ordered = timeFacts(
      'at',
      Float64Array.from(rowNumbers, (row) => -row),
      rowNumbers,
      numbers(noise),
    );
    expect(ordered.order).toBeCloseTo(-1, 9);
    const mixed = timeFacts('at', Float64Array.from(rowNumbers, shuffled), rowNumbers, numbers(noise));
    expect(Math.abs(mixed.order)).toBeLessThan(0.2);
    expect(mixed).toMatchObject({ moments: rows, missing: 0 });
    expect(mixed.driftF).toBeLessThan(4);
  });

  it('over which the answer drifts are found in rows of any order', () => {
    const drifting = timeFacts(
      'at',
      Float64Array.from(rowNumbers, shuffled),
      rowNumbers,
      numbers((row) => shuffled(row) / rows + noise(row)),
    );
    expect(drifting.drift).toBeGreaterThan(0.3);
    expect(drifting.driftF).toBeGreaterThan(20);
  });

  it('that are missing count as missing', () => {
    const values = Float64Array.from(rowNumbers, (row) => (row % 4 === 0 ? Number.NaN : row));
    expect(timeFacts('at', values, rowNumbers, numbers(noise))).toMatchObject({ missing: 0.25, moments: 450 });
  });
});

describe('groups', () => {
  const groups = rowNumbers.map((row) => row % 60);

  it('with alike answers have an intraclass correlation, those without have none', () => {
    // Variance 1/12 within and 1 between: correlation 12/13.
    const level = (group: number): number => Math.sqrt(12) * noise(group, 9);
    const alike = groupFacts(
      'customer',
      groups,
      numbers((row) => level(groups[row]!) + noise(row)),
      [],
    );
    expect(alike.correlation).toBeCloseTo(12 / 13, 1);
    expect(alike.correlationF).toBeGreaterThan(alike.significantF);
    const unlike = groupFacts('customer', groups, numbers(noise), []);
    expect(Math.abs(unlike.correlation)).toBeLessThan(0.05);
    expect(unlike.correlationF).toBeLessThan(unlike.significantF);
  });

  it('show columns that are theirs', () => {
    expect(sameWithin(groups, (row) => groups[row]! % 5)!.within).toBe(1);
    expect(sameWithin(groups, (row) => groups[row]! % 5)!.overall).toBeLessThan(0.4);
    expect(sameWithin(rowNumbers, () => 1)).toBeNull();
  });

  it('make a panel with a time that each has once', () => {
    const times = Float64Array.from(rowNumbers, (row) => Math.floor(row / 20));
    const stores = rowNumbers.map((row) => row % 20);
    expect(isPanel(times, stores)).toEqual({ entities: 20, moments: 30 });
    expect(
      isPanel(
        times,
        stores.map((store) => store % 10),
      ),
    ).toBeNull();
    expect(isPanel(Float64Array.from(rowNumbers), stores)).toBeNull();
  });
});

describe('names', () => {
  it.each([
    ['customer_id', isKeyName],
    ['orderID', isKeyName],
    ['编号', isKeyName],
    ['patient', isEntityName],
    ['门店', isEntityName],
    ['date_of_birth', isBirthName],
    ['出生日期', isBirthName],
    ['qid', isQueryName],
  ] as const)('%s says what it is', (name, test) => {
    expect(test(name)).toBe(true);
  });

  it.each([
    ['valid', isKeyName],
    ['paid', isKeyName],
    ['stored', isEntityName],
    ['created_at', isBirthName],
    ['equid', isQueryName],
  ] as const)('%s does not', (name, test) => {
    expect(test(name)).toBe(false);
  });
});

function problemOf(
  change: Omit<Partial<ProblemInput>, 'inspection'> & { inspection?: Partial<Inspection> } = {},
): ReturnType<typeof detectProblem> {
  const target = { answered: 100, numeric: true, distinct: 50, values: [] };
  return detectProblem({
    target: 'y',
    task: 'regression',
    classes: [],
    columns: [],
    profile: { columns: [] } as unknown as TableProfile,
    ...change,
    inspection: { rows: 100, target, associations: {}, spaceless: {}, images: {}, ...change.inspection } as Inspection,
  });
}
const ofValues = (values: number[]): ReturnType<typeof detectProblem> => {
  const facts = numberFacts(values)!;
  return problemOf({ inspection: { target: { answered: 100, numeric: true, distinct: 50, values: [], numbers: facts } } });
};

describe('the kind of a problem', () => {
  it('of numbers: counts, amounts with a long tail, or quantities', () => {
    const counts = ofValues(Array.from({ length: 500 }, (_, row) => Math.floor(12 * noise(row) ** 3)));
    expect(counts).toMatchObject({ kind: 'count', objective: { kind: 'poisson' }, reasons: [{ code: 'countTarget' }] });
    const claims = ofValues(Array.from({ length: 500 }, (_, row) => (row % 2 === 0 ? 0 : Math.exp(3 * noise(row) + 4 * noise(row, 2)))));
    expect(claims).toMatchObject({ kind: 'amount', objective: { kind: 'tweedie' }, reasons: [{ code: 'amountTarget' }] });
    const prices = ofValues(Array.from({ length: 500 }, (_, row) => Math.round(300 + Math.exp(5 + 6 * noise(row) ** 3))));
    expect(prices).toMatchObject({ kind: 'amount', objective: { kind: 'gamma' } });
    expect(ofValues(Array.from({ length: 500 }, (_, row) => noise(row)))).toMatchObject({ kind: 'quantity', objective: null, reasons: [] });
    expect(ofValues([-1, 0, 1, 2, 300])).toMatchObject({ kind: 'quantity', objective: null });
  });

  it('of classes: rare ones, and ones that have an order', () => {
    const values = [
      { value: 'no', count: 95 },
      { value: 'yes', count: 5 },
    ];
    const rare = problemOf({
      task: 'binary',
      classes: ['no', 'yes'],
      inspection: { target: { answered: 100, numeric: false, distinct: 2, values } },
    });
    expect(rare.reasons).toEqual([{ code: 'imbalancedClasses', params: { class: 'yes', rows: 5, share: 0.05 } }]);
    for (const classes of [
      ['1', '2', '3'],
      ['high', 'low', 'medium'],
      ['低', '中', '高'],
    ])
      expect(problemOf({ task: 'multiclass', classes }).reasons).toContainEqual({ code: 'ordinalClasses', params: { classes: 3 } });
    for (const classes of [
      ['1', '2', '4'],
      ['cat', 'dog', 'low'],
    ])
      expect(problemOf({ task: 'multiclass', classes }).reasons).toEqual([]);
  });

  it('of several answers a row is said: in columns, in cells', () => {
    const columns: Column[] = ['tag_a', 'tag_b', 'tag_c'].map((name) => ({ name, type: 'integer' }));
    const profile = { columns: columns.map((each) => ({ ...each, distinct: 2, numeric: { min: 0, max: 1 } })) } as unknown as TableProfile;
    const flags = problemOf({ target: 'tag_a', task: 'binary', classes: ['0', '1'], columns, profile });
    expect(flags.reasons).toContainEqual({ code: 'multilabelColumns', params: { prefix: 'tag', columns: 3 } });
    const values = ['a|b', 'a', 'b|c', 'a|b|c', 'c', 'a|c', 'b'].map((value) => ({ value, count: 9 }));
    const cells = problemOf({
      task: 'multiclass',
      classes: values.map((each) => each.value),
      inspection: { target: { answered: 63, numeric: false, distinct: 7, values } },
    });
    expect(cells.reasons).toContainEqual({ code: 'multilabelCells', params: { separator: '|', labels: 3 } });
  });

  it('of grades within queries is a ranking', () => {
    const values = [0, 1, 2].map((grade) => ({ value: `${grade}`, count: 30 }));
    const columns: Column[] = [{ name: 'qid', type: 'identifier' }];
    const ranked = problemOf({
      task: 'multiclass',
      classes: ['0', '1', '2'],
      columns,
      inspection: { target: { answered: 90, numeric: true, distinct: 3, values } },
    });
    expect(ranked.reasons).toContainEqual({ code: 'rankingTable', params: { column: 'qid', grades: 3 } });
  });

  it('splits by the time that orders rows before the group, and never by birthdays', () => {
    const time = { column: 'at', moments: 90, missing: 0, order: 1, drift: 0, driftF: 1, median: 19_000 };
    const group = { column: 'client', groups: 30, rows: 100, correlation: 0.4, correlationF: 9, significantF: 2, constant: ['sex'] };
    const structure = { times: [time], groups: [group], panel: null };
    expect(problemOf({ inspection: { structure } })).toMatchObject({
      holdout: { kind: 'temporal', timeColumn: 'at' },
      reasons: [{ code: 'timeOrder' }, { code: 'groupsToo' }],
    });
    const born = { ...structure, times: [{ ...time, column: 'birth_date' }] };
    expect(problemOf({ inspection: { structure: born } })).toMatchObject({
      holdout: { kind: 'group', groupColumn: 'client' },
      reasons: [{ code: 'groupedRows', params: { groups: 30, correlation: 0.4, constant: 'sex' } }],
    });
    const weak = { times: [{ ...time, order: 0.3 }], groups: [{ ...group, correlation: 0.01, constant: [] }], panel: null };
    expect(problemOf({ inspection: { structure: weak } })).toMatchObject({ holdout: { kind: 'stratified' }, reasons: [] });
    const panel = { ...weak, panel: { time: 'at', entity: 'store', entities: 4, moments: 25 } };
    expect(problemOf({ inspection: { structure: panel } })).toMatchObject({
      holdout: { kind: 'temporal', timeColumn: 'at' },
      reasons: [{ code: 'forecastTable', params: { entity: 'store', entities: 4, moments: 25 } }],
    });
  });
});

describe('columns that may know the future', () => {
  const target: Target = { kind: 'class', classes: ['stay', 'left'], codes: rowNumbers.map((row) => Number(noise(row) < 0.3)) };
  const columns: Column[] = [
    { name: 'line', type: 'integer' },
    { name: 'reason', type: 'category' },
    { name: 'asked', type: 'date' },
    { name: 'closed', type: 'date' },
    { name: 'due', type: 'date' },
    { name: 'size', type: 'number' },
  ];
  const table = {
    rows,
    rowNumbers,
    columns: new Map<string, RawColumn>([
      ['line', { kind: 'float32' as const, values: Float32Array.from(rowNumbers, (row) => 5000 - 3 * row) }],
      ['reason', stringColumn(Array.from(target.codes, (code, row) => (code === 1 ? `r${row % 3}` : null)))],
      ['asked', { kind: 'float64' as const, values: Float64Array.from(rowNumbers, shuffled) }],
      ['closed', { kind: 'float64' as const, values: Float64Array.from(rowNumbers, (row) => shuffled(row) + (row % 5)) }],
      ['due', { kind: 'float64' as const, values: Float64Array.from(rowNumbers, (row) => shuffled(row) + 30 - (row % 60)) }],
      ['size', { kind: 'float32' as const, values: Float32Array.from(rowNumbers, (row) => noise(row, 5)) }],
    ]),
  };

  it('are named, and others are not', () => {
    expect(noticeColumns(table, columns, target, { size: 0.2, reason: 0.97 })).toEqual([
      { column: 'line', code: 'rowOrder', params: { order: -1 } },
      { column: 'reason', code: 'filledForOneClass', params: { class: 'left', rows: target.codes.filter((code) => code === 1).length } },
      { column: 'reason', code: 'nearLeak', params: { score: 0.97 } },
      { column: 'closed', code: 'laterThan', params: { other: 'asked' } },
    ]);
  });
});
