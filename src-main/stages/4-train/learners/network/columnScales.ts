import type { FeatureColumn } from '../learner.ts';
import type { Matrix } from '../matrix.ts';

/** What the network does with each column before it learns; float32, as the graph has it. */
export interface ColumnScales {
  centers: Float32Array;
  /** 0: the column is constant and says nothing. */
  scales: Float32Array;
  /** Columns that get an embedding, rising. */
  numbers: number[];
  /** Of each of those: bounds of its bins, scaled as the column is. */
  edges: Float32Array[];
}

/** More rows say little more about quantiles. */
const mostSampled = 20_000;
/** Wider tables (words, n-grams) have no embeddings: they would cost more than the network. */
const mostEmbedded = 256;
const fewestValues = 3;
/** Of a value after scaling. */
const bound = 3;

/**
 * Median and interquartile range of each column; where the middle half is one value, half the range.
 * Source: Holzmüller et al., Better by Default (2024), https://arxiv.org/abs/2407.04491 §3 (robust scaling, smooth clipping).
 */
export function columnScales({ rows, width, data }: Matrix, columns: readonly FeatureColumn[], bins: number): ColumnScales {
  const every = Math.max(1, Math.ceil(rows / mostSampled));
  const [centers, scales] = [new Float32Array(width), new Float32Array(width)];
  const candidates: { column: number; edges: Float32Array }[] = [];
  const sorted = new Float32Array(Math.ceil(rows / every));
  for (let column = 0; column < width; column++) {
    for (let row = 0, at = 0; row < rows; row += every, at++) sorted[at] = data[row * width + column]!;
    sorted.sort();
    centers[column] = quantile(sorted, 0.5);
    scales[column] = scaleOf(sorted);
    if (columns[column]?.kind !== 'number' || scales[column] === 0) continue;
    const own = edgesOf(sorted, bins, (value) => smoothClip((value - centers[column]!) * scales[column]!));
    if (own.length >= fewestValues) candidates.push({ column, edges: own });
  }
  const embedded = candidates.length > mostEmbedded ? [] : candidates;
  return { centers, scales, numbers: embedded.map(({ column }) => column), edges: embedded.map(({ edges }) => edges) };
}

/** x / √(1 + (x/3)²): the middle stays, what is far away comes no further than 3. */
export function smoothClip(value: number): number {
  return value / Math.sqrt(1 + (value / bound) ** 2);
}

function scaleOf(sorted: Float32Array): number {
  const middle = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const range = sorted.at(-1)! - sorted[0]!;
  const scale = middle > 1e-6 * range ? 1 / middle : range > 0 ? 2 / range : 0;
  return Number.isFinite(Math.fround(scale)) ? scale : 0;
}

/** Quantiles without repeats, from least to largest; bins that float32 cannot tell apart are one. */
function edgesOf(sorted: Float32Array, bins: number, scaled: (value: number) => number): Float32Array {
  const edges: number[] = [];
  for (let at = 0; at <= bins; at++) {
    const edge = Math.fround(scaled(quantile(sorted, at / bins)));
    if (edges.length === 0 || edge - edges.at(-1)! > 1e-4) edges.push(edge);
  }
  return Float32Array.from(edges);
}

function quantile(sorted: Float32Array, level: number): number {
  const place = level * (sorted.length - 1);
  const [low, share] = [Math.floor(place), place - Math.floor(place)];
  return sorted[low]! + share * (sorted[Math.min(low + 1, sorted.length - 1)]! - sorted[low]!);
}
