// What a proposal needs to know beyond the profile; looked up in the data by a worker process.
import type { FeatureInteraction } from '../../../src-shared/domain/features.ts';
import type { SeriesFacts } from './history/seriesFacts.ts';
import type { Structure } from './structure.ts';

/** Distinct target values beyond this are counted, not listed. */
export const mostClasses = 1000;

export interface TargetInspection {
  /** Rows that have an answer. */
  answered: number;
  /** Whether all answers are numbers. */
  numeric: boolean;
  distinct: number;
  /** By frequency, at most `mostClasses`; empty when there are more. */
  values: { value: string; count: number }[];
  /** Of a numeric target. */
  numbers?: NumberFacts;
  /** Of several labels a row: `values` are then the labels with the rows that have them. */
  labels?: { perRow: number; rowsWithout: number };
  /** Of a ranking: groups of at least two rows, and rows that are alone in theirs or have none. */
  groups?: { groups: number; alone: number };
}

export interface NumberFacts {
  rows: number;
  min: number;
  max: number;
  mean: number;
  variance: number;
  /** Third standardised moment. */
  skewness: number;
  p05: number;
  zeros: number;
  /** Whether all are whole. */
  whole: boolean;
}

export interface Inspection {
  rows: number;
  target: TargetInspection;
  /** Column → how well it alone tells the target, 0 to 1 (`association`); null where that is not asked. */
  associations: Record<string, number | null>;
  /** Text column → share of letters in scripts that put no spaces between words. */
  spaceless: Record<string, number>;
  /** Text column of mostly Chinese → share of its characters that stand in words of a dictionary. */
  dictionary?: Record<string, number>;
  /** Image column → typical size and colours of a few readable images. */
  images: Record<string, { width: number; height: number; channels: 1 | 3 }>;
  structure?: Structure;
  /** Of a forecasting table; null where it is none. */
  series?: SeriesFacts | null;
  /** Pairs of columns that tell the target better together. */
  interactions?: FeatureInteraction[];
  /** Column → an earlier one that is equal in every row. */
  duplicates?: Record<string, string>;
  /** What single columns look like beside the answer and the order of rows; see `noticeColumns`. */
  noticed?: { column: string; code: string; params: Record<string, string | number> }[];
}

export function numberFacts(values: Iterable<number>): NumberFacts | undefined {
  const sorted = Float64Array.from([...values].filter(Number.isFinite)).sort();
  const rows = sorted.length;
  if (rows === 0) return undefined;
  const mean = sorted.reduce((sum, each) => sum + each, 0) / rows;
  const moment = (power: number): number => sorted.reduce((sum, each) => sum + (each - mean) ** power, 0) / rows;
  const variance = moment(2);
  return {
    rows,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    mean,
    variance,
    skewness: variance > 0 ? moment(3) / variance ** 1.5 : 0,
    p05: sorted[Math.floor(rows * 0.05)]!,
    zeros: sorted.filter((each) => each === 0).length,
    whole: sorted.every(Number.isInteger),
  };
}

const letters = /\p{L}/gu;
const spacelessLetters =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

const hanLetters = /\p{Script=Han}/gu;

export function spacelessShare(texts: readonly string[]): number {
  return shareOfLetters(texts, spacelessLetters);
}

export function hanShare(texts: readonly string[]): number {
  return shareOfLetters(texts, hanLetters);
}

function shareOfLetters(texts: readonly string[], pattern: RegExp): number {
  const count = (of: RegExp): number => texts.reduce((sum, text) => sum + (text.slice(0, 2000).match(of)?.length ?? 0), 0);
  const all = count(letters);
  return all === 0 ? 0 : count(pattern) / all;
}
