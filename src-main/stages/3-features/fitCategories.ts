import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { compareText } from './compareText.ts';
import type { EncodingTable, FittedEncoded, FittedOneHot } from './fittedFeatures.ts';
import type { Float32Column, StringColumn } from './rawTable.ts';
import { labelCounts, type Target } from './target.ts';

/** A column that lists more values says how many there are, not which. */
const categoriesInSignature = 200;
/** Target statistics of a target with more classes are kept for the most frequent ones. */
const mostTargetClasses = 10;

type OneHotRule = Extract<FeatureRule, { kind: 'oneHot' }>;
export type EncodedRule = Extract<FeatureRule, { kind: 'encoded' }>;

/** Values by frequency; a missing cell ('') is a value like any other and does not count towards `maxValues`. */
export function fitOneHot(rule: OneHotRule, raw: StringColumn | Float32Column, rows: Int32Array, column: Column): FittedOneHot {
  const texts = raw.kind === 'string' ? raw : numbersAsTexts(raw, rows);
  const { counts, seen } = countValues(texts, rows);
  const { dictionary } = texts;
  const named = seen.filter((code) => dictionary[code] !== '');
  const frequent = named.slice(0, rule.maxValues).filter((code) => counts[code]! >= rule.minCount);
  const missing = seen.filter((code) => dictionary[code] === '' && counts[code]! >= rule.minCount);
  const values = [...frequent, ...missing].map((code) => dictionary[code]!);
  const input = raw.kind === 'string' ? categoryInput(rule.column, column, texts, seen) : numberInputOf(rule.column, column, raw, rows);
  return { kind: 'oneHot', column: rule.column, input, values, other: values.length < seen.length };
}

/** Values by frequency, as far as `minCount` rows have them, with the numbers that stand for them. */
export function fitEncoded(rule: EncodedRule, raw: StringColumn, rows: Int32Array, column: Column, target: Target | null): FittedEncoded {
  const { counts, seen } = countValues(raw, rows);
  const kept = seen.filter((code) => counts[code]! >= rule.minCount);
  const tables: EncodingTable[] = [];
  const place = new Int32Array(raw.dictionary.length).fill(kept.length);
  kept.forEach((code, at) => (place[code] = at));
  if (rule.encodings.includes('target') && target)
    for (const { name, answer, label } of targetsOf(target, rows))
      tables.push(targetTable(rule, { name, answer, label, raw, rows, place, kept: kept.length }));
  if (rule.encodings.includes('frequency')) tables.push(frequencyTable(counts, seen, kept, rows.length));
  return {
    kind: 'encoded',
    column: rule.column,
    input: categoryInput(rule.column, column, raw, seen),
    values: kept.map((code) => raw.dictionary[code]!),
    codes: Math.min(rule.maxCodes, kept.length),
    tables,
    hash: rule.encodings.includes('hash')
      ? { buckets: rule.buckets, bucketOf: kept.map((code) => fnv1a(raw.dictionary[code]!) % rule.buckets) }
      : null,
  };
}

/** What is averaged by value: one indicator a class (of two the second) or a label, or the number itself. */
export function targetsOf(target: Target, rows: Int32Array): { name: string; label: string | null; answer: (row: number) => number }[] {
  if (target.kind === 'number') return [{ name: 'mean', label: null, answer: (row) => target.values[row]! }];
  if (target.kind === 'labels') {
    const { flags, labels } = target;
    return mostFrequent(labelCounts(target, rows)).map((label) => ({
      name: `share of ${labels[label]!}`,
      label: labels[label]!,
      answer: (row) => flags[row * labels.length + label]!,
    }));
  }
  const counts = new Float64Array(target.classes.length);
  for (const row of rows) counts[target.codes[row]!]!++;
  const shown = counts.length === 2 ? [1] : mostFrequent(counts);
  return shown.map((code) => ({
    name: `share of ${target.classes[code]!}`,
    label: target.classes[code]!,
    answer: (row) => Number(target.codes[row] === code),
  }));
}

/** In their own order. */
function mostFrequent(counts: Float64Array): number[] {
  return [...counts.keys()]
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, mostTargetClasses)
    .sort((a, b) => a - b);
}

