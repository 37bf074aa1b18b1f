// Which seasons a series has, found out on the part of it that gets no verdict.
import type { Forecast } from './forecast.ts';
import type { Rules } from './rules.ts';

/** The first period that gets a verdict. Everything before it may shape the method; nothing after it does. */
export function firstJudged(length: number, rule: Rules): number {
  const longest = Math.max(...possibleSeasons(length, rule).map((seasons) => firstForecast(seasons, rule)));
  return Math.min(length, Math.max(length - rule.maxJudged, longest + rule.firstErrors + rule.calibration));
}

/** A season needs two turns before its first forecast, and 40 % of the series must be left to calibrate and judge. */
function possibleSeasons(length: number, rule: Rules): (readonly number[])[] {
  const possible = rule.seasons.filter((seasons) => firstForecast(seasons, rule) <= 0.6 * length);
  return possible.length > 0 ? possible : [[]];
}

/** The seasons whose one-step forecasts were closest, all tried on the same periods; the simplest wins ties within 2 %. */
export function chooseSeasons(known: Float64Array, rule: Rules, forecast: Forecast): readonly number[] {
  const possible = rule.seasons.filter((seasons) => firstForecast(seasons, rule) + rule.firstErrors + rule.calibration <= known.length);
  if (possible.length < 2) return possible[0] ?? [];
  const tries = 24;
  const from = Math.max(...possible.map((seasons) => firstForecast(seasons, rule)));
  const origins = [...new Set(Array.from({ length: tries }, (_, index) => Math.floor(from + ((known.length - from) * index) / tries)))];
  let best = possible[0]!;
  let bestError = Infinity;
  for (const seasons of possible) {
    const history = historyLength(seasons, rule);
    let error = 0;
    for (const at of origins) error += Math.abs(known[at]! - forecast(known.slice(Math.max(0, at - history), at), seasons, 1)[0]!);
    if (error < bestError * 0.98) {
      bestError = error;
      best = seasons;
    }
  }
  return best;
}

export function firstForecast(seasons: readonly number[], rule: Rules): number {
  return Math.max(rule.minHistory, 2 * (seasons.at(-1) ?? 0));
}

export function historyLength(seasons: readonly number[], rule: Rules): number {
  return Math.max(rule.maxHistory, 3 * (seasons.at(-1) ?? 0));
}
