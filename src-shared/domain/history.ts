import { z } from 'zod';

/** From one moment of a series to the next. */
export const historyStep = z.discriminatedUnion('unit', [
  /** Of dates and timestamps: `count` seconds; periods are counted from `origin`, in days since 1970. */
  z.strictObject({ unit: z.literal('second'), count: z.number().positive(), origin: z.number() }),
  /** Calendar months; a quarter is 3, a year 12. */
  z.strictObject({ unit: z.literal('month'), count: z.number().int().positive() }),
  /** Of a time that is a number (a year, the number of a week). */
  z.strictObject({ unit: z.literal('number'), count: z.number().positive(), origin: z.number() }),
  /** Times keep no step: one row is one step. `time`: what they are. */
  z.strictObject({ unit: z.literal('row'), time: z.enum(['date', 'number']) }),
]);
export type HistoryStep = z.infer<typeof historyStep>;

export const rollingStatistics = ['mean', 'std', 'min', 'max', 'sum'] as const;

/**
 * A number made of earlier cells of `column` in the series of the row. At period t and horizon h none looks at a period after t − h, the
 * last that is known when t is forecast.
 */
export const historyFeature = z.discriminatedUnion('kind', [
  /** The cell at t − lag; lag ≥ h. */
  z.strictObject({ kind: z.literal('lag'), column: z.string(), lag: z.number().int().positive() }),
  /** Over the cells of the `window` periods up to t − h; missing ones are left out. `std` divides by n − 1. */
  z.strictObject({
    kind: z.literal('rolling'),
    column: z.string(),
    statistic: z.enum(rollingStatistics),
    window: z.number().int().min(2).max(1000),
  }),
  /** The cell at t − h less the one `over` periods before it. */
  z.strictObject({ kind: z.literal('change'), column: z.string(), over: z.number().int().positive() }),
  /** Mean of the cells at the last `cycles` periods of the same place in the season: t − kS, kS ≥ h. */
  z.strictObject({
    kind: z.literal('season'),
    column: z.string(),
    season: z.number().int().min(2),
    cycles: z.number().int().min(1).max(100),
  }),
  /** Periods since the last cell, up to t − h, that is neither missing nor 0. */
  z.strictObject({ kind: z.literal('since'), column: z.string() }),
]);
export type HistoryFeature = z.infer<typeof historyFeature>;

export const mostHorizon = 1000;
export const mostEntities = 4;
const horizon = z.number().int().min(1).max(mostHorizon);

/** What a table is a forecasting table by. */
export const seriesKey = {
  timeColumn: z.string(),
  /** Each combination of their values is a series of its own; none: the table is one series. */
  entityColumns: z.array(z.string()).max(mostEntities),
};

export const history = z.strictObject({
  ...seriesKey,
  step: historyStep,
  /** Steps from what is known to what is predicted. */
  horizon,
  /** Periods after which the target repeats; null: no season was found. */
  season: z.number().int().min(2).nullable(),
  features: z.array(historyFeature).max(200),
});
export type History = z.infer<typeof history>;

/** What a person says of a forecasting table; the rest is looked up in the rows. */
export const forecast = z.strictObject({
  ...seriesKey,
  horizon: horizon.optional(),
  /** Columns whose value is known before the moment that is predicted, such as holidays and planned prices. */
  knownAhead: z.array(z.string()).optional(),
});
export type Forecast = z.infer<typeof forecast>;

/** How an input of a model is made, for whoever asks the model. */
export const inputHistory = z.strictObject({
  feature: historyFeature,
  timeColumn: z.string(),
  entityColumns: z.array(z.string()),
  step: historyStep,
  horizon,
});
export type InputHistory = z.infer<typeof inputHistory>;

/** The name of the model's input. */
export function historyName(feature: HistoryFeature): string {
  const { column } = feature;
  switch (feature.kind) {
    case 'lag':
      return `${column} lag ${feature.lag}`;
    case 'rolling':
      return `${column} ${feature.statistic} of ${feature.window}`;
    case 'change':
      return `${column} change over ${feature.over}`;
    case 'season':
      return `${column} mean of ${feature.cycles} × ${feature.season}`;
    case 'since':
      return `${column} periods since`;
  }
}

/** The lag of the seasonal naive forecast: the last known period at the same place in the season, without a season the last known. */
export function naiveLag({ horizon: ahead, season }: Pick<History, 'horizon' | 'season'>): number {
  return season === null ? ahead : season * Math.ceil(ahead / season);
}

/** Whether times are dates or plain numbers. */
export function timeKindOf(step: HistoryStep): 'date' | 'number' {
  return step.unit === 'row' ? step.time : step.unit === 'number' ? 'number' : 'date';
}
