import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import { allRows, stringColumn, type RawColumn, type RawTable } from '../../3-features/api.ts';
import { columnEffect } from './columnEffect.ts';
import { findCounterfactuals } from './counterfactuals.ts';
import { functionScorer, type Cells } from './functionScorer.ts';
import { shapleyValues } from './shapley.ts';

const pause = (): Promise<void> => Promise.resolve();
const number = (cells: Cells, name: string): number => cells[name] as number;

/** Five columns; `b` depends on `a`, so that marginal and conditional views differ. */
function table(rows: number, seed = 3): RawTable {
  const random = counterRandom(seed);
  const a = Float32Array.from({ length: rows }, () => random.next());
  return {
    rows,
    columns: new Map<string, RawColumn>([
      ['a', { kind: 'float32', values: a }],
      ['b', { kind: 'float32', values: a.map((each) => each + 0.05 * random.normal()) }],
      ['c', { kind: 'float32', values: Float32Array.from(a, () => random.normal()) }],
      ['d', { kind: 'float32', values: Float32Array.from(a, () => random.integer(3)) }],
      ['e', stringColumn(Array.from(a, () => ['red', 'green', 'blue'][random.integer(3)]!))],
    ]),
  };
}

const settings = (rows: number, more: object = {}): Parameters<typeof shapleyValues>[1] => ({
  row: 0,
  background: Int32Array.from({ length: rows - 1 }, (_, at) => at + 1),
  mostOrders: 4000,
  tolerance: 0.002,
  seed: 1,
  pause,
  ...more,
});

describe('Shapley values', () => {
  const mixed = (cells: Cells): number =>
    number(cells, 'a') * number(cells, 'b') +
    Math.max(number(cells, 'c'), number(cells, 'd')) +
    (cells['e'] === 'red' ? number(cells, 'a') : 0);

  it('sum to the answer, for a function with interactions', async () => {
    const { base, value, effects, method } = await shapleyValues(functionScorer(table(40), mixed), settings(40));
    expect(method).toBe('sampled');
    expect(base + effects.reduce((sum, { effect }) => sum + effect, 0)).toBeCloseTo(value, 10);
  });

  it('lie within a few standard errors of the exact values, from all subsets', async () => {
    const scorer = functionScorer(table(12), mixed);
    const given = settings(12, { mostOrders: 2200 });
    const exact = await fromSubsets(scorer, given);
    const found = await shapleyValues(scorer, given);
    for (const { column, effect, error } of found.effects) {
      expect(error).toBeLessThan(0.05);
      expect(Math.abs(effect - exact.get(column)!)).toBeLessThan(4 * error + 1e-9);
    }
  });

  it('are exact, and take one look a column, where the model is a sum over columns', async () => {
    const scorer = functionScorer(
      table(30),
      (cells) => 2 * number(cells, 'a') - Math.abs(number(cells, 'c')) + (cells['e'] === 'red' ? 1 : 0),
    );
    const { method, effects, base, value } = await shapleyValues(scorer, settings(30));
    expect(method).toBe('additive');
    const a = scorer.table.columns.get('a') as { values: Float32Array };
    const mean = a.values.subarray(1).reduce((sum, each) => sum + each, 0) / 29;
    expect(effects.find((each) => each.column === 'a')!.effect).toBeCloseTo(2 * (a.values[0]! - mean), 6);
    expect(effects.find((each) => each.column === 'b')!.effect).toBeCloseTo(0, 10);
    expect(base + effects.reduce((sum, { effect }) => sum + effect, 0)).toBeCloseTo(value, 12);
    expect(effects.every(({ error }) => error === 0)).toBe(true);
  });

  it('give equal columns equal effects and columns that do nothing none', async () => {
    const twin = table(20);
    const values = (twin.columns.get('a') as { values: Float32Array }).values;
    const scorer = functionScorer(
      { rows: 20, columns: new Map<string, RawColumn>([...twin.columns, ['b', { kind: 'float32', values }]]) },
      (cells) => number(cells, 'a') * number(cells, 'b') * number(cells, 'c'),
    );
    const { effects } = await shapleyValues(scorer, settings(20, { mostOrders: 8000 }));
    const of = (name: string): (typeof effects)[number] => effects.find((each) => each.column === name)!;
    expect(Math.abs(of('a').effect - of('b').effect)).toBeLessThan(4 * (of('a').error + of('b').error));
    expect(effects.find((each) => each.column === 'd')?.effect ?? 0).toBe(0);
  });

  it('are the same for the same seed', async () => {
    const run = (): ReturnType<typeof shapleyValues> => shapleyValues(functionScorer(table(25), mixed), settings(25, { mostOrders: 100 }));
    expect(await run()).toEqual(await run());
  });
});

