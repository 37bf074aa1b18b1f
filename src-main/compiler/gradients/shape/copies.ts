import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { place, reverse, take } from './placing.ts';

/** A stretch of an output axis whose elements are copies of neighbours, upwards (1), downwards (−1) or of one element (0). */
export interface Run {
  /** First element of the output, and of the input it was copied from. */
  readonly start: number;
  readonly from: number;
  readonly count: number;
  readonly step: number;
}

/** Output elements [begin, end), of which each is a copy of input element `from[…]`, as few runs. */
export function runsOf(from: readonly number[], begin = 0, end = from.length): Run[] {
  const runs: Run[] = [];
  for (let start = begin; start < end;) {
    const distance = start + 1 < end ? from[start + 1]! - from[start]! : 1;
    let next = start + 1;
    while (Math.abs(distance) <= 1 && next < end && distance === from[next]! - from[next - 1]!) next++;
    runs.push({ start, from: from[start]!, count: next - start, step: next - start === 1 ? 1 : distance });
    start = next;
  }
  return runs;
}

/** Gradient of an axis of `size` elements that was copied in runs: each run is cut out, turned or summed, put in its place, added. */
export function sumCopies(g: TypedOps, gradient: TypedValue, axis: number, size: number, runs: readonly Run[]): TypedValue {
  return runs
    .map(({ start, from, count, step }) => {
      const part = take(g, gradient, axis, start, count);
      const summed = step === 0 ? g.reduceSum(part, [axis]) : step < 0 ? reverse(g, part, [axis]) : part;
      return place(g, summed, axis, step < 0 ? from - count + 1 : from, size);
    })
    .reduce((sum, each) => g.add(sum, each));
}
