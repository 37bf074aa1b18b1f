// How a finished model does on its test rows, and why it answers as it does.
import { z } from 'zod';
import { task } from './features.ts';
import { estimate } from './names.ts';
import { metricName, metrics } from './training.ts';

/** Rows with a score of at least `threshold` are alarms; null: none is. Falling thresholds. */
export const thresholdPoint = z.object({
  threshold: z.number().nullable(),
  truePositives: z.number().int(),
  falsePositives: z.number().int(),
  falseNegatives: z.number().int(),
  trueNegatives: z.number().int(),
});
export type ThresholdPoint = z.infer<typeof thresholdPoint>;

/** Rows whose stated probability lies in one bin: mean of what was stated, and the share that came true with Wilson's interval. */
export const reliabilityBin = z.object({
  predicted: z.number(),
  observed: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  rows: z.number().int(),
});

/** One class against the rest; ROC, precision and recall, lift and gain all follow from `thresholds`. */
export const classCurve = z.object({
  class: z.string(),
  positives: z.number().int(),
  area: estimate,
  averagePrecision: estimate,
  thresholds: z.array(thresholdPoint),
  reliability: z.array(reliabilityBin),
});
export type ClassCurve = z.infer<typeof classCurve>;

/** Of numbers: residual = truth − answer. */
export const residuals = z.object({
  bias: estimate,
  histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int()) }),
  /** At most 1,000 rows, evenly over the test rows. */
  points: z.array(z.object({ row: z.number().int(), prediction: z.number(), residual: z.number() })),
  /** Rows by deciles of the answer: how residuals spread there. */
  bands: z.array(z.object({ prediction: z.number(), low: z.number(), median: z.number(), high: z.number(), rows: z.number().int() })),
});
export type Residuals = z.infer<typeof residuals>;

/** Rows where one column is in [low, high), has one of `values`, or is missing. */
export const sliceCondition = z.object({
  column: z.string(),
  kind: z.enum(['range', 'value', 'missing']),
  /** Null: open. Dates in days since 1970-01-01. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  value: z.string().nullable(),
});
export type SliceCondition = z.infer<typeof sliceCondition>;

export const slice = z.object({
  conditions: z.array(sliceCondition).min(1).max(2),
  rows: z.number().int(),
  /** Mean loss of the slice less that of all other rows; positive is worse. */
  difference: estimate,
  /** Mean loss here. */
  loss: z.number(),
  /** The task's plain figure here: accuracy, or mean absolute error. */
  value: estimate,
  /** Welch's test, and adjusted for all slices that were tried (Benjamini–Hochberg). */
  p: z.number(),
  adjustedP: z.number(),
  verdict: z.enum(['worse', 'better', 'noProvenDifference']),
});
export type Slice = z.infer<typeof slice>;

export const sliceTable = z.object({
  /** `logLoss` of classes, `mae` of numbers: what rows are compared by. */
  loss: metricName,
  /** What `value` is: accuracy or mae. */
  shown: metricName,
  overallLoss: z.number(),
  overall: z.number(),
  fewestRows: z.number().int(),
  tried: z.number().int(),
  provenWorse: z.number().int(),
  /** At most 40 of the proven ones and 40 of the others. Worst first; the proven ones before the others. */
  slices: z.array(slice),
});
export type SliceTable = z.infer<typeof sliceTable>;

export const evaluation = z.object({
  task,
  classes: z.array(z.string()),
  rows: z.number().int(),
  /** All metrics of the task. */
  metrics,
  /** Two classes: of the second. More: one each, at most 20. Empty for numbers. */
  curves: z.array(classCurve),
  /** Row-major [truth, answer]; null for numbers and beyond 50 classes. */
  confusion: z.array(z.array(z.number().int())).nullable(),
  residuals: residuals.nullable(),
  slices: sliceTable,
  /** Numbers in the dataset version of some test rows, those that the model was most wrong about first. */
  hardestRows: z.array(z.object({ row: z.number().int(), truth: z.string(), answer: z.string(), loss: z.number() })),
});
export type Evaluation = z.infer<typeof evaluation>;

/** What each outcome costs (a gain is negative), in any unit. */
export const costs = z.strictObject({
  truePositive: z.number(),
  falsePositive: z.number(),
  falseNegative: z.number(),
  trueNegative: z.number(),
});
export type Costs = z.infer<typeof costs>;