/** φᵢ = Σ over subsets S without i of |S|! (n − |S| − 1)! / n! (v(S ∪ i) − v(S)), v by the mean over the background. */
async function fromSubsets(
  scorer: ReturnType<typeof functionScorer>,
  { row, background }: Parameters<typeof shapleyValues>[1],
): Promise<Map<string, number>> {
  const names = [...scorer.table.columns.keys()];
  const value = async (subset: number): Promise<number> => {
    const cells = new Int32Array(background.length).fill(row);
    const replaced = new Map(
      names.flatMap((name, at) => ((subset >> at) & 1 ? [[name, { column: scorer.table.columns.get(name)!, cells }] as const] : [])),
    );
    const scores = await scorer.score({ rows: background, replaced });
    return scores.reduce((sum, each) => sum + each, 0) / scores.length;
  };
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const result = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    let sum = 0;
    for (let subset = 0; subset < 1 << names.length; subset++) {
      if ((subset >> at) & 1) continue;
      const size = names.filter((_, each) => (subset >> each) & 1).length;
      const weight = (factorial(size) * factorial(names.length - size - 1)) / factorial(names.length);
      sum += weight * ((await value(subset | (1 << at))) - (await value(subset)));
    }
    result.set(name, sum);
  }
  return result;
}

describe('the effect of a column', () => {
  const ask = (scorer: ReturnType<typeof functionScorer>, column: string): ReturnType<typeof columnEffect> =>
    columnEffect(scorer, { column, rows: allRows(scorer.table.rows), className: null, rowNumbers: allRows(scorer.table.rows), pause });

  it('is the function itself, up to a constant, for a sum over columns', async () => {
    const scorer = functionScorer(table(300), (cells) => Math.sin(3 * number(cells, 'c')) + 5 * number(cells, 'a'));
    const { grid, mean, lines } = await ask(scorer, 'c');
    const shift = mean[0]!.value - Math.sin(3 * (grid[0] as number));
    grid.forEach((at, place) => expect(mean[place]!.value).toBeCloseTo(Math.sin(3 * (at as number)) + shift, 6));
    for (const { values } of lines) expect(values.at(-1)! - values[0]!).toBeCloseTo(mean.at(-1)!.value - mean[0]!.value, 6);
  });

  it('accumulates locally: of y = a·b with b close to a, 2·a·b/2 along the line and not a times the mean of b', async () => {
    const scorer = functionScorer(table(4000), (cells) => number(cells, 'a') * number(cells, 'b'));
    const { grid, accumulated, mean } = await ask(scorer, 'a');
    // ∂y/∂a = b ≈ a, so the effect is a²/2 and a constant; partial dependence is a·E[b], a straight line.
    const places = grid as number[];
    const shift = accumulated![0]! - places[0]! ** 2 / 2;
    places.forEach((at, place) => expect(accumulated![place]).toBeCloseTo(at ** 2 / 2 + shift, 1.7));
    const slope = (from: number): number => (mean[from + 1]!.value - mean[from]!.value) / (places[from + 1]! - places[from]!);
    expect(slope(0)).toBeCloseTo(slope(places.length - 2), 3);
  });

  it('accumulated, has mean zero over the rows', async () => {
    const scorer = functionScorer(table(500), (cells) => number(cells, 'd') ** 2);
    const { grid, accumulated, shares } = await ask(scorer, 'd');
    expect(grid).toEqual([0, 1, 2]);
    expect(accumulated![2]! - accumulated![0]!).toBeCloseTo(4, 10);
    // Apley & Zhu (16): the mean over rows of the mean of a bin's ends; the first bin holds 0 and 1.
    const centre =
      ((shares[0]! + shares[1]!) * (accumulated![0]! + accumulated![1]!)) / 2 + (shares[2]! * (accumulated![1]! + accumulated![2]!)) / 2;
    expect(centre).toBeCloseTo(0, 10);
  });

  it('of values goes by frequency, with shares that sum to one', async () => {
    const scorer = functionScorer(table(200), (cells) => (cells['e'] === 'green' ? 3 : 1));
    const { grid, mean, shares, accumulated, kind } = await ask(scorer, 'e');
    expect(kind).toBe('value');
    expect(mean.map(({ value }) => value)).toEqual(grid.map((value) => (value === 'green' ? 3 : 1)));
    expect(shares.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
    expect(accumulated).toBeNull();
  });
});

describe('counterfactuals', () => {
  const ask = (value: (cells: Cells) => number, more: object = {}): ReturnType<typeof findCounterfactuals> =>
    findCounterfactuals(functionScorer(table(400), value), {
      row: 0,
      rows: allRows(400),
      wanted: { min: 0.5, max: Infinity },
      limits: null,
      mostChanges: 3,
      pause,
      ...more,
    });
  const step = (cells: Cells): number => number(cells, 'c') * 0.4 + (cells['e'] === 'green' ? 0.2 : 0) - 0.6;

  it('cross the line, and barely', async () => {
    const { found } = await ask(step, { limits: [{ column: 'c' }] });
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]!.value).toBeGreaterThanOrEqual(0.5);
    expect(found[0]!.value).toBeLessThan(0.505);
  });

  it('keep to the limits: which columns, which way, how far', async () => {
    const scorer = functionScorer(table(400), step);
    const { found } = await findCounterfactuals(scorer, {
      row: 0,
      rows: allRows(400),
      wanted: { min: 0.1, max: Infinity },
      limits: [
        { column: 'c', direction: 'up', max: 2.2 },
        { column: 'e', values: ['green'] },
      ],
      mostChanges: 3,
      pause,
    });
    const own = (scorer.table.columns.get('c') as { values: Float32Array }).values[0]!;
    expect(found.length).toBeGreaterThan(0);
    for (const asked of scorer.asked) {
      expect(asked['c']).toBeGreaterThanOrEqual(own);
      expect(asked['c'] as number).toBeLessThanOrEqual(Math.max(own, 2.2));
    }
    for (const { changes } of found) for (const { column } of changes) expect(['c', 'e']).toContain(column);
  });

  it('change two columns where one is not enough, and none that is not needed', async () => {
    const both = (cells: Cells): number => Number(number(cells, 'd') === 2) * Number(cells['e'] === 'blue') * 0.9;
    const { found } = await ask(both);
    const start = functionScorer(table(1), both);
    expect((await start.score({ rows: Int32Array.of(0), replaced: new Map() }))[0]).toBeLessThan(0.5);
    for (const { changes, value } of found) {
      expect(value).toBe(0.9);
      expect(changes.every(({ column }) => column === 'd' || column === 'e')).toBe(true);
    }
    expect(found.length).toBeGreaterThan(0);
  });

  it('say so when there is none, and how near it came', async () => {
    const { found, nearest, tried } = await ask((cells) => Math.min(0.3, number(cells, 'a')));
    expect(found).toEqual([]);
    expect(nearest).toBeCloseTo(0.3, 5);
    expect(tried).toBeGreaterThan(10);
  });

  it('are empty of changes where the row is already there', async () => {
    const { found } = await ask(() => 0.7);
    expect(found).toEqual([{ changes: [], value: 0.7, distance: 0 }]);
  });
});
