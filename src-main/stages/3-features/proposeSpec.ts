import type { FeatureRule, FeatureSpec, Task } from '../../../src-shared/domain/features.ts';
import type { Problem } from '../../../src-shared/domain/problem.ts';
import type { Forecast } from '../../../src-shared/domain/history.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import { targetColumns, targetName } from '../../../src-shared/domain/target.ts';
import type { Column, ColumnProfile, DatasetVersion, TableProfile } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { leakScore } from './association.ts';
import { compareText } from './compareText.ts';
import { detectProblem } from './detectProblem.ts';
import { proposeHistory, type HistoryProposal } from './history/proposeHistory.ts';
import { usableInteractions } from './proposeInteractions.ts';
import { reservedNames } from './featureGraph.ts';
import { mostClasses, type Inspection } from './inspection.ts';
import { isKeyName } from './keyNames.ts';

export interface ProposalInput {
  dataset: VersionRef;
  target: FeatureSpec['target'];
  /** Of the dataset version. */
  columns: readonly Column[];
  kind: DatasetVersion['kind'];
  profile: TableProfile;
  inspection: Inspection;
  /** What was asked for; `inspection.series` says whether the table is one of series. */
  forecast?: Forecast | null | undefined;
}

export interface ColumnFinding {
  column: string;
  code: string;
  params: Record<string, string | number>;
}

export interface Proposal {
  spec: FeatureSpec;
  /** Columns of the feature matrix; for text an upper estimate. */
  width: number;
  findings: ColumnFinding[];
  problem: Problem;
}

/** Values a one-hot column lists; the rest share "other". */
const oneHotValues = 100;
/** Values that trees get as codes of their own; they bin the 254 most frequent. */
const mostCodes = 1000;
/** Directions that trees read in place of thousands of n-grams. */
const textDirections = 32;
/** Of the Chinese characters of a text. In reviews, whose words tell what characters do: 0.7; in classical poems, whose do not: 0.4. */
const fewestInDictionary = 0.55;
/** Characters that are cut into words in 15 s; more would take too much of a short run. */
const mostToCut = 20_000_000;
const mostRowsRead = 1_000_000;
/** Integers with at most this many values are classes, not quantities. */
const integerClasses = 10;
const largestImageSide = 32;

/**
 * What to do with each column, by its type and profile.
 *
 * Numbers are median-imputed and standardised (log1p first when heavily skewed and not negative, else a fitted power), categories
 * one-hot or, with more than 100 values, target statistics and frequency, texts n-grams (reduced for trees), dates calendar parts and
 * days between them, images pixels. Identifiers, constants, empty columns, categories with almost as many values as
 * rows, and leaks are left out; every one of these is a finding too.
 * Errors: MK_FEATURES_TARGET_ALL_MISSING, MK_FEATURES_TARGET_ONE_CLASS, MK_FEATURES_TARGET_TOO_MANY_CLASSES,
 * MK_FEATURES_LABEL_CONSTANT, MK_FEATURES_LABELS_TOO_FEW, MK_FEATURES_GROUPS_SINGLE, MK_FEATURES_TARGET_TYPE, MK_FEATURES_COLUMN_MISSING, MK_FEATURES_NONE_USABLE.
 */
export function proposeSpec(input: ProposalInput): Proposal {
  const findings: ColumnFinding[] = [...(input.inspection.noticed ?? [])];
  const { task, classes } = chooseTask(input, findings);
  const own = input.columns.map((column) => ruleFor(column, input, findings));
  const made = historyOf(input, own);
  const rules = made?.rules ?? own;
  if (rules.every((rule) => rule.kind === 'drop')) restoreLeaks(rules, input);
  if (rules.every((rule) => rule.kind === 'drop')) throw new ModelkeepError('MK_FEATURES_NONE_USABLE', { columns: rules.length });
  addSince(rules);
  const interactions = usableInteractions(rules, input.inspection.interactions ?? []);
  const width = rules.reduce(
    (sum, rule) => sum + widthOf(rule, input),
    interactions.reduce((sum, each) => sum + (each.kind === 'cross' ? each.maxValues : 1), 0),
  );
  const group = input.target.kind === 'ranking' ? { groupColumn: input.target.group } : {};
  const problem = detectProblem({ ...input, target: targetName(input.target), task, classes, ...group, made });
  return {
    spec: {
      dataset: input.dataset,
      target: input.target,
      task,
      classes,
      rules,
      ...(interactions.length > 0 ? { interactions } : {}),
      ...(made ? { history: made.history } : {}),
    },
    width,
    findings,
    problem,
  };
}

