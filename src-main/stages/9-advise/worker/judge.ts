/**
 * Which periods of a series stand out, each judged only by what was known before it.
 *
 * At every period t the model is fitted on the values before t and forecasts the next few periods. A value is compared with the forecast made
 * the period before; a run of `window` values with the forecast made before the run began, so that a slow fall cannot pull its own expectation
 * down. Errors are measured on the square-root scale where values cannot be negative (their spread grows with their level, and a fall can
 * then be seen although zero is the floor), divided by their recent usual size, and the limits come from past errors alone (limits.ts).
 * A value that stands out enters later histories as the limit it passed, for at most `patience` periods in a row: then the new level is
 * believed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Forecast } from './forecast.ts';
import { limitsOf } from './limits.ts';
import { rules, type Period } from './rules.ts';
import { chooseSeasons, firstForecast, firstJudged, historyLength } from './seasons.ts';

export interface JudgedPoint {
  value: number | null;
  expected: number | null;
  low: number | null;
  high: number | null;
  anomaly: boolean;
}

/** A run of periods that stands out as a whole; figures are sums over the run. */
export interface Standout {
  /** Indexes into the series, both inclusive. */
  from: number;
  to: number;
  actual: number;
  expected: number;
  low: number;
  high: number;
  /** Distance beyond the limit, in units of the usual error; ranks standouts. */
  excess: number;
}

export interface Judgement {
  points: JudgedPoint[];
  standouts: Standout[];
  method: { seasons: number[]; fits: number; judged: number; level: number; window: number };
}

/** About 0.1 s of work. */
const fitsPerTurn = 16;
/** Weight of the newest error in the usual size of errors (about the last 40). */
const scaleWeight = 0.05;

export interface JudgeOptions {
  period: Period;
  forecast: Forecast;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
}

/** `values`: one per period, oldest first; null where nothing is known (an average without rows). Deterministic. */
export async function judge(
  values: readonly (number | null)[],
  { period, forecast, onProgress, signal }: JudgeOptions,
): Promise<Judgement> {
  const { window, patience, alpha, calibration, firstErrors: enough } = rules[period];
  const points: JudgedPoint[] = values.map((value) => ({ value, expected: null, low: null, high: null, anomaly: false }));
  const believed = interpolated(values);
  const judgedFrom = firstJudged(values.length, rules[period]);
  const before = values.slice(0, judgedFrom);
  const seasons = chooseSeasons(believed.slice(0, judgedFrom), rules[period], forecast);
  const history = historyLength(seasons, rules[period]);
  const first = Math.max(firstForecast(seasons, rules[period]), judgedFrom - calibration - enough);
  const zerosUsual = before.filter((value) => value === 0).length > 0.02 * before.length;
  const measure = believed.slice(0, judgedFrom).every((value) => value >= 0) ? rootScale : plainScale;
  const method = { seasons: [...seasons], fits: 0, judged: 0, level: 1 - alpha, window };

  const ahead: (number[] | undefined)[] = [];
  const scores: number[] = [];
  const windowScores: number[] = [];
  const scales: number[] = [];
  const standouts: Standout[] = [];
  const firstErrors: number[] = [];
  let scale = 0;
  let replaced = 0;
  for (let at = first; at < values.length; at++) {
    if (method.fits % fitsPerTurn === 0) await nextTurn(); // so that a request to stop is heard
    signal?.throwIfAborted();
    const next = forecast(believed.slice(Math.max(0, at - history), at), seasons, window).map((one) => measure.clip(one));
    method.fits++;
    ahead[at] = next;
    scales[at] = scale;
    onProgress?.((at - first + 1) / (values.length - first));
    const expected = next[0]!;
    const value = values[at] ?? null;
    const point = points[at]!;
    const band = scores.length >= calibration ? bandAround(expected, scale, scores, alpha, measure) : null;
    if (band) {
      method.judged++;
      Object.assign(point, { expected, low: band.low, high: band.high });
    }
    if (value === null) continue;

    if (band) {
      // Where periods without anything are usual, one more of them says nothing; the run does.
      point.anomaly = value > band.high || (value < band.low && !(value === 0 && zerosUsual));
      if (point.anomaly)
        standouts.push({ from: at, to: at, actual: value, expected, low: band.low, high: band.high, excess: band.excess(value) });
    }
    const run = windowAt(at, window, values, ahead, scales);
    if (run) {
      const runBand = windowScores.length >= calibration ? bandAround(run.expected, run.scale, windowScores, alpha, measure) : null;
      if (runBand && (run.actual < runBand.low || run.actual > runBand.high)) {
        const { low, high } = runBand;
        standouts.push({
          from: at - window + 1,
          to: at,
          actual: run.actual,
          expected: run.expected,
          low,
          high,
          excess: runBand.excess(run.actual),
        });
      }
      const believedRun = runBand ? between(run.actual, runBand.low, runBand.high) : run.actual;
      windowScores.push((measure.of(believedRun) - measure.of(run.expected)) / run.scale);
    }

    if (point.anomaly && replaced < patience) {
      believed[at] = between(value, point.low!, point.high!);
      replaced++;
    } else if (!point.anomaly) replaced = 0;
    // What stood out teaches the limits no more than that they were reached; else one holiday would hide the next.
    const error = measure.of(believed[at]!) - measure.of(expected);
    if (scale > 0) {
      scores.push(error / scale);
      // One wild day must not blind the following ones: its weight is capped at three usual errors.
      scale = (1 - scaleWeight) * scale + scaleWeight * Math.min(Math.abs(error), 3 * scale);
    } else {
      // A scale from one lucky forecast would make every later score enormous.
      firstErrors.push(Math.abs(error));
      if (firstErrors.length >= enough) scale = firstErrors.reduce((sum, one) => sum + one, 0) / firstErrors.length;
    }
  }
  return { points, standouts: merged(standouts), method };
}

