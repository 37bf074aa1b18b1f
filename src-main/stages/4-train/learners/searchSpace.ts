// What a search may draw: one dimension a setting, on the scale where steps of equal size mean the same.
import type { CounterRandom } from '../../../platform/random.ts';
import type { Settings, SettingValue } from './settings.ts';

/** Only meaningful where another setting, drawn before it, has one of these values. */
export interface Condition {
  name: string;
  is: readonly SettingValue[];
}

export type Dimension = { name: string; when?: Condition } & (
  | { kind: 'linear'; low: number; high: number }
  /** Uniform in the logarithm; 0 < low. */
  | { kind: 'log'; low: number; high: number }
  /** Both ends included; `log`: uniform in the logarithm, 1 ≤ low. */
  | { kind: 'integer'; low: number; high: number; log?: boolean }
  /** Values have no order. */
  | { kind: 'choice'; values: readonly SettingValue[] }
);

/** Conditions look at dimensions that stand before. */
export type SearchSpace = readonly Dimension[];

/** One point of the space at random, inactive dimensions left out. A dimension always uses one number, active or not. */
export function drawSettings(space: SearchSpace, random: CounterRandom): Settings {
  return settingsAt(
    space,
    space.map(() => random.next()),
  );
}

/** From one place in [0, 1) a dimension to settings: random, quasi-random and model-based searches draw places. */
export function settingsAt(space: SearchSpace, places: readonly number[]): Settings {
  const settings: Settings = {};
  space.forEach((dimension, at) => {
    if (isActive(dimension, settings)) settings[dimension.name] = valueAt(dimension, places[at]!);
  });
  return settings;
}

/** Of settings, the place of each dimension; null where it is not active or not set. Values beyond the ends go to the ends. */
export function placesOf(space: SearchSpace, settings: Settings): (number | null)[] {
  return space.map((dimension) => {
    const value = settings[dimension.name];
    return value === undefined || !isActive(dimension, settings) ? null : placeOf(dimension, value);
  });
}

/** Every combination of `steps` values a dimension (all values of a choice), active ones only, in the order of the space. */
export function gridOf(space: SearchSpace, steps: number): Settings[] {
  let grid: Settings[] = [{}];
  for (const dimension of space)
    grid = grid.flatMap((settings) =>
      isActive(dimension, settings) ? gridValues(dimension, steps).map((value) => ({ ...settings, [dimension.name]: value })) : [settings],
    );
  return grid;
}

export function isActive({ when }: Dimension, settings: Settings): boolean {
  return when === undefined || when.is.some((each) => sameValue(each, settings[when.name]));
}

export function sameValue(a: SettingValue | undefined, b: SettingValue | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, at) => each === b[at]);
  return a === b;
}

/** Real values have 4 significant digits: what people see is what was run. */
export function valueAt(dimension: Dimension, place: number): SettingValue {
  switch (dimension.kind) {
    case 'linear':
      return rounded(dimension.low + (dimension.high - dimension.low) * place, dimension);
    case 'log':
      return rounded(dimension.low * (dimension.high / dimension.low) ** place, dimension);
    case 'integer': {
      const { low, high, log = false } = dimension;
      const value = log ? low * ((high + 1) / low) ** place : low + (high - low + 1) * place;
      return Math.min(high, Math.floor(value));
    }
    case 'choice':
      return dimension.values[Math.min(dimension.values.length - 1, Math.floor(place * dimension.values.length))]!;
  }
}

function placeOf(dimension: Dimension, value: SettingValue): number | null {
  if (dimension.kind === 'choice') {
    const at = dimension.values.findIndex((each) => sameValue(each, value));
    return at < 0 ? null : (at + 0.5) / dimension.values.length;
  }
  if (typeof value !== 'number') return null;
  const { low, high } = dimension;
  const limited = Math.min(Math.max(value, low), high);
  if (dimension.kind === 'integer') {
    const middle = limited + 0.5;
    return dimension.log === true ? Math.log(middle / low) / Math.log((high + 1) / low) : (middle - low) / (high - low + 1);
  }
  if (low === high) return 0.5;
  return dimension.kind === 'log' ? Math.log(limited / low) / Math.log(high / low) : (limited - low) / (high - low);
}

function gridValues(dimension: Dimension, steps: number): SettingValue[] {
  if (dimension.kind === 'choice') return [...dimension.values];
  const places = Array.from({ length: steps }, (_, at) => (steps === 1 ? 0.5 : at / (steps - 1)));
  return [...new Set(places.map((place) => valueAt(dimension, place)))];
}

function rounded(value: number, { low, high }: { low: number; high: number }): number {
  return Math.min(Math.max(Number(value.toPrecision(4)), low), high);
}
