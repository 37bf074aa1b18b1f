// The days of a metric's periods.

/** Periods begin at midnight UTC; the same calendar day at local midnight, which charts and dates are written in. */
export function localDay(at: number): number {
  const day = new Date(at);
  return new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()).getTime();
}