/** Where errors are measured. */
interface Measure {
  of(value: number): number;
  back(measured: number): number;
  clip(forecast: number): number;
}
const plainScale: Measure = { of: (value) => value, back: (measured) => measured, clip: (forecast) => forecast };
const rootScale: Measure = {
  of: (value) => Math.sign(value) * Math.sqrt(Math.abs(value)), // a refund among sales may still be negative
  back: (measured) => Math.max(0, measured) ** 2,
  clip: (forecast) => Math.max(0, forecast),
};

interface Band {
  low: number;
  high: number;
  /** Distance beyond the nearer limit, in usual errors. */
  excess(value: number): number;
}

function bandAround(expected: number, scale: number, scores: readonly number[], alpha: number, measure: Measure): Band | null {
  const limits = scale > 0 ? limitsOf(scores, alpha) : null;
  if (!limits) return null;
  const centre = measure.of(expected);
  return {
    low: measure.back(centre + limits.low * scale),
    high: measure.back(centre + limits.high * scale),
    excess: (value) => {
      const score = (measure.of(value) - centre) / scale;
      return Math.max(limits.low - score, score - limits.high);
    },
  };
}

/** The run of `window` values that ends at `at`, against the forecast made before it began; null where a value or the forecast is missing. */
function windowAt(
  at: number,
  window: number,
  values: readonly (number | null)[],
  ahead: readonly (number[] | undefined)[],
  scales: readonly number[],
): { actual: number; expected: number; scale: number } | null {
  const start = at - window + 1;
  const forecasts = ahead[start];
  const scale = scales[start] ?? 0;
  if (!forecasts || scale <= 0) return null;
  let actual = 0;
  let expected = 0;
  for (let step = 0; step < window; step++) {
    const value = values[start + step];
    if (value === null || value === undefined) return null;
    actual += value;
    expected += forecasts[step]!;
  }
  return { actual, expected, scale };
}

/** Standouts that overlap and go the same way are one story: the one furthest out tells it. Oldest first. */
function merged(standouts: Standout[]): Standout[] {
  const kept: Standout[] = [];
  for (const one of [...standouts].sort((a, b) => b.excess - a.excess)) {
    const sameWay = (other: Standout): boolean => other.actual > other.expected === one.actual > one.expected;
    // Neighbouring days of one fall belong together too.
    if (kept.some((other) => sameWay(other) && one.from <= other.to + 1 && one.to >= other.from - 1)) continue;
    kept.push(one);
  }
  return kept.sort((a, b) => a.from - b.from);
}

/** A copy without gaps: linear between neighbours, flat at the ends. Only the model sees it. */
function interpolated(values: readonly (number | null)[]): Float64Array {
  const filled = new Float64Array(values.length);
  let before = -1;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === null || value === undefined) continue;
    for (let gap = before + 1; gap < at; gap++) {
      const share = before < 0 ? 1 : (gap - before) / (at - before);
      filled[gap] = before < 0 ? value : filled[before]! + (value - filled[before]!) * share;
    }
    filled[at] = value;
    before = at;
  }
  if (before >= 0) filled.fill(filled[before]!, before + 1);
  return filled;
}

function between(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
