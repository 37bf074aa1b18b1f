// Axes that all charts share.
import { formatAxisDay, formatTime } from '../format/dates.ts';
import type { Language } from '../app/storedPreferences.ts';

const dayMs = 86_400_000;

/** Label of a calendar step: the day above two days of span, otherwise the clock, and the day where it changes. */
export function timeLabel(at: number, spanMs: number, language: Language): string {
  if (spanMs > 2 * dayMs) return formatAxisDay(at, language);
  const date = new Date(at);
  return date.getHours() === 0 && date.getMinutes() === 0 && spanMs > dayMs / 2 ? formatAxisDay(at, language) : formatTime(at);
}

/** Rounded limits for a value axis that does not start at zero, with a little room at both ends. */
export function niceRange(low: number, high: number, steps = 4): { min: number; max: number; interval: number } {
  if (!(high > low)) {
    const half = Math.abs(low) * 0.1 || 0.5;
    return niceRange(low - half, low + half, steps);
  }
  const raw = (high - low) / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  const interval = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const clean = (value: number): number => Number(value.toPrecision(12));
  return {
    min: clean(Math.floor(low / interval + 1e-9) * interval),
    max: clean(Math.ceil(high / interval - 1e-9) * interval),
    interval: clean(interval),
  };
}

/** Decimals that a label needs at this step: 0.25 needs two, 0.1 one, 50 none. */
export function decimalsOf(interval: number): number {
  const [, fraction = ''] = Number(interval.toPrecision(6)).toFixed(8).split('.');
  return fraction.replace(/0+$/, '').length;
}

/** Moves labels apart so that neighbours are at least `gap` pixels from each other; the order stays. */
export function keepApart(positions: readonly number[], gap: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const moved = [...positions];
  // Neighbours push each other equally; a few rounds settle the handful of labels a chart has.
  for (let round = 0; round < 20; round++) {
    for (let at = 1; at < order.length; at++) {
      const [above, below] = [order[at - 1] ?? 0, order[at] ?? 0];
      const missing = gap - ((moved[below] ?? 0) - (moved[above] ?? 0));
      if (missing > 0.01) {
        moved[above] = (moved[above] ?? 0) - missing / 2;
        moved[below] = (moved[below] ?? 0) + missing / 2;
      }
    }
  }
  return moved;
}
