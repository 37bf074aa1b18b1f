/** Geometry of small inline charts. */

export interface Frame {
  width: number;
  height: number;
  /** Room for the mark at the ends. */
  inset: number;
}

export type Point = [x: number, y: number];

/** Smallest and largest value, widened so that a flat line stands in the middle. */
export function extentOf(values: readonly (number | null)[], also: readonly number[] = []): [low: number, high: number] {
  const known = [...values.filter((value): value is number => value !== null && Number.isFinite(value)), ...also];
  if (known.length === 0) return [0, 1];
  const low = Math.min(...known);
  const high = Math.max(...known);
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** Points of the line; null where a value is missing. */
export function placePoints(
  values: readonly (number | null)[],
  [low, high]: [number, number],
  { width, height, inset }: Frame,
): (Point | null)[] {
  const step = values.length > 1 ? (width - 2 * inset) / (values.length - 1) : 0;
  return values.map((value, index) =>
    value === null || !Number.isFinite(value) ? null : [inset + index * step, placeY(value, [low, high], { width, height, inset })],
  );
}

export function placeY(value: number, [low, high]: [number, number], { height, inset }: Frame): number {
  return height - inset - ((value - low) / (high - low)) * (height - 2 * inset);
}

/** Runs without a gap: a missing value breaks the line. */
export function runsOf(points: readonly (Point | null)[]): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  for (const point of points) {
    if (point) run.push(point);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** SVG path through the points of one run. A single point becomes a dot-long stroke, so that it can be seen. */
export function pathOf(run: readonly Point[]): string {
  const [first] = run;
  if (!first) return '';
  const rest = run.length === 1 ? [[first[0] + 0.01, first[1]] as Point] : run.slice(1);
  return `M${round(first)}${rest.map((point) => `L${round(point)}`).join('')}`;
}

/** The run closed down to the bottom, for the fill. */
export function areaOf(run: readonly Point[], bottom: number): string {
  const first = run[0];
  const last = run.at(-1);
  return first && last ? `${pathOf(run)}L${round([last[0], bottom])}L${round([first[0], bottom])}Z` : '';
}

function round([x, y]: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
