import { describe, expect, it } from 'vitest';
import type { Column } from '../../../src-shared/domain/table.ts';
import { counterRandom } from '../../platform/random.ts';
import { association } from './association.ts';
import { noticeInteractions, usableInteractions } from './proposeInteractions.ts';
import { allRows, stringColumn, type RawColumn, type RawTable } from './rawTable.ts';
import type { Target } from './target.ts';

const rows = 4000;
const random = counterRandom(7);
const numbers = (): Float32Array => Float32Array.from({ length: rows }, () => 1 + 4 * random.next());
const letters = (): string[] => Array.from({ length: rows }, () => (random.next() < 0.5 ? 'a' : 'b'));
const [price, pieces, noise] = [numbers(), numbers(), numbers()];
const [left, right] = [letters(), letters()];
const table: RawTable = {
  rows,
  columns: new Map<string, RawColumn>([
    ['price', { kind: 'float32', values: price }],
    ['pieces', { kind: 'float32', values: pieces }],
    ['noise', { kind: 'float32', values: noise }],
    ['left', stringColumn(left)],
    ['right', stringColumn(right)],
  ]),
};
const columns: Column[] = [
  ...['price', 'pieces', 'noise'].map((name): Column => ({ name, type: 'number' })),
  ...['left', 'right'].map((name): Column => ({ name, type: 'category' })),
];

describe('interactions', () => {
  it('are proposed where two numbers tell more together', () => {
    expect(notice({ kind: 'number', values: Float64Array.from(price, (value, row) => value / pieces[row]!) })).toEqual([
      { kind: 'ratio', left: 'price', right: 'pieces' },
    ]);
    expect(notice({ kind: 'number', values: Float64Array.from(price, (value, row) => value * pieces[row]!) })).toEqual([
      { kind: 'product', left: 'price', right: 'pieces' },
    ]);
  });

  it('are proposed where two categories tell nothing alone and everything together', () => {
    const codes = Int32Array.from(left, (value, row) => Number(value === right[row]));
    expect(notice({ kind: 'class', codes, classes: ['no', 'yes'] })).toContainEqual(
      expect.objectContaining({ kind: 'cross', left: 'left', right: 'right' }),
    );
  });

  it('are not proposed where there is nothing to be known', () => {
    expect(notice({ kind: 'number', values: Float64Array.from(noise, () => random.next()) })).toEqual([]);
  });

  it('need columns that are used with the right rule', () => {
    const product = { kind: 'product', left: 'price', right: 'pieces' } as const;
    const numeric = { kind: 'numeric', impute: 'median', missingFlag: false, scale: 'standard', transform: 'none' } as const;
    expect(
      usableInteractions(
        ['price', 'pieces'].map((column) => ({ column, ...numeric })),
        [product],
      ),
    ).toEqual([product]);
    expect(
      usableInteractions(
        [
          { column: 'price', ...numeric },
          { column: 'pieces', kind: 'drop', reason: 'user' },
        ],
        [product],
      ),
    ).toEqual([]);
  });
});

function notice(target: Target): ReturnType<typeof noticeInteractions> {
  const associations = Object.fromEntries(columns.map(({ name }) => [name, association(table.columns.get(name)!, target, allRows(rows))]));
  return noticeInteractions(table, columns, target, allRows(rows), associations);
}
