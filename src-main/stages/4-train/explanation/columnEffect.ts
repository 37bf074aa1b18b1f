// What the answer does when one column changes: partial dependence, single rows, and accumulated local effects.
import type { ColumnEffect } from '../../../../src-shared/domain/evaluation.ts';
import type { RawColumn } from '../../3-features/api.ts';
import { quantile } from '../evaluation/residuals.ts';
import { spread, type RowScorer } from './rowScorer.ts';

export interface EffectSettings {
  column: string;
  rows: Int32Array;
  className: string | null;
  /** Of rows in the dataset version, for single lines. */
  rowNumbers: Int32Array;
  pause(): Promise<void>;
}

const gridPoints = 20;
const mostValues = 20;
const rowsOfMean = 500;
const rowsOfLines = 40;
const z = 1.959963984540054;

/**
 * Partial dependence: the mean answer when every row has the same value in the column (Friedman, Greedy function approximation,
 * Ann. Stat. 29 (2001)); the interval is over rows. Single rows: Goldstein et al., J. Comput. Graph. Stat. 24 (2015).
 * Accumulated local effects: Apley & Zhu, J. R. Stat. Soc. B 82 (2020): differences within the bins that rows really lie in, so that
 * no impossible row is asked; for numbers and dates only.
 */
export async function columnEffect(scorer: RowScorer, settings: EffectSettings): Promise<ColumnEffect> {
  const { column: name, rows, className, rowNumbers, pause } = settings;
  const column = scorer.table.columns.get(name)!;
  const { grid, shares, cells } = gridOf(column, rows);
  const used = spread(rows, rowsOfMean);
  const scores: Float64Array[] = [];
  for (let at = 0; at < grid.length; at++) {
    scores.push(
      await scorer.score({ rows: used, replaced: new Map([[name, { column: cells, cells: new Int32Array(used.length).fill(at) }]]) }),
    );
    await pause();
  }
  const places = spread(
    Int32Array.from(used, (_, at) => at),
    rowsOfLines,
  );
  const input = scorer.inputs.find((each) => each.name === name)!;
  return {
    column: name,
    kind: column.kind === 'string' ? 'value' : input.type === 'date' || input.type === 'timestamp' ? 'date' : 'number',
    class: className,
    rows: used.length,
    grid,
    shares,
    mean: scores.map((own) => {
      const value = own.reduce((sum, each) => sum + each, 0) / own.length;
      const variance = own.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, own.length - 1);
      const half = z * Math.sqrt(variance / own.length);
      return { value, low: half > 0 ? value - half : null, high: half > 0 ? value + half : null, rows: own.length };
    }),
    lines: Array.from(places, (at) => ({ row: rowNumbers[used[at]!]!, values: scores.map((own) => own[at]!) })),
    accumulated: column.kind === 'string' || grid.length < 2 ? null : await accumulated(scorer, name, rows, grid as number[], pause),
  };
}

interface Grid {
  grid: (number | string)[];
  shares: number[];
  /** One cell a grid point. */
  cells: RawColumn;
}

/** Quantiles of a number's rows (distinct), or its most frequent values. */
export function gridOf(column: RawColumn, rows: Int32Array): Grid {
  if (column.kind === 'uint8') throw new Error('a picture has no grid');
  if (column.kind === 'string') {
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(column.codes[row]!, (counts.get(column.codes[row]!) ?? 0) + 1);
    const top = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, mostValues);
    return {
      grid: top.map(([code]) => column.dictionary[code]!),
      shares: top.map(([, count]) => count / rows.length),
      cells: { kind: 'string', codes: Int32Array.from(top, ([code]) => code), dictionary: column.dictionary },
    };
  }
  const known = Float64Array.from(rows, (row) => column.values[row]!)
    .filter((value) => Number.isFinite(value))
    .sort();
  if (known.length === 0) return { grid: [], shares: [], cells: { kind: 'float32', values: new Float32Array() } };
  const distinct = [...new Set(known)];
  const grid =
    distinct.length <= gridPoints
      ? distinct
      : [...new Set(Array.from({ length: gridPoints }, (_, at) => Math.fround(quantile(known, at / (gridPoints - 1)))))];
  const shares = grid.map(
    (low, at) => known.filter((value) => value >= low && !(value >= (grid[at + 1] ?? Infinity))).length / rows.length,
  );
  const cells: RawColumn =
    column.kind === 'float32' ? { kind: 'float32', values: Float32Array.from(grid) } : { kind: 'float64', values: Float64Array.from(grid) };
  return { grid, shares, cells };
}

/** At each edge of the grid; centred, so that the mean over rows is zero. */
async function accumulated(
  scorer: RowScorer,
  name: string,
  rows: Int32Array,
  edges: readonly number[],
  pause: () => Promise<void>,
): Promise<number[]> {
  const column = scorer.table.columns.get(name)! as Extract<
    RawColumn,
    { values: Float32Array | Float64Array; kind: 'float32' | 'float64' }
  >;
  const inGrid = rows.filter((row) => column.values[row]! >= edges[0]! && column.values[row]! <= edges.at(-1)!);
  const used = spread(inGrid, 4000);
  // Bin k holds edges[k] < x ≤ edges[k + 1]; the smallest value is of the first.
  const bins = Int32Array.from(used, (row) => {
    const at = edges.findIndex((edge) => column.values[row]! <= edge);
    return Math.max(0, at - 1);
  });
  const cells: RawColumn =
    column.kind === 'float32'
      ? { kind: 'float32', values: Float32Array.from(edges) }
      : { kind: 'float64', values: Float64Array.from(edges) };
  const low = await scorer.score({ rows: used, replaced: new Map([[name, { column: cells, cells: bins }]]) });
  await pause();
  const high = await scorer.score({ rows: used, replaced: new Map([[name, { column: cells, cells: bins.map((bin) => bin + 1) }]]) });
  const counts = new Float64Array(edges.length - 1);
  const sums = new Float64Array(edges.length - 1);
  bins.forEach((bin, at) => {
    counts[bin]!++;
    sums[bin]! += high[at]! - low[at]!;
  });
  const effects = [0];
  for (let bin = 0; bin + 1 < edges.length; bin++) effects.push(effects[bin]! + (counts[bin]! > 0 ? sums[bin]! / counts[bin]! : 0));
  let centre = 0;
  counts.forEach((count, bin) => (centre += (count * (effects[bin]! + effects[bin + 1]!)) / 2 / used.length));
  return effects.map((each) => each - centre);
}