/** Serving and test rows: (sum + smoothing · mean of all) / (count + smoothing), Micci-Barreca, SIGKDD Explorations 3 (2001) 27–32. */
function targetTable(
  { smoothing }: EncodedRule,
  {
    name,
    label,
    answer,
    raw,
    rows,
    place,
    kept,
  }: {
    name: string;
    label: string | null;
    answer: (row: number) => number;
    raw: StringColumn;
    rows: Int32Array;
    place: Int32Array;
    kept: number;
  },
): EncodingTable {
  const sums = new Float64Array(kept + 1);
  const counts = new Float64Array(kept + 1);
  let total = 0;
  for (const row of rows) {
    const at = place[raw.codes[row]!]!;
    const value = answer(row);
    sums[at]! += value;
    counts[at]!++;
    total += value;
  }
  const prior = rows.length === 0 ? 0 : total / rows.length;
  const numbers = Array.from(sums, (sum, at) => Math.fround((sum + smoothing * prior) / (counts[at]! + smoothing)));
  return { name, target: { class: label, prior, smoothing }, numbers, ...weightedScale(numbers, counts) };
}

function frequencyTable(counts: Float64Array, seen: number[], kept: number[], rows: number): EncodingTable {
  const rare = seen.slice(kept.length);
  const rareRows = rare.reduce((sum, code) => sum + counts[code]!, 0);
  const all = [...kept.map((code) => counts[code]!), rare.length === 0 ? 0 : rareRows / rare.length];
  const numbers = all.map((count) => Math.fround(count / rows));
  return { name: 'frequency', target: null, numbers, ...weightedScale(numbers, [...all.slice(0, -1), rareRows]) };
}

function weightedScale(numbers: readonly number[], weights: ArrayLike<number>): { centre: number; spread: number } {
  let [sum, total, squares] = [0, 0, 0];
  numbers.forEach((number, at) => ((sum += number * weights[at]!), (total += weights[at]!)));
  const centre = total === 0 ? 0 : sum / total;
  numbers.forEach((number, at) => (squares += (number - centre) ** 2 * weights[at]!));
  const sd = total === 0 ? 0 : Math.sqrt(squares / total);
  return { centre, spread: sd > Math.abs(centre) * 1e-7 ? sd : 1 };
}

/** Codes that training rows have, most frequent first. */
function countValues(raw: StringColumn, rows: Int32Array): { counts: Float64Array; seen: number[] } {
  const { codes, dictionary } = raw;
  const counts = new Float64Array(dictionary.length);
  for (let at = 0; at < rows.length; at++) counts[codes[rows[at]!]!]!++;
  const seen = [...counts.keys()].filter((code) => counts[code]! > 0);
  seen.sort((a, b) => counts[b]! - counts[a]! || compareText(dictionary[a]!, dictionary[b]!));
  return { counts, seen };
}

function categoryInput(name: string, column: Column, { dictionary }: StringColumn, seen: number[]): ModelInput {
  const named = seen.filter((code) => dictionary[code] !== '');
  return {
    name,
    type: column.type,
    onnxType: 'string',
    shape: [1],
    required: named.length === seen.length,
    range: null,
    categories: named.length <= categoriesInSignature ? named.map((code) => dictionary[code]!) : null,
  };
}

function numberInputOf(name: string, column: Column, raw: Float32Column, rows: Int32Array): ModelInput {
  let [min, max, missing] = [Infinity, -Infinity, false];
  for (const row of rows) {
    const value = raw.values[row]!;
    if (!Number.isFinite(value)) missing = true;
    else [min, max] = [Math.min(min, value), Math.max(max, value)];
  }
  return {
    name,
    type: column.type,
    onnxType: 'float32',
    shape: [1],
    required: !missing,
    range: min <= max ? { min, max } : null,
    categories: null,
  };
}

/** The numbers of `rows` as texts; NaN is ''. */
function numbersAsTexts(raw: Float32Column, rows: Int32Array): StringColumn {
  const codes = new Int32Array(raw.values.length);
  const codeOf = new Map<number, number>();
  for (const row of rows) {
    const value = raw.values[row]!;
    // −0 and 0 are one key of a Map and one of ONNX's LabelEncoder.
    let code = codeOf.get(value);
    if (code === undefined) codeOf.set(value, (code = codeOf.size));
    codes[row] = code;
  }
  return {
    kind: 'string',
    codes,
    dictionary: [...codeOf.keys()].map((value) => (Number.isNaN(value) ? '' : String(value === 0 ? 0 : value))),
  };
}

/** 32 bits of the UTF-8 bytes: Fowler, Noll and Vo, FNV-1a. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
