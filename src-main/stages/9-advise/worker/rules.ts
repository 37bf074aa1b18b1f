// How much history each sort of period needs, and how far from usual it must be to stand out.

export type Period = 'day' | 'week' | 'month';

export interface Rules {
  /** Season lengths that are tried. */
  seasons: readonly (readonly number[])[];
  /** Values before the first forecast. */
  minHistory: number;
  /** Newest values that a fit sees, or three turns of the longest season if that is more; older ones say little and cost time. */
  maxHistory: number;
  /** Newest periods that get an expectation. */
  maxJudged: number;
  window: number;
  patience: number;
  /** Forecasts whose mean error starts the usual size of errors. */
  firstErrors: number;
  /** Forecasts that only calibrate, before the first one that judges. */
  calibration: number;
  /** Share of usual periods that pass the limits. */
  alpha: number;
}

export const rules: Record<Period, Rules> = {
  day: {
    seasons: [[], [7], [7, 365]],
    minHistory: 42,
    maxHistory: 200,
    maxJudged: 180,
    window: 7,
    patience: 14,
    firstErrors: 14,
    calibration: 120,
    alpha: 0.005,
  },
  week: {
    seasons: [[], [52]],
    minHistory: 20,
    maxHistory: 160,
    maxJudged: 156,
    window: 4,
    patience: 6,
    firstErrors: 8,
    calibration: 40,
    alpha: 0.005,
  },
  month: {
    seasons: [[], [12]],
    minHistory: 12,
    maxHistory: 60,
    maxJudged: 60,
    window: 3,
    patience: 3,
    firstErrors: 5,
    calibration: 10,
    alpha: 0.01,
  },
};