function historyOf({ target, inspection, forecast, columns }: ProposalInput, rules: FeatureRule[]): HistoryProposal | null {
  const { series } = inspection;
  if (!series || target.kind !== 'column') return null;
  return proposeHistory(series, { target: target.column, forecast: forecast ?? null, columns, rules });
}

function chooseTask(input: ProposalInput, findings: ColumnFinding[]): { task: Task; classes: string[] } {
  const { target, columns, inspection } = input;
  const name = targetName(target);
  for (const column of targetColumns(target))
    if (!columns.some((each) => each.name === column)) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column });
  if (target.kind === 'flags' || target.kind === 'delimited') return { task: 'multilabel', classes: chooseLabels(input, findings) };
  const type = target.kind === 'labels' ? 'category' : columns.find((each) => each.name === name)!.type;
  if (type === 'date' || type === 'timestamp' || type === 'image')
    throw new ModelkeepError('MK_FEATURES_TARGET_TYPE', { column: name, type });
  const { answered, distinct, values, numeric } = inspection.target;
  if (answered === 0) throw new ModelkeepError('MK_FEATURES_TARGET_ALL_MISSING', { column: name });
  if (distinct < 2) throw new ModelkeepError('MK_FEATURES_TARGET_ONE_CLASS', { column: name, value: values[0]?.value ?? '' });
  if (target.kind === 'ranking') {
    if (!numeric) throw new ModelkeepError('MK_FEATURES_TARGET_TYPE', { column: name, type });
    if ((inspection.target.groups?.groups ?? 0) === 0)
      throw new ModelkeepError('MK_FEATURES_GROUPS_SINGLE', { column: target.group, rows: answered });
    return { task: 'ranking', classes: [] };
  }
  const quantity = numeric && (type === 'number' ? distinct > 2 : type === 'integer' && distinct > integerClasses);
  if (quantity) return { task: 'regression', classes: [] };
  if (distinct > mostClasses)
    throw new ModelkeepError('MK_FEATURES_TARGET_TOO_MANY_CLASSES', { column: name, found: distinct, limit: mostClasses });
  if (distinct === 2) return { task: 'binary', classes: positiveLast(values) };
  const inOrder = numeric
    ? values.toSorted((a, b) => Number(a.value) - Number(b.value))
    : values.toSorted((a, b) => compareText(a.value, b.value));
  return { task: 'multiclass', classes: inOrder.map((each) => each.value) };
}

/** Fewer rows with a label do not reach every part. */
const fewestPerLabel = 5;
const mostLabels = 200;

/** Columns as they were given; of the labels in cells those that enough rows have, by name. */
function chooseLabels({ target, inspection }: ProposalInput, findings: ColumnFinding[]): string[] {
  const { answered, values, distinct } = inspection.target;
  const column = targetName(target);
  if (answered === 0) throw new ModelkeepError('MK_FEATURES_TARGET_ALL_MISSING', { column });
  const told = (count: number): boolean => count > 0 && count < answered;
  if (target.kind === 'flags') {
    const same = values.find(({ count }) => !told(count));
    if (same) throw new ModelkeepError('MK_FEATURES_LABEL_CONSTANT', { label: same.value, value: Number(same.count > 0) });
    return [...target.columns];
  }
  const kept = values.filter(({ count }) => told(count) && count >= fewestPerLabel).slice(0, mostLabels);
  if (kept.length < 2)
    throw new ModelkeepError('MK_FEATURES_LABELS_TOO_FEW', {
      column,
      separator: target.kind === 'delimited' ? target.separator : '',
      found: kept.length,
      needed: fewestPerLabel,
    });
  if (kept.length < distinct)
    findings.push({ column, code: 'rareLabels', params: { labels: distinct - kept.length, needed: fewestPerLabel } });
  return kept.map(({ value }) => value).sort(compareText);
}

