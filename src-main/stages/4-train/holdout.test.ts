import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Holdout } from '../../../src-shared/domain/training.ts';
import { rowsOfTarget, type Target } from '../3-features/api.ts';
import { splitRows, type Split } from './holdout.ts';

const stratified: Holdout = { kind: 'stratified', validationFraction: 0.2, testFraction: 0.2 };
const temporal: Holdout = { kind: 'temporal', timeColumn: 't', validationFraction: 0.2, testFraction: 0.2 };

function split(target: Target, more: { holdout?: Holdout; seed?: number; times?: number[] } = {}): Split {
  const count = rowsOfTarget(target);
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const times = more.times ? Float64Array.from(more.times) : null;
  return splitRows({ holdout: more.holdout ?? stratified, seed: more.seed ?? 1, target, rows, rowNumbers: rows, times });
}
const classes = (codes: number[], names: number): Target => ({
  kind: 'class',
  codes: Int32Array.from(codes),
  classes: Array.from({ length: names }, (_, at) => `c${at}`),
});
const values = (count: number): Target => ({ kind: 'number', values: new Float64Array(count) });

describe('a stratified holdout', () => {
  it('puts each row in exactly one part and every class in all three', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 200 }),
        fc.integer({ min: 0, max: 1e6 }),
        (drawn, seed) => {
          const codes = [...drawn, 0, 0, 0, 1, 1, 1, 2, 2, 2];
          const { train, validation, test } = split(classes(codes, 3), { seed });
          expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(codes.map((_, row) => row));
          for (const part of [train, validation, test]) expect(new Set(Array.from(part, (row) => codes[row]))).toEqual(new Set([0, 1, 2]));
        },
      ),
      { seed: 1, numRuns: 50 },
    );
  });

  it('keeps each class’s share', () => {
    const codes = Array.from({ length: 1000 }, (_, row) => Number(row % 10 === 0));
    const { test } = split(classes(codes, 2));
    expect(Array.from(test).filter((row) => codes[row] === 1)).toHaveLength(20);
  });

  it('is the same for the same seed and another for another', () => {
    expect(split(values(100))).toEqual(split(values(100)));
    expect(split(values(100), { seed: 2 }).test).not.toEqual(split(values(100)).test);
  });

  it('moves few rows when a few are added', () => {
    const [before, after] = [new Set(split(values(1000)).test), new Set(split(values(1010)).test)];
    expect([...before].filter((row) => !after.has(row)).length).toBeLessThan(10);
  });
});

