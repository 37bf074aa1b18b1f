import type { GraphBuilder, Value } from '../../compiler/index.ts';
import { toDouble, toFloat } from './casts.ts';
import type { DatetimePart, FittedDatetime } from './fittedFeatures.ts';
import { missingMask } from './missingMask.ts';

/** Years 0 to 9999 in days since 1970-01-01; outside, the calendar arithmetic below does not hold. */
export const firstDay = -719_468;
export const lastDay = 2_932_896;
export const daysPerYear = 365.2425;

/** Features of one date column: float64 [N, 1] epoch days → float32 blocks in the order of `parts`, then the missing flag. */
export function datetimeFeatures(g: GraphBuilder, column: FittedDatetime, input: Value): Value[] {
  const calendar = calendarOf(g, column, input);
  const { missing, age, index } = calendar;
  const feature = (part: DatetimePart): Value[] => {
    switch (part) {
      case 'age':
        return [toFloat(g, g.op('Div', [age(), g.scalar(column.sdDays, 'float64')]))];
      case 'year':
        // From the year of the fill value, in spreads of the column but never less than a year: differences stay small.
        return [scaledInteger(g, index.year(), yearOfDay(column.fillDays), Math.max(1, column.sdDays / daysPerYear))];
      case 'dayOfMonth':
        return [scaledInteger(g, index.dayOfMonth(), 14.5, 8.8)];
      case 'dayOfWeek':
      case 'month':
      case 'hour':
        return [oneHot(g, index[part](), missing, depths[part])];
      default:
        return cycle(g, calendar, part, 0);
    }
  };
  const features = column.parts.flatMap(feature);
  if (column.missingFlag) features.push(toFloat(g, missing));
  return features;
}

/**
 * The same parts as plain numbers, NaN where missing: days since `fillDays`, year, day of the month from 0, day of the week 0–6,
 * month 0–11, hour 0–23, and cycles.
 */
export function datetimeCodes(g: GraphBuilder, column: FittedDatetime, input: Value): Value[] {
  const calendar = calendarOf(g, column, input);
  const known = (number: Value): Value =>
    g.op('Where', [calendar.missing, g.scalar(NaN), number], { output: { dtype: 'float32', shape: ['N', 1] } });
  return column.parts.flatMap((part) => {
    if (part === 'age') return [known(toFloat(g, calendar.age()))];
    if (part === 'dayOfWeekCycle' || part === 'dayOfMonthCycle' || part === 'monthCycle' || part === 'hourCycle')
      return cycle(g, calendar, part, NaN);
    return [known(toFloat(g, calendar.index[part]()))];
  });
}

const depths = { dayOfWeek: 7, month: 12, hour: 24 } as const;

type Cycle = Extract<DatetimePart, `${string}Cycle`>;

interface Calendar {
  missing: Value;
  /** Days since `fillDays`, float64. */
  age(): Value;
  /** From 0 (years as they are), int64. */
  index: Record<Exclude<DatetimePart, 'age' | Cycle>, () => Value>;
  /** Share of the day that has passed, float64. */
  dayShare(): Value;
}

function calendarOf(g: GraphBuilder, column: FittedDatetime, input: Value): Calendar {
  const missing = missingMask(g, input);
  const known = g.op('Where', [missing, g.scalar(column.fillDays, 'float64'), input], { output: { dtype: 'float64', shape: ['N', 1] } });
  const days = g.op('Min', [g.op('Max', [known, g.scalar(firstDay, 'float64')]), g.scalar(lastDay, 'float64')]);
  const wholeDays = g.op('Floor', [days]);
  const day = g.op('Cast', [wholeDays], { attributes: { to: 7 }, output: { dtype: 'int64', shape: ['N', 1] } });
  const date = once(() => civilFromDays(g, day));
  return {
    missing,
    age: () => g.op('Sub', [days, g.scalar(column.fillDays, 'float64')]),
    dayShare: () => g.op('Sub', [days, wholeDays]),
    index: {
      year: () => date().year,
      month: () => g.op('Sub', [date().month, g.scalar(1, 'int64')]),
      dayOfMonth: () => date().dayOfMonth,
      // 1970-01-01 was a Thursday; Monday is 0. The offset keeps the dividend positive.
      dayOfWeek: () => g.op('Mod', [g.op('Add', [day, g.scalar(7 * 200_000 + 3, 'int64')]), g.scalar(7, 'int64')]),
      hour: () => {
        // 13/24 of a day is stored a little below 13 hours; 4 ms put it on the right side.
        const hours = g.op('Add', [g.op('Mul', [g.op('Sub', [days, wholeDays]), g.scalar(24, 'float64')]), g.scalar(1e-6, 'float64')]);
        // Those 4 ms before midnight are not hour 24.
        return g.op('Cast', [g.op('Min', [g.op('Floor', [hours]), g.scalar(23, 'float64')])], {
          attributes: { to: 7 },
          output: { dtype: 'int64' },
        });
      },
    },
  };
}

