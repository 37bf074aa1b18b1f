import { z } from 'zod';
import { history, inputHistory } from './history.ts';
import { nameSchema, versionRef } from './names.ts';
import { columnType } from './table.ts';

/** What is done with one raw column on its way into the model. */
export const featureRule = z.discriminatedUnion('kind', [
  z.object({
    column: z.string(),
    kind: z.literal('numeric'),
    impute: z.enum(['median', 'mean', 'zero', 'mostFrequent']),
    missingFlag: z.boolean(),
    /** standard: mean and standard deviation; robust: median and quartile distance; minmax: to [0, 1]. */
    scale: z.enum(['standard', 'robust', 'minmax', 'none']),
    /** quantile: to normal scores; yeoJohnson, boxCox: a power fitted by likelihood. */
    transform: z.enum(['none', 'log1p', 'quantile', 'yeoJohnson', 'boxCox']),
  }),
  z.object({ column: z.string(), kind: z.literal('boolean') }),
  /** Values rarer than `minCount` and unseen ones share one "other" column. */
  z.object({ column: z.string(), kind: z.literal('oneHot'), maxValues: z.number().int(), minCount: z.number().int() }),
  /**
   * A category with many values as a few numbers. `target`: mean of the target among rows of this value, drawn towards the overall
   * mean by `smoothing` rows; in training each row only knows rows before it. `frequency`: share of rows. `hash`: one of `buckets`.
   * Models that read category codes get the `maxCodes` most frequent values as codes too.
   */
  z.object({
    column: z.string(),
    kind: z.literal('encoded'),
    encodings: z
      .array(z.enum(['target', 'frequency', 'hash']))
      .min(1)
      .max(3),
    smoothing: z.number().positive(),
    buckets: z.number().int().min(2).max(4096),
    minCount: z.number().int().positive(),
    maxCodes: z.number().int().min(0).max(10_000),
  }),
  z.object({
    column: z.string(),
    kind: z.literal('textNgrams'),
    unit: z.enum(['word', 'character']),
    /**
     * What words are, where they are counted. unicode: letters and digits that follow one another; jieba: Chinese, which puts no spaces
     * between words, is cut by a dictionary first (a pre-processor: no graph can do it). Left out: unicode.
     */
    words: z.enum(['unicode', 'jieba']).optional(),
    minN: z.number().int(),
    maxN: z.number().int(),
    maxFeatures: z.number().int(),
    weighting: z.enum(['tfidf', 'count', 'binary']),
    /** 1 + ln(count) in place of the count. */
    sublinear: z.boolean().optional(),
    /** Singular directions that trees read in place of the n-grams; left out, they read each n-gram. */
    components: z.number().int().min(1).max(256).optional(),
  }),
  z.object({
    column: z.string(),
    kind: z.literal('datetime'),
    /** Cycles are sine and cosine: 23:00 lies beside 0:00. */
    parts: z.array(
      z.enum(['age', 'year', 'dayOfMonth', 'dayOfWeek', 'month', 'hour', 'dayOfWeekCycle', 'dayOfMonthCycle', 'monthCycle', 'hourCycle']),
    ),
    /** Other date columns: days from them to this one. */
    since: z.array(z.string()).optional(),
  }),
  z.object({
    column: z.string(),
    kind: z.literal('imagePixels'),
    width: z.number().int(),
    height: z.number().int(),
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  z.object({
    column: z.string(),
    kind: z.literal('drop'),
    reason: z.enum([
      'identifier',
      'constant',
      'allMissing',
      'target',
      'leak',
      'user',
      'highCardinality',
      'time',
      'reservedName',
      'fileFact',
      'duplicate',
      'group',
      'unknownAhead',
    ]),
  }),
]);
export type FeatureRule = z.infer<typeof featureRule>;

/** A feature of two columns; left out where one of them is. */
export const featureInteraction = z.discriminatedUnion('kind', [
  /** Of two numbers; a ratio by zero is missing. */
  z.object({ kind: z.literal('product'), left: z.string(), right: z.string() }),
  z.object({ kind: z.literal('ratio'), left: z.string(), right: z.string() }),
  /** Pairs of values of two one-hot columns that at least `minCount` rows have, the `maxValues` most frequent. */
  z.object({
    kind: z.literal('cross'),
    left: z.string(),
    right: z.string(),
    maxValues: z.number().int().positive(),
    minCount: z.number().int().positive(),
  }),
]);
export type FeatureInteraction = z.infer<typeof featureInteraction>;

/** `multilabel`: any subset of several labels is right. `ranking`: rows of a group are put in order. */
export const task = z.enum(['binary', 'multiclass', 'regression', 'multilabel', 'ranking']);
export type Task = z.infer<typeof task>;

/** What is to be predicted. `flags` and `delimited` are multilabel targets, `ranking` one of its own; of the others the values tell the task. */
export const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('column'), column: z.string() }),
  /** A frozen label set. */
  z.strictObject({ kind: z.literal('labels'), labelSet: nameSchema, version: z.number().int().positive() }),
  /** Several columns of 0 and 1 (or true and false), each a label that a row has or not. */
  z.strictObject({ kind: z.literal('flags'), columns: z.array(z.string()).min(2).max(200) }),
  /** One text column; the labels of a row stand in its cell with `separator` between them. */
  z.strictObject({ kind: z.literal('delimited'), column: z.string(), separator: z.string().min(1).max(3) }),
  /** How relevant a row is among those with the same value in `group`: a number ≥ 0. */
  z.strictObject({ kind: z.literal('ranking'), column: z.string(), group: z.string() }),
]);