const affirmative = new Set(['true', 'yes', 'y', '1', '1.0', 'positive', 'pos', '是', '有', '真', '阳性']);

/** Precision, recall and F1 are about the last class: the affirmative word, else the rarer value. */
function positiveLast(values: { value: string; count: number }[]): string[] {
  const [frequent, rare] = values.toSorted((a, b) => b.count - a.count || compareText(a.value, b.value)).map((each) => each.value);
  const swapped = affirmative.has(frequent!.toLowerCase()) && !affirmative.has(rare!.toLowerCase());
  return swapped ? [rare!, frequent!] : [frequent!, rare!];
}

type DropReason = Extract<FeatureRule, { kind: 'drop' }>['reason'];

function ruleFor(column: Column, input: ProposalInput, findings: ColumnFinding[]): FeatureRule {
  const profile = input.profile.columns.find((each) => each.name === column.name);
  const find = (code: string, params: ColumnFinding['params'] = {}): void => void findings.push({ column: column.name, code, params });
  const drop = (reason: DropReason, params: ColumnFinding['params'] = {}): FeatureRule => {
    if (reason !== 'target' && reason !== 'group') find(reason, params);
    return { column: column.name, kind: 'drop', reason };
  };
  if (targetColumns(input.target).includes(column.name)) return drop('target');
  if (input.target.kind === 'ranking' && input.target.group === column.name) return drop('group');
  if (reservedNames.includes(column.name)) return drop('reservedName');
  // What a folder of images says of its files (path, size, format) is not what a picture shows.
  if (input.kind === 'images' && column.type !== 'image') return drop('fileFact');
  if (!profile) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: column.name });
  if (profile.missing >= input.profile.rows) return drop('allMissing');
  if (column.type !== 'image' && profile.distinct <= 1 && profile.missing === 0) return drop('constant');
  const other = input.inspection.duplicates?.[column.name];
  if (other !== undefined) return drop('duplicate', { other });
  if (column.type === 'identifier' || looksLikeIdentifier(column, profile)) return drop('identifier', { distinct: profile.distinct });
  const present = input.profile.rows - profile.missing;
  if (column.type === 'category' && profile.distinct > oneHotValues && profile.distinct > present / 2)
    return drop('highCardinality', { distinct: profile.distinct });
  const score = input.inspection.associations[column.name];
  if (score !== null && score !== undefined && score >= leakScore) return drop('leak', { score: Math.round(score * 1000) / 1000 });
  if (profile.missing > input.profile.rows / 2) find('mostlyMissing', { missing: profile.missing, rows: input.profile.rows });
  if (column.type === 'category' && profile.distinct > oneHotValues)
    find('encodedValues', { distinct: profile.distinct, codes: Math.min(profile.distinct, mostCodes) });
  return transformFor(column, profile, input);
}

/** A column of distinct whole numbers is only a key when its name says so: amounts can be distinct too. */
function looksLikeIdentifier(column: Column, profile: ColumnProfile): boolean {
  const unique = profile.findings.some((each) => each.code === 'allUnique');
  return unique && column.type === 'integer' && isKeyName(column.name);
}

function transformFor(column: Column, profile: ColumnProfile, { profile: { rows }, inspection }: ProposalInput): FeatureRule {
  const name = column.name;
  switch (column.type) {
    case 'integer':
    case 'number':
      return {
        column: name,
        kind: 'numeric',
        impute: 'median',
        missingFlag: profile.missing > 0,
        scale: 'standard',
        transform: transformOf(profile),
      };
    case 'boolean':
      return { column: name, kind: 'boolean' };
    case 'category':
    case 'identifier':
      if (profile.distinct > oneHotValues) return encodedRule(name);
      return { column: name, kind: 'oneHot', maxValues: oneHotValues, minCount: Math.min(10, Math.max(2, Math.floor(rows / 2000))) };
    case 'text': {
      const character = (inspection.spaceless[name] ?? 0) > 0.3;
      const common = { column: name, kind: 'textNgrams', minN: 1, maxN: 2, weighting: 'tfidf', components: textDirections } as const;
      if ((inspection.dictionary?.[name] ?? 0) >= fewestInDictionary && Math.min(rows, mostRowsRead) * textLength(profile) <= mostToCut)
        return { ...common, unit: 'word', words: 'jieba', maxFeatures: 3000 };
      return character ? { ...common, unit: 'character', maxFeatures: 3000 } : { ...common, unit: 'word', maxFeatures: 2000 };
    }
    case 'date':
      return { column: name, kind: 'datetime', parts: ['age', 'dayOfWeek', 'month'] };
    case 'timestamp':
      return { column: name, kind: 'datetime', parts: ['age', 'dayOfWeek', 'month', 'hour'] };
    case 'image': {
      const image = inspection.images[name] ?? { width: largestImageSide, height: largestImageSide, channels: 3 as const };
      const scale = Math.min(1, largestImageSide / Math.max(image.width, image.height));
      const side = (pixels: number): number => Math.max(1, Math.round(pixels * scale));
      return { column: name, kind: 'imagePixels', width: side(image.width), height: side(image.height), channels: image.channels };
    }
  }
}

