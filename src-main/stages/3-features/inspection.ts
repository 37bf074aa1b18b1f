// What a proposal needs to know beyond the profile; looked up in the data by a worker process.

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
}

export interface Inspection {
  rows: number;
  target: TargetInspection;
  /** Column → how well it alone tells the target, 0 to 1 (`association`); null where that is not asked. */
  associations: Record<string, number | null>;
  /** Text column → share of letters in scripts that put no spaces between words. */
  spaceless: Record<string, number>;
  /** Image column → typical size and colours of a few readable images. */
  images: Record<string, { width: number; height: number; channels: 1 | 3 }>;
}

const letters = /\p{L}/gu;
const spacelessLetters =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

export function spacelessShare(texts: readonly string[]): number {
  const count = (pattern: RegExp): number => texts.reduce((sum, text) => sum + (text.slice(0, 2000).match(pattern)?.length ?? 0), 0);
  const all = count(letters);
  return all === 0 ? 0 : count(spacelessLetters) / all;
}