/** Advice: predictions stay as they are. */
export const thresholdAdvice = z.object({
  class: z.string(),
  /** Null: alarm never. */
  threshold: z.number().nullable(),
  /** On the test rows at that threshold. */
  outcome: thresholdPoint,
  /** Expected cost of a row at that threshold; interval by bootstrap over rows. */
  cost: estimate,
  /** The same when the threshold is chosen on nine tenths of the rows and judged on the other: what to expect from a threshold chosen this way. */
  honestCost: z.number(),
  /** Of the model's own answer (the more probable class), of alarming never, and of alarming always. */
  asIs: z.number(),
  never: z.number(),
  always: z.number(),
});
export type ThresholdAdvice = z.infer<typeof thresholdAdvice>;

/** A cell of a row: null is missing; dates as ISO text. */
export const cellValue = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export type CellValue = z.infer<typeof cellValue>;

/** A test row by its number in the dataset version, or cells by column (absent: missing). */
export const rowChoice = z.union([
  z.strictObject({ row: z.number().int().nonnegative() }),
  z.strictObject({ cells: z.record(z.string(), cellValue) }),
]);
export type RowChoice = z.infer<typeof rowChoice>;

/** `answer`: probability of a class, or the number. `logOdds`: ln(p / (1 − p)). */
export const answerScale = z.enum(['answer', 'logOdds']);
export type AnswerScale = z.infer<typeof answerScale>;

export const rowReasons = z.object({
  row: z.number().int().nullable(),
  /** The class that is explained; null for numbers. */
  class: z.string().nullable(),
  scale: answerScale,
  /** `tree`: exact, from the trees. `additive`: exact, since the model is a sum over columns. `sampled`: within `error`. */
  method: z.enum(['tree', 'additive', 'sampled']),
  /** Mean answer over the rows that the row is held against. */
  base: z.number(),
  value: z.number(),
  /** base + Σ effects = value; largest effect first. */
  reasons: z.array(z.object({ column: z.string(), cell: cellValue, effect: z.number(), error: z.number() })),
  background: z.number().int(),
  answer: z.string(),
  truth: z.string().nullable(),
});
export type RowReasons = z.infer<typeof rowReasons>;

/** What the answer does when one column is set to each of some values. */
export const columnEffect = z.object({
  column: z.string(),
  kind: z.enum(['number', 'date', 'value']),
  class: z.string().nullable(),
  rows: z.number().int(),
  /** Places on the axis: numbers, days since 1970-01-01, or values ('' is missing). */
  grid: z.array(z.union([z.number(), z.string()])),
  /** Share of test rows at each value, or up to the next number. */
  shares: z.array(z.number()),
  /** Mean answer when every row has that value (partial dependence). */
  mean: z.array(estimate),
  /** Some rows one by one (individual conditional expectation): [rows][grid]. */
  lines: z.array(z.object({ row: z.number().int(), values: z.array(z.number()) })),
  /** Accumulated local effects, centred; null for values that have no order. */
  accumulated: z.array(z.number()).nullable(),
});
export type ColumnEffect = z.infer<typeof columnEffect>;

export const columnLimit = z.strictObject({
  column: z.string(),
  min: z.number().optional(),
  max: z.number().optional(),
  direction: z.enum(['up', 'down', 'any']).optional(),
  values: z.array(z.string()).optional(),
});
export type ColumnLimit = z.infer<typeof columnLimit>;

export const counterfactuals = z.object({
  row: z.number().int().nullable(),
  class: z.string().nullable(),
  from: z.number(),
  /** What was to be reached. */
  wanted: z.object({ min: z.number().nullable(), max: z.number().nullable() }),
  /** Smallest change first; empty: none was found within the limits. */
  found: z.array(
    z.object({
      changes: z.array(z.object({ column: z.string(), from: cellValue, to: cellValue })),
      value: z.number(),
      /** Sum over columns: the share of test rows that lie between the two numbers; 0.5 for a change of value. */
      distance: z.number(),
    }),
  ),
  /** The answer that came nearest, when none was found. */
  nearest: z.number().nullable(),
  tried: z.number().int(),
});
export type Counterfactuals = z.infer<typeof counterfactuals>;