function textLength({ textLength: length }: ColumnProfile): number {
  return length?.median ?? 0;
}

/** Target statistics and frequency in place of a column a value; a value needs two rows to be one. */
function encodedRule(column: string): FeatureRule {
  return { column, kind: 'encoded', encodings: ['target', 'frequency'], smoothing: 10, buckets: 32, minCount: 2, maxCodes: mostCodes };
}

/** The logarithm where the upper half of numbers that are never negative is stretched; a fitted power for other skewed ones. */
function transformOf({ numeric, findings }: ColumnProfile): 'none' | 'log1p' | 'yeoJohnson' {
  if (!numeric) return 'none';
  const [above, below] = [numeric.p95 - numeric.p50, numeric.p50 - numeric.p05];
  const stretchedUp = below > 0 && above >= mostStretched * below;
  const stretchedDown = above > 0 && below >= mostStretched * above;
  if (numeric.min >= 0 && (stretchedUp || findings.some((each) => each.code === 'skewed'))) return 'log1p';
  return stretchedUp || stretchedDown ? 'yeoJohnson' : 'none';
}

/** One half of the values is that many times as wide as the other. */
const mostStretched = 4;

/** Days between each two of the first dates that are used. */
function addSince(rules: FeatureRule[]): void {
  const dates = rules.filter((rule) => rule.kind === 'datetime').slice(0, mostDates);
  for (const [at, rule] of dates.entries()) if (at > 0) rule.since = dates.slice(0, at).map(({ column }) => column);
}

/** Three dates have three differences. */
const mostDates = 3;

/** Where nothing but leaks is left, they are perhaps none: a table of two columns may well be that simple. The finding stays. */
function restoreLeaks(rules: FeatureRule[], input: ProposalInput): void {
  rules.forEach((rule, at) => {
    if (rule.kind !== 'drop' || rule.reason !== 'leak') return;
    const column = input.columns[at]!;
    rules[at] = transformFor(
      column,
      input.profile.columns.find((each) => each.name === column.name)!,
      input,
    );
  });
}

function widthOf(rule: FeatureRule, { profile }: ProposalInput): number {
  const of = profile.columns.find((each) => each.name === rule.column);
  const missing = Number((of?.missing ?? 0) > 0);
  switch (rule.kind) {
    case 'drop':
      return 0;
    case 'numeric':
    case 'boolean':
      return 1 + missing;
    case 'oneHot':
      return Math.min(of?.distinct ?? 0, rule.maxValues) + missing + Number((of?.distinct ?? 0) > rule.maxValues);
    case 'encoded':
      return rule.encodings.reduce((sum, each) => sum + (each === 'hash' ? rule.buckets : 1), 0);
    case 'textNgrams':
      return rule.maxFeatures;
    case 'datetime':
      return rule.parts.reduce((sum, part) => sum + partWidth[part], missing + (rule.since?.length ?? 0));
    case 'imagePixels':
      return rule.width * rule.height * rule.channels;
  }
}

const partWidth = {
  age: 1,
  year: 1,
  dayOfMonth: 1,
  dayOfWeek: 7,
  month: 12,
  hour: 24,
  dayOfWeekCycle: 2,
  dayOfMonthCycle: 2,
  monthCycle: 2,
  hourCycle: 2,
} as const;
