import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import type { SearchSpace } from '../learners/searchSpace.ts';
import { drawSettings } from '../learners/searchSpace.ts';
import { makeFolds, validatedRows, type FoldRows } from './folds.ts';
import { greedyEnsemble } from './greedyEnsemble.ts';
import { meanLoss, rowLosses } from './rowLosses.ts';
import { lag, Proposer, type Entrant, type Outcome } from './proposer.ts';
import { isHopeless } from './racing.ts';
import { suggestByTpe, type Observation } from './tpe.ts';

function rowsOf(rows: number, change: Partial<FoldRows> = {}): FoldRows {
  return { rows, rowNumbers: Int32Array.from({ length: rows }, (_, row) => row * 3), codes: null, groups: null, times: null, ...change };
}

describe('folds', () => {
  it('validate every row exactly once, each class spread evenly', () => {
    const codes = Int32Array.from({ length: 103 }, (_, row) => (row % 10 === 0 ? 1 : 0));
    const folds = makeFolds({ kind: 'stratified', folds: 5 }, rowsOf(103, { codes }), 7);
    expect([...validatedRows(folds)]).toEqual([...Array(103).keys()]);
    for (const { train, validation } of folds) {
      expect(train.length + validation.length).toBe(103);
      expect(new Set([...train, ...validation]).size).toBe(103);
      expect(validation.filter((row) => codes[row] === 1).length).toBeGreaterThanOrEqual(2);
      expect(validation.length).toBeGreaterThanOrEqual(20);
      expect(validation.length).toBeLessThanOrEqual(21);
    }
    expect(makeFolds({ kind: 'stratified', folds: 5 }, rowsOf(103, { codes }), 7)).toEqual(folds);
    expect(makeFolds({ kind: 'stratified', folds: 5 }, rowsOf(103, { codes }), 8)).not.toEqual(folds);
  });

  it('keep a group together and balance rows', () => {
    const groups = Int32Array.from({ length: 120 }, (_, row) => Math.floor(Math.sqrt(row)));
    const folds = makeFolds({ kind: 'group', folds: 4, groupColumn: 'customer' }, rowsOf(120, { groups }), 1);
    for (const { train, validation } of folds) {
      const inTraining = new Set(Array.from(train, (row) => groups[row]));
      expect(Array.from(validation).some((row) => inTraining.has(groups[row]!))).toBe(false);
      expect(Math.abs(validation.length - 30)).toBeLessThan(15);
    }
    expect(() => makeFolds({ kind: 'group', folds: 12, groupColumn: 'customer' }, rowsOf(120, { groups }), 1)).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_FEWER_THAN_FOLDS' }),
    );
  });

  it('by time validate on later moments only, and cut no moment in two', () => {
    const times = Float64Array.from({ length: 100 }, (_, row) => Math.floor(((row * 37) % 100) / 7));
    const folds = makeFolds({ kind: 'expanding', folds: 4, timeColumn: 'day' }, rowsOf(100, { times }), 1);
    expect(folds).toHaveLength(4);
    for (const { train, validation } of folds)
      expect(Math.max(...Array.from(train, (row) => times[row]!))).toBeLessThan(Math.min(...Array.from(validation, (row) => times[row]!)));
    const apart = makeFolds({ kind: 'expanding', folds: 3, timeColumn: 'day', gap: 2 }, rowsOf(100, { times }), 1);
    for (const [at, { train, validation }] of apart.entries()) {
      const [last, first] = [
        Math.max(...Array.from(train, (row) => times[row]!)),
        Math.min(...Array.from(validation, (row) => times[row]!)),
      ];
      // Two moments between them.
      expect(first - last, `fold ${at}`).toBe(3);
    }
    const constant = rowsOf(100, { times: new Float64Array(100) });
    expect(() => makeFolds({ kind: 'expanding', folds: 4, timeColumn: 'day' }, constant, 1)).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_FEWER_THAN_FOLDS' }),
    );
  });

  it('leave every class with a row to learn from in a holdout', () => {
    const codes = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
    const [fold] = makeFolds({ kind: 'holdout', fraction: 0.3 }, rowsOf(10, { codes }), 3);
    expect(fold!.train.filter((row) => codes[row] === 1)).toHaveLength(1);
    expect(fold!.validation.filter((row) => codes[row] === 1)).toHaveLength(1);
  });
});