const periods = { dayOfWeekCycle: 7, dayOfMonthCycle: 31, monthCycle: 12 } as const;

/** Sine and cosine of where in the period a time lies, `missing` where it is missing. Hours run on within the hour. */
function cycle(g: GraphBuilder, calendar: Calendar, part: Cycle, missing: number): Value[] {
  const share =
    part === 'hourCycle'
      ? calendar.dayShare()
      : g.op('Div', [toDouble(g, calendar.index[part.slice(0, -'Cycle'.length) as 'month']()), g.scalar(periods[part], 'float64')]);
  const angle = g.op('Mul', [share, g.scalar(2 * Math.PI, 'float64')]);
  // In float32 from here on: a turn is 6.3, so the rounding is at most 4e-7 of an angle. The cosine is the sine a quarter later.
  const wave = (shift: number): Value => {
    const shifted = toFloat(g, shift === 0 ? angle : g.op('Add', [angle, g.scalar(shift, 'float64')]));
    return g.op('Where', [calendar.missing, g.scalar(missing), g.op('Sin', [shifted])], { output: { dtype: 'float32', shape: ['N', 1] } });
  };
  return [wave(0), wave(Math.PI / 2)];
}

function scaledInteger(g: GraphBuilder, x: Value, centre: number, spread: number): Value {
  return g.op('Div', [g.op('Sub', [toFloat(g, x), g.scalar(centre)]), g.scalar(spread)], { output: { shape: ['N', 1] } });
}

/** int64 [N, 1] → float32 [N, depth]; all zeros where missing. */
function oneHot(g: GraphBuilder, index: Value, missing: Value, depth: number): Value {
  // OneHot leaves an index beyond the depth all zero.
  const shown = g.op('Where', [missing, g.scalar(depth, 'int64'), index], { output: { dtype: 'int64', shape: ['N', 1] } });
  return g.op('OneHot', [g.op('Reshape', [shown, g.int64([-1])]), g.scalar(depth, 'int64'), g.float32([0, 1])], {
    output: { dtype: 'float32', shape: ['N', depth] },
  });
}

/**
 * Year, month 1–12 and day of the month from 0 of an int64 epoch day, proleptic Gregorian calendar: Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
function civilFromDays(g: GraphBuilder, day: Value): { year: Value; month: Value; dayOfMonth: Value } {
  const n = (value: number): Value => g.scalar(value, 'int64');
  const add = (a: Value, b: Value): Value => g.op('Add', [a, b]);
  const sub = (a: Value, b: Value): Value => g.op('Sub', [a, b]);
  const mul = (a: Value, b: Value): Value => g.op('Mul', [a, b]);
  const div = (a: Value, b: Value): Value => g.op('Div', [a, b]);
  const z = sub(day, n(firstDay));
  const era = div(z, n(146_097));
  const dayOfEra = sub(z, mul(era, n(146_097)));
  const leapDays = sub(add(sub(dayOfEra, div(dayOfEra, n(1460))), div(dayOfEra, n(36_524))), div(dayOfEra, n(146_096)));
  const yearOfEra = div(leapDays, n(365));
  const dayOfYear = sub(dayOfEra, sub(add(mul(yearOfEra, n(365)), div(yearOfEra, n(4))), div(yearOfEra, n(100))));
  // Years begin in March here, so that the leap day is the last of a year.
  const fromMarch = div(add(mul(dayOfYear, n(5)), n(2)), n(153));
  const early = g.op('Less', [fromMarch, n(10)], { output: { dtype: 'bool' } });
  return {
    month: add(fromMarch, g.op('Where', [early, n(3), n(-9)], { output: { dtype: 'int64' } })),
    dayOfMonth: sub(dayOfYear, div(add(mul(fromMarch, n(153)), n(2)), n(5))),
    year: add(add(yearOfEra, mul(era, n(400))), g.op('Where', [early, n(0), n(1)], { output: { dtype: 'int64' } })),
  };
}

/** The same for a number here: year of an epoch day. */
export function yearOfDay(days: number): number {
  return new Date(Math.floor(days) * 86_400_000).getUTCFullYear();
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
