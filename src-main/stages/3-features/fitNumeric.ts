import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../src-shared/domain/table.ts';
import type { FittedNumeric, NumberTransform } from './fittedFeatures.ts';
import { medianOf, orderStatistics, quantilesOf } from './orderStatistics.ts';
import { fitLambda, powerTransform, shiftOf } from './powerTransform.ts';
import { fitNormalScores, normalScore, segmentsOf } from './quantileTransform.ts';
import type { Float32Column } from './rawTable.ts';

export type NumericRule = Extract<FeatureRule, { kind: 'numeric' }>;
type NumberRule = NumericRule | Extract<FeatureRule, { kind: 'boolean' }>;

const booleanSettings = { impute: 'mean', missingFlag: true, scale: 'standard', transform: 'none' } as const;

/** Mean and standard deviation are those of the column with its missing cells filled, as the model will see it. */
export function fitNumeric(rule: NumberRule, raw: Float32Column, rows: Int32Array, type: ColumnType): FittedNumeric {
  const settings = rule.kind === 'boolean' ? booleanSettings : rule;
  const known = finite(raw.values, rows);
  return fitNumbers(settings, known, rows.length, { column: rule.column, type });
}

/** From the finite values among `rows` cells. */
export function fitNumbers(
  { impute, missingFlag, scale, transform: wanted }: Omit<NumericRule, 'column' | 'kind'>,
  known: Float32Array,
  rows: number,
  { column, type }: { column: string; type: ColumnType },
): FittedNumeric {
  const missing = rows - known.length;
  const facts = factsOf(known);
  const fill = known.length === 0 ? 0 : Math.fround(fillOf[impute](known, facts));
  const limits = limitsOf(known, facts, wanted);
  const transform = fitTransform(wanted, known, limits);
  const filled = transformed(transform)(within(fill, limits));
  const { centre, spread } =
    scale === 'standard' && transform.kind === 'none'
      ? limitedMoments(known, limits, filled, missing)
      : scales[scale](transformedValues(known, limits, transform), filled, missing);
  return {
    kind: 'numeric',
    column,
    input: {
      name: column,
      type,
      onnxType: 'float32',
      shape: [1],
      required: missing === 0,
      range: known.length > 0 ? { min: facts.least, max: facts.greatest } : null,
      categories: null,
    },
    fill,
    missingFlag: missingFlag && missing > 0 && missing < rows,
    transform,
    ...limits,
    // As the graph holds it, so that both subtract the same number.
    centre: Math.fround(centre),
    spread,
  };
}

interface NumberFacts {
  least: number;
  low: number;
  median: number;
  high: number;
  greatest: number;
}

/** Least, 5 % quantile, median, 95 % quantile, greatest: in one go. */
function factsOf(known: Float32Array): NumberFacts {
  if (known.length === 0) return { least: 0, low: 0, median: 0, high: 0, greatest: 0 };
  const last = known.length - 1;
  const [least, low, below, above, high, greatest] = orderStatistics(known, [
    0,
    Math.round(0.05 * last),
    Math.floor(last / 2),
    Math.ceil(last / 2),
    Math.round(0.95 * last),
    last,
  ]) as [number, number, number, number, number, number];
  return { least, low, median: (below + above) / 2, high, greatest };
}

function within(x: number, { low, high }: { low: number; high: number }): number {
  return x < low ? low : x > high ? high : x;
}

function transformedValues(known: Float32Array, limits: { low: number; high: number }, transform: NumberTransform): Float64Array {
  const values = new Float64Array(known.length);
  const { low, high } = limits;
  for (let at = 0; at < known.length; at++) {
    const x = known[at]!;
    values[at] = x < low ? low : x > high ? high : x;
  }
  if (transform.kind === 'none') return values;
  const apply = transformed(transform);
  for (let at = 0; at < values.length; at++) values[at] = apply(values[at]!);
  return values;
}

/** What is done to a value between its limits. */
export function transformed(transform: NumberTransform): (x: number) => number {
  switch (transform.kind) {
    case 'none':
      return (x) => x;
    case 'log1p':
      return Math.log1p;
    case 'power': {
      const { lambda, shift } = transform;
      return (x) => powerTransform(x, lambda, shift);
    }
    case 'quantile': {
      const segments = segmentsOf(transform);
      return (x) => normalScore(x, segments);
    }
  }
}

function fitTransform(
  wanted: NumericRule['transform'],
  known: Float32Array,
  { low, high }: { low: number; high: number },
): NumberTransform {
  switch (wanted) {
    case 'none':
    case 'log1p':
      return { kind: wanted };
    case 'quantile':
      return { kind: 'quantile', ...fitNormalScores(known) };
    case 'yeoJohnson':
    case 'boxCox': {
      if (low === high) return { kind: 'none' };
      const limited = known.map((x) => Math.min(Math.max(x, low), high));
      return { kind: 'power', lambda: fitLambda(limited, wanted), shift: shiftOf(wanted) };
    }
  }
}

const fillOf: Record<NumericRule['impute'], (values: Float32Array, facts: NumberFacts) => number> = {
  median: (_, facts) => facts.median,
  mean: (values) => sumOf(values) / values.length,
  zero: () => 0,
  mostFrequent,
};

/** The smallest of the values that are found most often. */
function mostFrequent(values: Float32Array): number {
  const counts = new Map<number, number>();
  let best = values[0]!;
  let most = 0;
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > most || (count === most && value < best)) [best, most] = [value, count];
  }
  return best;
}

