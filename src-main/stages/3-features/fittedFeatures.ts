// What a feature spec has learned from the training rows: plain JSON, enough to write the graph.
import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';

interface Fitted {
  column: string;
  /** Type of the raw column and what was seen of it; becomes the model's signature. */
  input: ModelInput;
}

/** What is done to a number between its limits; `power` and `quantile` are computed in float64. */
export type NumberTransform =
  | { kind: 'none' | 'log1p' }
  /** `powerTransform`. */
  | { kind: 'power'; lambda: number; shift: number }
  /** Straight lines between `knots` (increasing) and their normal `scores`. */
  | { kind: 'quantile'; knots: number[]; scores: number[] };

/** (transform(x) − centre) / spread with x limited to [low, high] and missing cells as `fill`. Booleans too. */
export interface FittedNumeric extends Fitted {
  kind: 'numeric';
  fill: number;
  /** A further feature, 1 where the cell is missing. */
  missingFlag: boolean;
  low: number;
  high: number;
  transform: NumberTransform;
  centre: number;
  spread: number;
}

/** One feature per value; with `other`, one more for every value not listed. Without it an unseen value is all zeros. */
export interface FittedOneHot extends Fitted {
  kind: 'oneHot';
  values: string[];
  other: boolean;
}

/** One feature per n-gram. Its surface forms (case, Unicode composition) share the feature. */
export interface FittedText extends Fitted {
  kind: 'textNgrams';
  unit: 'word' | 'character';
  minN: number;
  maxN: number;
  weighting: 'tfidf' | 'count' | 'binary';
  /** 1 + ln(count) in place of the count. */
  sublinear: boolean;
  /** Row-major [terms, components]: what the n-grams are reduced to in the view of codes; null where each is a feature there too. */
  projection: { components: number; matrix: number[] } | null;
  /** `forms`: token sequences counted as this n-gram; `idf` is 1 unless weighting is tfidf. */
  terms: { name: string; forms: string[][]; idf: number }[];
}

/**
 * A category as numbers: place of the value in `values` (by frequency; `values.length` for all others), and from there `tables`.
 * The first `codes` places are the category's codes.
 */
export interface FittedEncoded extends Fitted {
  kind: 'encoded';
  values: string[];
  codes: number;
  tables: EncodingTable[];
  /** Bucket of each value; others are in none. */
  hash: { buckets: number; bucketOf: number[] } | null;
}

export interface EncodingTable {
  /** Empty where the column has one table of its kind. */
  name: string;
  /** Target statistics: mean over training rows of the indicator of this class, or of the number itself (null). */
  target: { class: string | null; prior: number; smoothing: number } | null;
  /** One a place, so one more than values. */
  numbers: number[];
  centre: number;
  spread: number;
}

export type DatetimePart = Extract<FeatureRule, { kind: 'datetime' }>['parts'][number];

export interface FittedDatetime extends Fitted {
  kind: 'datetime';
  parts: DatetimePart[];
  /** Epoch days that a missing cell is read as (the median), and from which age counts. */
  fillDays: number;
  sdDays: number;
  missingFlag: boolean;
}

/** (pixel − mean) / sd, one mean and sd per channel. */
export interface FittedImage extends Fitted {
  kind: 'imagePixels';
  width: number;
  height: number;
  channels: 1 | 3;
  mean: number[];
  sd: number[];
}

export type FittedColumn = FittedNumeric | FittedOneHot | FittedEncoded | FittedText | FittedDatetime | FittedImage;

/** A number made of two columns, then treated as any number: left · right, left / right, days from `right` to `left`. */
export interface FittedCombination {
  kind: 'product' | 'ratio' | 'since';
  left: string;
  right: string;
  /** Its `column` is the name of the combination; its `input` is no input of the model. */
  number: FittedNumeric;
}

/** Pairs of values of two one-hot columns. */
export interface FittedCross {
  kind: 'cross';
  left: string;
  right: string;
  leftValues: string[];
  rightValues: string[];
  /** By frequency; places in `leftValues` and `rightValues`. */
  pairs: [left: number, right: number][];
}

export type FittedInteraction = FittedCombination | FittedCross;

export interface FittedFeatures {
  columns: FittedColumn[];
  interactions: FittedInteraction[];
}

/**
 * Two matrices of the same rows. `scaled`: standardised numbers, one-hot categories, nothing missing (linear models, networks,
 * neighbours). `codes`: numbers as they are, categories by number, NaN for missing (trees).
 */
export type FeatureView = 'scaled' | 'codes';

/** Features stand in blocks by kind, not column by column: a block is one vector operation for all its columns. */
export interface FeatureBlocks {
  /** By transform. */
  numbers: Record<NumberTransform['kind'], FittedNumeric[]>;
  combinations: FittedCombination[];
  oneHot: FittedOneHot[];
  crosses: FittedCross[];
  encoded: FittedEncoded[];
  datetimes: FittedDatetime[];
  texts: FittedText[];
  images: FittedImage[];
}

export function blocksOf({ columns, interactions }: FittedFeatures): FeatureBlocks {
  const of = <Kind extends FittedColumn['kind']>(kind: Kind): Extract<FittedColumn, { kind: Kind }>[] =>
    columns.filter((each): each is Extract<FittedColumn, { kind: Kind }> => each.kind === kind);
  const numbers = (kind: NumberTransform['kind']): FittedNumeric[] => of('numeric').filter((each) => each.transform.kind === kind);
  return {
    numbers: { none: numbers('none'), log1p: numbers('log1p'), power: numbers('power'), quantile: numbers('quantile') },
    combinations: interactions.filter((each) => each.kind !== 'cross'),
    oneHot: of('oneHot'),
    crosses: interactions.filter((each) => each.kind === 'cross'),
    encoded: of('encoded'),
    datetimes: of('datetime'),
    texts: of('textNgrams'),
    images: of('imagePixels'),
  };
}
