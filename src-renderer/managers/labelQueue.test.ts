import { describe, expect, test } from 'vitest';
import type { LabelItem } from '../../src-shared/rpc/label.ts';
import { acknowledge, append, current, emptyQueue, goTo, needsMore, nextRow, step, takeBack, type LabelQueue } from './labelQueue.ts';

const item = (row: number, label: string | null = null, skipped = false): LabelItem => ({
  row,
  cells: {},
  label,
  skipped,
  note: '',
  author: null,
  at: null,
  suggestion: null,
});
const open = (...rows: number[]): LabelItem[] => rows.map((row) => item(row));
const rowsOf = (queue: LabelQueue): number[] => queue.items.map(({ row }) => row);
const started = (): LabelQueue => append(emptyQueue, open(0, 1, 2, 3), true);

describe('reading', () => {
  test('starts at the first open item', () => {
    expect(current(append(emptyQueue, [item(0, 'yes'), item(1), item(2)], true))?.row).toBe(1);
    expect(current(append(emptyQueue, [item(0, 'yes'), item(1, null, true)], true))?.row).toBe(0);
    expect(current(append(emptyQueue, [], true))).toBeNull();
  });

  test('puts new items behind, none twice, and keeps the one that is shown', () => {
    const queue = append(step(started(), 2), open(3, 4, 5), false);
    expect(rowsOf(queue)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(current(queue)?.row).toBe(2);
    expect(nextRow(queue)).toBe(6);
  });

  test('asks for more while few open items follow and the core has some', () => {
    expect(needsMore(append(emptyQueue, open(0, 1, 2), false))).toBe(true);
    expect(needsMore(append(emptyQueue, open(0, 1, 2), true))).toBe(false);
    expect(needsMore(append(emptyQueue, open(...Array(20).keys()), false))).toBe(false);
  });
});

describe('deciding', () => {
  test('goes on to the next open item only once the core acknowledged', () => {
    const queue = acknowledge(started(), item(0, 'yes'));
    expect(current(queue)?.row).toBe(1);
    expect(queue.items[0]?.label).toBe('yes');
    expect(queue.changes).toEqual([{ row: 0, before: { label: null, skipped: false }, after: { label: 'yes', skipped: false } }]);
  });

  test('jumps over decided items and comes back to open ones before them', () => {
    let queue = acknowledge(goTo(started(), 1), item(1, 'no'));
    expect(current(queue)?.row).toBe(2);
    queue = acknowledge(goTo(queue, 0), item(0, 'no'));
    expect(current(queue)?.row).toBe(2);
    queue = acknowledge(goTo(queue, 3), item(3, null, true));
    expect(current(queue)?.row).toBe(2);
  });

  test('the same decision again is no change, and an answer for another row moves nothing', () => {
    const once = acknowledge(started(), item(0, 'yes'));
    const twice = acknowledge(goTo(once, 0), item(0, 'yes'));
    expect(twice.changes).toHaveLength(1);
    expect(current(acknowledge(goTo(once, 3), item(1, 'no')))?.row).toBe(3);
  });

  test('steps stay within the items', () => {
    expect(current(step(started(), -5))?.row).toBe(0);
    expect(current(step(started(), 50))?.row).toBe(3);
    expect(step(emptyQueue, 1)).toEqual(emptyQueue);
  });
});

describe('taking back', () => {
  test('shows the item again as it was, one change at a time', () => {
    let queue = acknowledge(started(), item(0, 'yes'));
    queue = acknowledge(queue, item(1, null, true));
    queue = takeBack(queue, item(1));
    expect(current(queue)).toMatchObject({ row: 1, label: null, skipped: false });
    expect(queue.changes.map(({ row }) => row)).toEqual([0]);
    expect(current(takeBack(queue, item(0)))?.row).toBe(0);
  });

  test('brings back an item that is not here any more', () => {
    expect(rowsOf(takeBack(append(emptyQueue, open(5, 6), true), item(2)))).toEqual([2, 5, 6]);
  });
});
