// The labelling queue as a value: which items are here, which one is shown, and what can be taken back. Pure, so that it can be tested.
import type { LabelItem } from '../../src-shared/rpc/label.ts';

/** What a person decided about an item. */
export interface Decision {
  label: string | null;
  skipped: boolean;
}

export interface Change {
  row: number;
  before: Decision;
  after: Decision;
}

export interface LabelQueue {
  /** In the order of the rows; decided ones stay, so that ← leads back to them. */
  items: readonly LabelItem[];
  /** Position of the item that is shown; -1 without items. */
  at: number;
  /** Acknowledged changes, oldest first; the last one is taken back by undo. */
  changes: readonly Change[];
  /** The core has nothing after the last item. */
  isComplete: boolean;
}

export const emptyQueue: LabelQueue = { items: [], at: -1, changes: [], isComplete: false };
/** More items are read when fewer than this many follow. */
const readAhead = 8;

export function current(queue: LabelQueue): LabelItem | null {
  return queue.items[queue.at] ?? null;
}

export function isDecided({ label, skipped }: Decision): boolean {
  return label !== null || skipped;
}

export function decisionOf({ label, skipped }: Decision): Decision {
  return { label, skipped };
}

/** Puts items that were read behind those that are here; rows that are here already are not taken twice. */
export function append(queue: LabelQueue, items: readonly LabelItem[], isComplete: boolean): LabelQueue {
  const known = new Set(queue.items.map(({ row }) => row));
  const all = [...queue.items, ...items.filter(({ row }) => !known.has(row))].sort((a, b) => a.row - b.row);
  const row = current(queue)?.row;
  const at = row === undefined ? all.findIndex((item) => !isDecided(item)) : all.findIndex((item) => item.row === row);
  return { ...queue, items: all, at: at < 0 && all.length > 0 ? 0 : at, isComplete };
}

export function needsMore(queue: LabelQueue): boolean {
  return !queue.isComplete && queue.items.slice(queue.at + 1).filter((item) => !isDecided(item)).length < readAhead;
}

/** Row to read from: behind the last item that is here. */
export function nextRow(queue: LabelQueue): number {
  return (queue.items.at(-1)?.row ?? -1) + 1;
}

/** One step, staying within the items. */
export function step(queue: LabelQueue, by: number): LabelQueue {
  return queue.items.length === 0 ? queue : { ...queue, at: Math.min(queue.items.length - 1, Math.max(0, queue.at + by)) };
}

export function goTo(queue: LabelQueue, row: number): LabelQueue {
  const at = queue.items.findIndex((item) => item.row === row);
  return at < 0 ? queue : { ...queue, at };
}

/** The core has committed: the item carries its answer and the next open one is shown. */
export function acknowledge(queue: LabelQueue, saved: LabelItem): LabelQueue {
  const before = queue.items.find(({ row }) => row === saved.row);
  const items = queue.items.map((item) => (item.row === saved.row ? saved : item));
  const change = before && !isSame(before, saved) ? [{ row: saved.row, before: decisionOf(before), after: decisionOf(saved) }] : [];
  const acknowledged = { ...queue, items, changes: [...queue.changes, ...change] };
  return current(queue)?.row === saved.row && isDecided(saved) ? { ...acknowledged, at: afterDecision(items, queue.at) } : acknowledged;
}

/** The core has taken the last change back: its item is shown again. */
export function takeBack(queue: LabelQueue, saved: LabelItem): LabelQueue {
  const items = queue.items.some(({ row }) => row === saved.row)
    ? queue.items.map((item) => (item.row === saved.row ? saved : item))
    : [...queue.items, saved].sort((a, b) => a.row - b.row);
  return { ...queue, items, at: items.findIndex(({ row }) => row === saved.row), changes: queue.changes.slice(0, -1) };
}

/** The next open item after this one, else the first open one, else simply the next. */
function afterDecision(items: readonly LabelItem[], at: number): number {
  const after = items.findIndex((item, index) => index > at && !isDecided(item));
  if (after >= 0) return after;
  const any = items.findIndex((item) => !isDecided(item));
  return any >= 0 ? any : Math.min(items.length - 1, at + 1);
}

function isSame(a: Decision, b: Decision): boolean {
  return a.label === b.label && a.skipped === b.skipped;
}
