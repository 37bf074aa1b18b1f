// What a feature spec has learned from the training rows: plain JSON, enough to write the graph.
import type { ModelInput } from '../../../src-shared/domain/features.ts';

interface Fitted {
  column: string;
  /** Type of the raw column and what was seen of it; becomes the model's signature. */
  input: ModelInput;
}

/** (x − mean) / sd with x or log1p(x) limited to [low, high], missing cells as `fill` (before the logarithm). Booleans too. */
export interface FittedNumeric extends Fitted {
  kind: 'numeric';
  fill: number;
  /** A further feature, 1 where the cell is missing. */
  missingFlag: boolean;
  log1p: boolean;
  low: number;
  high: number;
  mean: number;
  sd: number;
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
  /** `forms`: token sequences counted as this n-gram; `idf` is 1 unless weighting is tfidf. */
  terms: { name: string; forms: string[][]; idf: number }[];
}

export const datetimeParts = ['age', 'dayOfWeek', 'month', 'hour'] as const;
export type DatetimePart = (typeof datetimeParts)[number];

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

export type FittedColumn = FittedNumeric | FittedOneHot | FittedText | FittedDatetime | FittedImage;

export interface FittedFeatures {
  columns: FittedColumn[];
}

/**
 * Two matrices of the same rows. `scaled`: standardised numbers, one-hot categories, nothing missing (linear models, networks,
 * neighbours). `codes`: numbers as they are, categories by number, NaN for missing (trees).
 */
export type FeatureView = 'scaled' | 'codes';

/** Columns of the feature matrix that `addFeatureGraph` makes. */
export function featureNames(fitted: FittedFeatures, view: FeatureView = 'scaled'): string[] {
  return layout(fitted, view).flatMap((part) => part.names);
}

/** For each feature the raw column that it comes from. */
export function columnsOfFeatures(fitted: FittedFeatures, view: FeatureView = 'scaled'): string[] {
  return layout(fitted, view).flatMap((part) => part.columns);
}

export function featureWidth(fitted: FittedFeatures, view: FeatureView = 'scaled'): number {
  return layout(fitted, view).reduce((width, part) => width + part.names.length, 0);
}

/** Of the view of codes: by feature the number of codes of a category (the last stands for values that are not listed), 0 for a number. */
export function codeCounts(fitted: FittedFeatures): Int32Array {
  return Int32Array.from(layout(fitted, 'codes').flatMap((part) => part.names.map(() => part.codes ?? 0)));
}

/** Features stand in blocks by kind, not column by column: a block is one vector operation for all its columns. */
export interface FeatureBlocks {
  plain: FittedNumeric[];
  logged: FittedNumeric[];
  oneHot: FittedOneHot[];
  datetimes: FittedDatetime[];
  texts: FittedText[];
  images: FittedImage[];
}

export function blocksOf(fitted: FittedFeatures): FeatureBlocks {
  const of = <Kind extends FittedColumn['kind']>(kind: Kind): Extract<FittedColumn, { kind: Kind }>[] =>
    fitted.columns.filter((each): each is Extract<FittedColumn, { kind: Kind }> => each.kind === kind);
  return {
    plain: of('numeric').filter((each) => !each.log1p),
    logged: of('numeric').filter((each) => each.log1p),
    oneHot: of('oneHot'),
    datetimes: of('datetime'),
    texts: of('textNgrams'),
    images: of('imagePixels'),
  };
}

const partNames: Record<DatetimePart, string[]> = {
  age: ['age'],
  dayOfWeek: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  month: Array.from({ length: 12 }, (_, month) => `month ${month + 1}`),
  hour: Array.from({ length: 24 }, (_, hour) => `hour ${hour}`),
};

interface Part {
  names: string[];
  columns: string[];
  codes?: number;
}

function layout(fitted: FittedFeatures, view: FeatureView): Part[] {
  return view === 'scaled' ? scaledLayout(fitted) : codesLayout(fitted);
}

function codesLayout(fitted: FittedFeatures): Part[] {
  const { plain, logged, oneHot, datetimes, texts, images } = blocksOf(fitted);
  const rest = scaledLayout({ columns: [...texts, ...images] });
  return [
    ...[...plain, ...logged].map(({ column }) => ({ names: [column], columns: [column] })),
    ...oneHot.map(({ column, values }) => ({ names: [column], columns: [column], codes: values.length + 1 })),
    ...datetimes.map(({ column, parts }) => ({ names: parts.map((each) => `${column}: ${each}`), columns: parts.map(() => column) })),
    ...rest,
  ];
}

function scaledLayout(fitted: FittedFeatures): Part[] {
  const blocks = blocksOf(fitted);
  const part = (column: string, names: string[]): Part => ({
    names: names.map((name) => (name === '' ? column : `${column}${name}`)),
    columns: names.map(() => column),
  });
  const numeric = (columns: FittedNumeric[]): Part[] => [
    ...columns.map((each) => part(each.column, [''])),
    ...columns.filter((each) => each.missingFlag).map((each) => part(each.column, [': missing'])),
  ];
  return [
    ...numeric(blocks.plain),
    ...numeric(blocks.logged),
    ...blocks.oneHot.map((each) => {
      const values = [...each.values, ...(each.other ? ['other'] : [])];
      return part(
        each.column,
        values.map((value) => ` = ${value === '' ? 'missing' : value}`),
      );
    }),
    ...blocks.datetimes.map((each) => {
      const names = [...each.parts.flatMap((name) => partNames[name]), ...(each.missingFlag ? ['missing'] : [])];
      return part(
        each.column,
        names.map((name) => `: ${name}`),
      );
    }),
    ...blocks.texts.map((each) =>
      part(
        each.column,
        each.terms.map((term) => `: ${term.name}`),
      ),
    ),
    ...blocks.images.map((each) =>
      part(
        each.column,
        Array.from({ length: each.width * each.height * each.channels }, (_, pixel) => `: pixel ${pixel}`),
      ),
    ),
  ];
}