describe('a greedy ensemble', () => {
  const truth = Float64Array.from({ length: 200 }, (_, row) => Math.sin(row));
  const noisy = (seed: number, sd: number): Float64Array => {
    const random = counterRandom(seed);
    return truth.map((value) => value + sd * random.normal());
  };
  const loss = (answers: Float64Array): number => answers.reduce((sum, each, row) => sum + (each - truth[row]!) ** 2, 0) / 200;

  it('is better than its best member, leaves a useless one out, and its weights sum to one', () => {
    const answers = [noisy(1, 0.3), noisy(2, 0.3), noisy(3, 5)];
    const { weights, loss: reached } = greedyEnsemble({ answers, rows: 200, outputs: 1, loss });
    expect(reached).toBeLessThan(Math.min(...answers.map(loss)) * 0.7);
    expect(weights[2]).toBe(0);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it('of one candidate is that candidate', () => {
    expect(greedyEnsemble({ answers: [noisy(1, 0.1)], rows: 200, outputs: 1, loss }).weights).toEqual([1]);
  });
});

describe('row losses', () => {
  it('of labels are the mean of the binary losses, of a ranking one figure a group that has anything relevant', () => {
    const labels = { kind: 'labels' as const, flags: Uint8Array.of(0, 0, 1, 0, 1, 1), labels: 2 };
    const losses = rowLosses(Float32Array.of(0.25, 0.5, 0.5, 0), 2, labels, Int32Array.of(1, 2));
    expect(losses[0]).toBeCloseTo((-Math.log(0.25) - Math.log(0.5)) / 2, 6);
    expect(losses[1]).toBeCloseTo((Math.log(2) - Math.log(1e-7)) / 2, 5);

    const ranking = { kind: 'ranking' as const, relevance: Float64Array.of(1, 0, 0, 0, 0, 1), groups: Int32Array.of(4, 4, 9, 9, 2, 2) };
    const rows = Int32Array.of(0, 1, 2, 3, 4, 5);
    const gaps = rowLosses(Float32Array.of(2, 1, 5, 6, 2, 1), 1, ranking, rows);
    expect([...gaps]).toEqual([0, 1 - 1 / Math.log2(3)]);
    expect(meanLoss(Float32Array.of(2, 1, 5, 6, 2, 1), 1, ranking, rows)).toBeCloseTo((1 - 1 / Math.log2(3)) / 2, 10);
  });
});

describe('racing', () => {
  const losses = (mean: number, seed: number): Float64Array => {
    const random = counterRandom(seed);
    return Float64Array.from({ length: 400 }, () => mean + random.normal());
  };
  it('drops what is worse beyond doubt, and nothing that may be as good', () => {
    expect(isHopeless({ own: losses(2, 1), best: losses(1, 2) })).toBe(true);
    expect(isHopeless({ own: losses(1.05, 1), best: losses(1, 2) })).toBe(false);
    expect(isHopeless({ own: losses(0, 1), best: losses(1, 2) })).toBe(false);
    expect(isHopeless({ own: losses(9, 1).subarray(0, 10), best: losses(1, 2).subarray(0, 10) })).toBe(false);
  });
});

const space: SearchSpace = [
  { name: 'rate', kind: 'log', low: 1e-4, high: 1 },
  { name: 'depth', kind: 'integer', low: 1, high: 12 },
  { name: 'kind', kind: 'choice', values: ['a', 'b', 'c'] },
];
const lossOf = ({ rate, depth, kind }: Record<string, unknown>): number =>
  (Math.log10(rate as number) + 2) ** 2 + ((depth as number) - 4) ** 2 / 10 + (kind === 'b' ? 0 : 1);

describe('the Parzen estimator', () => {
  it('finds better settings than chance with as many tries', () => {
    const best = (model: boolean, seed: number): number => {
      const observed: Observation[] = [];
      for (let at = 0; at < 50; at++) {
        const random = counterRandom(seed, at * 4096);
        const settings = model && at >= 10 ? suggestByTpe(space, observed, random).settings : drawSettings(space, random);
        observed.push({ settings, loss: lossOf(settings) });
      }
      return Math.min(...observed.map(({ loss }) => loss));
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const wins = seeds.filter((seed) => best(true, seed) <= best(false, seed)).length;
    expect(wins).toBeGreaterThanOrEqual(15);
  });

  it('expects what it has seen nearby', () => {
    const observed = Array.from({ length: 30 }, (_, at) => drawSettings(space, counterRandom(5, at * 16))).map((settings) => ({
      settings,
      loss: lossOf(settings),
    }));
    const { settings, expected } = suggestByTpe(space, observed, counterRandom(9));
    const mean = observed.reduce((sum, { loss }) => sum + loss, 0) / 30;
    expect(lossOf(settings)).toBeLessThan(mean);
    expect(expected).toBeLessThan(mean);
  });
});

describe('proposals', () => {
  const entrants: Entrant[] = [
    { learner: 'baseline', portfolio: [{}], space: [] },
    { learner: 'linear', portfolio: [{ rate: 1 }, { rate: 2 }], space: [] },
    { learner: 'boosting', portfolio: [{ rate: 0.1, fixed: 'yes' }], space },
  ];
  const outcomes = (count: number): Outcome[] =>
    Array.from({ length: count }, (_, at) => ({
      at,
      learner: 'boosting',
      settings: { rate: 0.1 / (at + 1), depth: 3, kind: 'a' },
      loss: at,
    }));

  it('begin with what each learner is best known for', () => {
    const proposer = new Proposer(entrants, { method: 'tpe' }, 1);
    expect(proposer.listed.map(({ learner, settings }) => [learner, settings['rate']])).toEqual([
      ['baseline', undefined],
      ['linear', 1],
      ['boosting', 0.1],
      ['linear', 2],
    ]);
  });

  it('do not depend on results that may not be there yet', () => {
    const propose = (seen: Outcome[]): unknown => {
      const proposer = new Proposer(entrants, { method: 'tpe' }, 1);
      for (let at = 0; at < 20; at++) proposer.propose(at, seen);
      return proposer.propose(20, seen);
    };
    expect(propose(outcomes(20))).toEqual(propose(outcomes(20 - lag + 1)));
    expect(propose(outcomes(20))).toMatchObject({ learner: 'boosting', settings: { fixed: 'yes' } });
  });

  it('never repeat themselves, and end where they were told to', () => {
    const proposer = new Proposer(entrants, { method: 'random', maxCandidates: 40 }, 1);
    const all = Array.from({ length: 40 }, (_, at) => JSON.stringify(proposer.propose(at, [])));
    expect(new Set(all).size).toBe(40);
    expect(proposer.propose(40, [])).toBeNull();
  });

  it('end by themselves when nothing better has come for long', () => {
    const proposer = new Proposer(entrants, { method: 'random' }, 1);
    const flat: Outcome[] = Array.from({ length: 200 }, (_, at) => ({ at, learner: 'boosting', settings: {}, loss: 0.5 }));
    let at = 0;
    while (proposer.propose(at, flat)) at++;
    expect(at).toBe(proposer.listed.length + lag + 30);
    const better = flat.map((each) => ({ ...each, loss: 0.5 - each.at / 100 }));
    const going = new Proposer(entrants, { method: 'random' }, 1);
    for (at = 0; at < 100; at++) expect(going.propose(at, better)).not.toBeNull();
  });

  it('of a grid are all combinations', () => {
    const plan = { method: 'grid', grid: { boosting: { rate: [0.1, 0.2], depth: [3, 5, 7] } } } as const;
    const proposer = new Proposer(entrants, { ...plan, grid: { boosting: { rate: [0.1, 0.2], depth: [3, 5, 7] } } }, 1);
    expect(proposer.listed.filter(({ learner }) => learner === 'boosting')).toHaveLength(6);
    expect(proposer.propose(proposer.listed.length, [])).toBeNull();
  });
});