describe('a temporal holdout', () => {
  it('trains on the oldest and tests on the newest', () => {
    const times = Array.from({ length: 100 }, (_, row) => (row * 37) % 100);
    const { train, validation, test } = split(values(100), { holdout: temporal, times });
    const range = (rows: Int32Array): number[] => [
      Math.min(...Array.from(rows, (row) => times[row]!)),
      Math.max(...Array.from(rows, (row) => times[row]!)),
    ];
    expect([range(train), range(validation), range(test)]).toEqual([
      [0, 59],
      [60, 79],
      [80, 99],
    ]);
  });

  it('does not cut a moment in two, and counts a missing time as old', () => {
    const times = Array.from({ length: 100 }, (_, row) => (row < 5 ? NaN : Math.floor(row / 30)));
    const { train, validation, test } = split(values(100), { holdout: temporal, times });
    expect(new Set(Array.from(test, (row) => times[row]))).toEqual(new Set([2, 3]));
    expect(new Set(Array.from(validation, (row) => times[row]))).toEqual(new Set([1]));
    expect(Array.from(train).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('leaves out the moments before the test rows that a forecast would not know', () => {
    const times = Array.from({ length: 100 }, (_, row) => Math.floor(row / 2));
    const { train, validation, test } = split(values(100), { holdout: { ...temporal, gap: 3 }, times });
    expect([Math.max(...train), Math.min(...validation), Math.max(...validation), Math.min(...test)]).toEqual([59, 60, 73, 80]);
    expect(() => split(values(100), { holdout: { ...temporal, gap: 40 }, times })).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_GAP' }),
    );
  });

  it('refuses rows that all carry one time', () => {
    expect(() => split(values(50), { holdout: temporal, times: Array<number>(50).fill(1) })).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_ONE_TIME' }),
    );
  });
});

describe('a holdout by group', () => {
  const grouped: Holdout = { kind: 'group', groupColumn: 'g', validationFraction: 0.2, testFraction: 0.2 };
  const byGroup = (target: Target, groups: number[], seed = 1): Split => {
    const rows = Int32Array.from(groups, (_, row) => row);
    return splitRows({ holdout: grouped, seed, target, rows, rowNumbers: rows, times: null, groups: Int32Array.from(groups) });
  };

  it('puts each row in exactly one part and each group whole into one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 3, max: 12 }), { minLength: 20, maxLength: 150 }),
        fc.integer({ min: 0, max: 1e6 }),
        (drawn, seed) => {
          const groups = [0, 1, 2, ...drawn];
          const { train, validation, test } = byGroup(values(groups.length), groups, seed);
          expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(groups.map((_, row) => row));
          const parts = [train, validation, test].map((part) => new Set(Array.from(part, (row) => groups[row]!)));
          expect(parts.every((part) => part.size > 0)).toBe(true);
          expect(new Set(parts.flatMap((part) => [...part])).size).toBe(parts.reduce((sum, part) => sum + part.size, 0));
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it('comes near the fractions and keeps each class’s share', () => {
    const groups = Array.from({ length: 2000 }, (_, row) => row % 90);
    const codes = groups.map((group) => Number(group % 6 === 0));
    const { validation, test } = byGroup(classes(codes, 2), groups);
    for (const part of [validation, test]) {
      expect(Math.abs(part.length - 400)).toBeLessThan(50);
      const share = Array.from(part).filter((row) => codes[row] === 1).length / part.length;
      expect(Math.abs(share - 1 / 6)).toBeLessThan(0.05);
    }
  });

  it('is the same for the same seed and another for another', () => {
    const groups = Array.from({ length: 300 }, (_, row) => row % 40);
    expect(byGroup(values(300), groups)).toEqual(byGroup(values(300), groups));
    expect(byGroup(values(300), groups, 2).test).not.toEqual(byGroup(values(300), groups).test);
  });

  it('needs three groups', () => {
    expect(() =>
      byGroup(
        values(40),
        Array.from({ length: 40 }, (_, row) => row % 2),
      ),
    ).toThrow(expect.objectContaining({ code: 'MK_TRAIN_TOO_FEW_GROUPS', params: { column: 'g', found: 2, needed: 3 } }));
  });
});

describe('a holdout of labels', () => {
  /** Label 0 in every second row, 1 in every tenth, 2 in seven rows of a thousand. */
  const labelled = (rows: number, rare = 7): Target => {
    const flags = new Uint8Array(rows * 3);
    for (let row = 0; row < rows; row++)
      flags.set([Number(row % 2 === 0), Number(row % 10 === 3), Number(row % 143 === 0 && row / 143 < rare)], row * 3);
    return { kind: 'labels', flags, known: new Uint8Array(rows).fill(1), labels: ['half', 'tenth', 'rare'] };
  };

  it('spreads every label, the rarest most evenly, and no row is in two parts', () => {
    const target = labelled(1000) as Extract<Target, { kind: 'labels' }>;
    const parts = split(target);
    const all = [...parts.train, ...parts.validation, ...parts.test];
    expect(new Set(all).size).toBe(1000);
    const countIn = (rows: Int32Array, label: number): number => rows.reduce((sum, row) => sum + target.flags[row * 3 + label]!, 0);
    for (const part of [parts.validation, parts.test]) {
      expect(Math.abs(part.length - 200)).toBeLessThan(10);
      expect(countIn(part, 2)).toBe(1);
      expect(countIn(part, 1)).toBe(20);
      expect(Math.abs(countIn(part, 0) / part.length - 0.5)).toBeLessThan(0.1);
    }
  });

  it('names a label that too few rows have, or have not', () => {
    expect(() => split(labelled(500, 2))).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_LABEL_TOO_SMALL', params: { label: 'rare', rows: 2, all: 500, needed: 3 } }),
    );
  });
});