export const featureSpec = z.object({
  dataset: versionRef,
  target,
  task,
  /** Target values in model order, of several labels their names; empty for numbers and rankings. */
  classes: z.array(z.string()),
  rules: z.array(featureRule),
  interactions: z.array(featureInteraction).optional(),
  /** Of a forecasting table: what is made of earlier rows. Each feature has a rule of its own, under its name. */
  history: history.optional(),
});
export type FeatureSpec = z.infer<typeof featureSpec>;

/**
 * What is done to the texts of an input before the model's graph sees them, because no graph can: they are cut into words, joined by
 * `separator`. `sha256` is that of the file with the program and its dictionary: another one gives other words, so only the very same
 * runs a model.
 */
export const preprocessor = z.object({ name: z.string(), version: z.string(), sha256: z.string(), separator: z.string() });
export type Preprocessor = z.infer<typeof preprocessor>;

/** What the served model takes: raw columns in, by name. */
export const modelInput = z.object({
  name: z.string(),
  type: columnType,
  /** ONNX element type: numbers float32, dates float64 epoch days (NaN = missing), text and categories string ('' = missing), images uint8 [N,H,W,C]. */
  onnxType: z.enum(['float32', 'float64', 'int64', 'string', 'uint8', 'bool']),
  /** Without the batch dimension; [1] for a plain column. */
  shape: z.array(z.number().int()),
  required: z.boolean(),
  /** Seen in training; outside it is flagged, not refused. */
  range: z.object({ min: z.number(), max: z.number() }).nullable(),
  /** Seen in training, at most 200; others are flagged as new. */
  categories: z.array(z.string()).nullable(),
  /** Callers send plain text: this runs wherever Modelkeep runs the model. Absent: the graph takes the text as it is. */
  preprocessor: preprocessor.optional(),
  /** Made of earlier rows of the series; absent: it stands in the row itself. */
  history: inputHistory.optional(),
});
export type ModelInput = z.infer<typeof modelInput>;

export const modelSignature = z.object({
  task,
  inputs: z.array(modelInput),
  /**
   * `prediction` (string for classes, float32 for numbers and the scores of rankings, bool [N, C] for several labels) and, for classes
   * and labels, `probabilities` float32 [N, C]; of labels each is by itself. Models with a
   * `coverage` also give `lower` and `upper` float32 [N, 1], for classes `set` bool [N, C].
   */
  outputs: z.array(
    z.object({ name: z.string(), onnxType: z.enum(['float32', 'string', 'int64', 'bool']), shape: z.array(z.number().int()) }),
  ),
  classes: z.array(z.string()),
  target: z.string(),
  /** Share of rows whose truth lies from `lower` to `upper`, or is in `set`; absent: the model gives neither. */
  coverage: z.number().optional(),
});
export type ModelSignature = z.infer<typeof modelSignature>;
