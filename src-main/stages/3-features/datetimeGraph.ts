import type { GraphBuilder, Value } from '../../compiler/index.ts';
import type { DatetimePart, FittedDatetime } from './fittedFeatures.ts';
import { missingMask } from './missingMask.ts';

/** Years 0 to 9999 in days since 1970-01-01; outside, the calendar arithmetic below does not hold. */
const firstDay = -719_468;
const lastDay = 2_932_896;

/** Features of one date column: float64 [N, 1] epoch days → float32 blocks in the order of `parts`, then the missing flag. */
export function datetimeFeatures(g: GraphBuilder, column: FittedDatetime, input: Value): Value[] {
  const { missing, age, index } = calendar(g, column, input);
  const features = column.parts.map((part) =>
    part === 'age' ? toFloat(g, g.op('Div', [age(), g.scalar(column.sdDays, 'float64')])) : oneHot(g, index[part](), missing, depths[part]),
  );
  if (column.missingFlag) features.push(toFloat(g, missing));
  return features;
}

/** The same parts as plain numbers, NaN where missing: days since `fillDays`, day of the week 0–6, month 0–11, hour 0–23. */
export function datetimeCodes(g: GraphBuilder, column: FittedDatetime, input: Value): Value[] {
  const { missing, age, index } = calendar(g, column, input);
  const numbers = column.parts.map((part) => toFloat(g, part === 'age' ? age() : index[part]()));
  return numbers.map((number) => g.op('Where', [missing, g.scalar(NaN), number], { output: { dtype: 'float32', shape: ['N', 1] } }));
}

const depths = { dayOfWeek: 7, month: 12, hour: 24 } as const;

interface Calendar {
  missing: Value;
  /** Days since `fillDays`, float64. */
  age(): Value;
  /** From 0, int64. */
  index: Record<Exclude<DatetimePart, 'age'>, () => Value>;
}

function calendar(g: GraphBuilder, column: FittedDatetime, input: Value): Calendar {
  const missing = missingMask(g, input);
  const known = g.op('Where', [missing, g.scalar(column.fillDays, 'float64'), input], { output: { dtype: 'float64', shape: ['N', 1] } });
  const days = g.op('Min', [g.op('Max', [known, g.scalar(firstDay, 'float64')]), g.scalar(lastDay, 'float64')]);
  const wholeDays = g.op('Floor', [days]);
  const day = g.op('Cast', [wholeDays], { attributes: { to: 7 }, output: { dtype: 'int64', shape: ['N', 1] } });
  return {
    missing,
    age: () => g.op('Sub', [days, g.scalar(column.fillDays, 'float64')]),
    index: {
      // 1970-01-01 was a Thursday; Monday is 0. The offset keeps the dividend positive.
      dayOfWeek: () => g.op('Mod', [g.op('Add', [day, g.scalar(7 * 200_000 + 3, 'int64')]), g.scalar(7, 'int64')]),
      month: () => g.op('Sub', [monthOf(g, day), g.scalar(1, 'int64')]),
      hour: () => {
        // 13/24 of a day is stored a little below 13 hours; 4 ms put it on the right side.
        const hours = g.op('Add', [g.op('Mul', [g.op('Sub', [days, wholeDays]), g.scalar(24, 'float64')]), g.scalar(1e-6, 'float64')]);
        return g.op('Cast', [g.op('Floor', [hours])], { attributes: { to: 7 }, output: { dtype: 'int64' } });
      },
    },
  };
}

function toFloat(g: GraphBuilder, x: Value): Value {
  return g.op('Cast', [x], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', 1] } });
}

/** int64 [N, 1] → float32 [N, depth]; all zeros where missing. */
function oneHot(g: GraphBuilder, index: Value, missing: Value, depth: number): Value {
  // OneHot leaves an index beyond the depth all zero.
  const shown = g.op('Where', [missing, g.scalar(depth, 'int64'), index], { output: { dtype: 'int64', shape: ['N', 1] } });
  return g.op('OneHot', [g.op('Reshape', [shown, g.int64([-1])]), g.scalar(depth, 'int64'), g.float32([0, 1])], {
    output: { dtype: 'float32', shape: ['N', depth] },
  });
}

/** Month 1–12 of an int64 epoch day, proleptic Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
function monthOf(g: GraphBuilder, day: Value): Value {
  const n = (value: number): Value => g.scalar(value, 'int64');
  const add = (a: Value, b: Value): Value => g.op('Add', [a, b]);
  const sub = (a: Value, b: Value): Value => g.op('Sub', [a, b]);
  const mul = (a: Value, b: Value): Value => g.op('Mul', [a, b]);
  const div = (a: Value, b: Value): Value => g.op('Div', [a, b]);
  const z = sub(day, n(firstDay));
  const dayOfEra = sub(z, mul(div(z, n(146_097)), n(146_097)));
  const leapDays = sub(add(sub(dayOfEra, div(dayOfEra, n(1460))), div(dayOfEra, n(36_524))), div(dayOfEra, n(146_096)));
  const yearOfEra = div(leapDays, n(365));
  const dayOfYear = sub(dayOfEra, sub(add(mul(yearOfEra, n(365)), div(yearOfEra, n(4))), div(yearOfEra, n(100))));
  // Years begin in March here, so that the leap day is the last of a year.
  const fromMarch = div(add(mul(dayOfYear, n(5)), n(2)), n(153));
  const early = g.op('Less', [fromMarch, n(10)], { output: { dtype: 'bool' } });
  return add(fromMarch, g.op('Where', [early, n(3), n(-9)], { output: { dtype: 'int64' } }));
}
