// Which feature stands where in the two matrices, and where it comes from.
import {
  blocksOf,
  type DatetimePart,
  type FeatureView,
  type FittedColumn,
  type FittedDatetime,
  type FittedFeatures,
  type FittedInteraction,
  type FittedNumeric,
  type FittedText,
} from './fittedFeatures.ts';

/** Features that stand side by side and come from one place. */
export interface Part {
  from: FittedColumn | FittedInteraction;
  names: string[];
  /** The raw column; of two, the first. */
  column: string;
  /** Of a category's number: how many codes it has, the last for values that are not listed. */
  codes?: number;
  /** Index into `tables` of an encoded column: training rows get other values than the graph gives (`trainingFeatures`). */
  table?: number;
}

/** Columns of the feature matrix that `addFeatureGraph` makes. */
export function featureNames(fitted: FittedFeatures, view: FeatureView = 'scaled'): string[] {
  return layout(fitted, view).flatMap((part) => part.names);
}

/** For each feature the raw column that it comes from; for an interaction the first of its two. */
export function columnsOfFeatures(fitted: FittedFeatures, view: FeatureView = 'scaled'): string[] {
  return layout(fitted, view).flatMap((part) => part.names.map(() => part.column));
}

export function featureWidth(fitted: FittedFeatures, view: FeatureView = 'scaled'): number {
  return layout(fitted, view).reduce((width, part) => width + part.names.length, 0);
}

/** Of the view of codes: by feature the number of codes of a category (the last stands for values that are not listed), 0 for a number. */
export function codeCounts(fitted: FittedFeatures): Int32Array {
  return Int32Array.from(layout(fitted, 'codes').flatMap((part) => part.names.map(() => part.codes ?? 0)));
}

/** In the order in which `addFeatureGraph` joins them. */
export function layout(fitted: FittedFeatures, view: FeatureView): Part[] {
  return view === 'scaled' ? scaledLayout(fitted) : codesLayout(fitted);
}

function codesLayout(fitted: FittedFeatures): Part[] {
  const { numbers, combinations, oneHot, crosses, encoded, datetimes, texts, images } = blocksOf(fitted);
  return [
    ...Object.values(numbers)
      .flat()
      .map((each) => partOf(each, [''])),
    ...combinations.map((each) => ({ from: each, names: [each.number.column], column: each.left })),
    ...oneHot.map((each) => ({ ...partOf(each, ['']), codes: each.values.length + 1 })),
    ...crosses.map((each) => ({ from: each, names: [`${each.left} × ${each.right}`], column: each.left, codes: each.pairs.length + 1 })),
    ...encoded.flatMap((each) => [
      ...(each.codes > 0 ? [{ ...partOf(each, ['']), codes: each.codes + 1 }] : []),
      ...each.tables.map(({ name }, table) => ({ ...partOf(each, [`: ${name}`]), table })),
      ...(each.hash ? [{ ...partOf(each, [': hash']), codes: each.hash.buckets + 1 }] : []),
    ]),
    ...datetimes.map((each) =>
      partOf(
        each,
        each.parts.flatMap((name) => codeNames[name]),
      ),
    ),
    ...texts.map((each) => textPart(each, 'codes')),
    ...images.map((each) => partOf(each, pixelNames(each))),
  ];
}

function scaledLayout(fitted: FittedFeatures): Part[] {
  const blocks = blocksOf(fitted);
  const numeric = (columns: FittedNumeric[]): Part[] => [
    ...columns.map((each) => partOf(each, [''])),
    ...columns.filter((each) => each.missingFlag).map((each) => partOf(each, [': missing'])),
  ];
  return [
    ...Object.values(blocks.numbers).flatMap(numeric),
    ...blocks.combinations.map((each) => ({ from: each, names: [each.number.column], column: each.left })),
    ...blocks.combinations
      .filter(({ number }) => number.missingFlag)
      .map((each) => ({ from: each, names: [`${each.number.column}: missing`], column: each.left })),
    ...blocks.oneHot.map((each) => partOf(each, [...each.values.map(valueName), ...(each.other ? [' = other'] : [])])),
    ...blocks.crosses.map((each) => ({
      from: each,
      names: each.pairs.map(
        ([left, right]) => `${each.left}${valueName(each.leftValues[left]!)} × ${each.right}${valueName(each.rightValues[right]!)}`,
      ),
      column: each.left,
    })),
    ...blocks.encoded.flatMap((each) =>
      each.hash
        ? [
            partOf(
              each,
              Array.from({ length: each.hash.buckets }, (_, at) => ` = bucket ${at + 1}`),
            ),
          ]
        : [],
    ),
    ...blocks.encoded.flatMap((each) => each.tables.map(({ name }, table) => ({ ...partOf(each, [`: ${name}`]), table }))),
    ...blocks.datetimes.map((each) => partOf(each, datetimeNames(each))),
    ...blocks.texts.map((each) => textPart(each, 'scaled')),
    ...blocks.images.map((each) => partOf(each, pixelNames(each))),
  ];
}

function partOf(from: FittedColumn, endings: readonly string[]): Part {
  return { from, names: endings.map((ending) => `${from.column}${ending}`), column: from.column };
}

function valueName(value: string): string {
  return ` = ${value === '' ? 'missing' : value}`;
}

function textPart(each: FittedText, view: FeatureView): Part {
  const reduced = view === 'codes' ? each.projection : null;
  return partOf(
    each,
    reduced ? Array.from({ length: reduced.components }, (_, at) => `: direction ${at + 1}`) : each.terms.map(({ name }) => `: ${name}`),
  );
}

function datetimeNames({ parts, missingFlag }: FittedDatetime): string[] {
  return [...parts.flatMap((name) => scaledNames[name]), ...(missingFlag ? [': missing'] : [])];
}

function pixelNames(each: { width: number; height: number; channels: number }): string[] {
  return Array.from({ length: each.width * each.height * each.channels }, (_, pixel) => `: pixel ${pixel}`);
}

const scaledNames: Record<DatetimePart, string[]> = {
  age: [': age'],
  year: [': year'],
  dayOfMonth: [': dayOfMonth'],
  dayOfWeek: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map((name) => `: ${name}`),
  month: Array.from({ length: 12 }, (_, month) => `: month ${month + 1}`),
  hour: Array.from({ length: 24 }, (_, hour) => `: hour ${hour}`),
  dayOfWeekCycle: [': dayOfWeek sin', ': dayOfWeek cos'],
  dayOfMonthCycle: [': dayOfMonth sin', ': dayOfMonth cos'],
  monthCycle: [': month sin', ': month cos'],
  hourCycle: [': hour sin', ': hour cos'],
};

/** Trees read one number a part, a cycle too: for them it has no seam that a split could not be put at. */
const codeNames: Record<DatetimePart, string[]> = {
  ...scaledNames,
  dayOfWeek: [': dayOfWeek'],
  month: [': month'],
  hour: [': hour'],
};