/**
 * Ten times as far beyond the 5 % and 95 % quantiles as they are apart. One absurd cell (a sentinel such as −1e38, cents for euros)
 * would otherwise stretch the scale until all others look alike; honest tails lie far inside. Of the logarithms where those are taken;
 * normal scores have no limits but their own.
 */
function limitsOf(
  values: Float32Array,
  { least, low, high, greatest }: NumberFacts,
  transform: NumericRule['transform'],
): { low: number; high: number } {
  if (values.length === 0) return { low: 0, high: 0 };
  if (transform === 'quantile') return { low: least, high: greatest };
  if (transform === 'boxCox') return between(Math.max(smallestPositive(values), 0), low, high, greatest);
  if (transform !== 'log1p') return between(null, low, high, greatest, least);
  const logs = between(
    null,
    Math.log1p(Math.max(low, 0)),
    Math.log1p(Math.max(high, 0)),
    Math.log1p(Math.max(greatest, 0)),
    Math.log1p(Math.max(least, 0)),
  );
  // Training saw no negative number here; the logarithm of a later one would be NaN.
  return { low: Math.fround(Math.max(0, Math.expm1(logs.low))), high: Math.fround(Math.min(Math.expm1(logs.high), largest)) };
}

const largest = 3.4e38;

function between(floor: number | null, low: number, high: number, greatest: number, least = floor ?? low): { low: number; high: number } {
  const spread = high - low;
  // Mostly one value: nothing to measure distance by.
  if (spread === 0) return { low: least, high: Math.max(greatest, least) };
  const bottom = Math.max(low - 10 * spread, -largest);
  const limit = Math.fround(floor === null ? bottom : Math.max(bottom, floor));
  return { low: limit, high: Math.max(Math.fround(Math.min(high + 10 * spread, largest)), limit) };
}

/** 1 where no value is positive: Box-Cox then sees a constant. */
function smallestPositive(values: Float32Array): number {
  let found = Infinity;
  for (const value of values) if (value > 0 && value < found) found = value;
  return found === Infinity ? 1 : found;
}

interface Scale {
  centre: number;
  spread: number;
}

/** Of `values` and `times` more entries of `extra`; the spread of a constant is 1. */
const scales: Record<NumericRule['scale'], (values: Float64Array, extra: number, times: number) => Scale> = {
  none: () => ({ centre: 0, spread: 1 }),
  standard: (values, extra, times) => {
    const { mean, sd } = momentsOf(values, extra, times);
    return { centre: mean, spread: sd };
  },
  robust: (values, extra, times) => {
    if (values.length === 0) return { centre: extra, spread: 1 };
    const all = new Float32Array(values.length + times).fill(extra);
    all.set(values);
    const [low, high] = quantilesOf(all, [0.25, 0.75]) as [number, number];
    return { centre: medianOf(all), spread: resolved(high - low, high) };
  },
  minmax: (values, extra, times) => {
    let [low, high] = times > 0 || values.length === 0 ? [extra, extra] : [Infinity, -Infinity];
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return { centre: low, spread: resolved(high - low, high) };
  },
};

/** `scales.standard` of values within limits, without a copy of them. */
function limitedMoments(values: Float32Array, { low, high }: { low: number; high: number }, extra: number, times: number): Scale {
  const count = values.length + times;
  if (count === 0) return { centre: 0, spread: 1 };
  let sum = extra * times;
  for (let at = 0; at < values.length; at++) {
    const x = values[at]!;
    sum += x < low ? low : x > high ? high : x;
  }
  const mean = sum / count;
  let squares = (extra - mean) ** 2 * times;
  for (let at = 0; at < values.length; at++) {
    const x = values[at]!;
    const distance = (x < low ? low : x > high ? high : x) - mean;
    squares += distance * distance;
  }
  return { centre: mean, spread: resolved(Math.sqrt(squares / count), mean) };
}

/** Population mean and standard deviation. Two passes: no cancellation. */
export function momentsOf(values: Float32Array | Float64Array, extra: number, times: number): { mean: number; sd: number } {
  const count = values.length + times;
  if (count === 0) return { mean: 0, sd: 1 };
  const mean = (sumOf(values) + extra * times) / count;
  let squares = (extra - mean) ** 2 * times;
  for (let at = 0; at < values.length; at++) {
    const distance = values[at]! - mean;
    squares += distance * distance;
  }
  return { mean, sd: resolved(Math.sqrt(squares / count), mean) };
}

/** Below float32 resolution at this size, differences are rounding. */
function resolved(spread: number, size: number): number {
  return spread > Math.abs(size) * 1e-7 ? spread : 1;
}

function sumOf(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum;
}

export function numberInput(
  name: string,
  type: ColumnType,
  onnxType: 'float32' | 'float64',
  known: Float32Array | Float64Array,
  missing: number,
): ModelInput {
  let [min, max] = [Infinity, -Infinity];
  for (let at = 0; at < known.length; at++) {
    const value = known[at]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { name, type, onnxType, shape: [1], required: missing === 0, range: known.length > 0 ? { min, max } : null, categories: null };
}

export function finite(values: Float32Array, rows: Int32Array): Float32Array {
  const known = new Float32Array(rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at++) {
    const value = values[rows[at]!]!;
    if (Number.isFinite(value)) known[count++] = value;
  }
  return known.subarray(0, count);
}
