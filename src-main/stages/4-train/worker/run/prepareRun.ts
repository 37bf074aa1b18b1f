// From a Parquet file to features: everything before the first candidate.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import { historyName, naiveLag } from '../../../../../src-shared/domain/history.ts';
import { metricsOf, type FoldPlan } from '../../../../../src-shared/domain/training.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { counterRandom } from '../../../../platform/random.ts';
import {
  answeredRows,
  checkSpec,
  codeCounts,
  featureNames,
  fitFeatures,
  onnxLoader,
  flagsAt,
  strata,
  targetAt,
  trainingFeatures,
  type FeatureView,
  type FittedFeatures,
  type ImageSize,
  type RawTable,
  type Target,
  type TrainingFeatures,
  withHistoryColumns,
} from '../../../3-features/api.ts';
import { fewestRows, inHashOrder, splitRows, type Split } from '../../holdout.ts';
import { outputsOf, type FeatureColumn, type LearnerTask } from '../../learners/learner.ts';
import type { Matrix } from '../../learners/matrix.ts';
import { checkObjective, learnerTask, primaryMetric } from '../../objective.ts';
import { chooseFolds } from '../../search/chooseFolds.ts';
import { makeFolds, validatedRows, type Fold } from '../../search/folds.ts';
import { rowWeights } from '../../weights.ts';
import type { JudgedTarget, Judging } from './Candidate.ts';
import { openDuck } from '../table/duck.ts';
import { duplicateRows } from '../table/duplicates.ts';
import { FeatureRunner } from '../table/featureMatrix.ts';
import { dataFindings, leakFindings } from './findings.ts';
import type { FitSource } from '../fit/fitOrder.ts';
import type { Findings, TrainOrder } from '../order.ts';
import { readWithHistory } from '../table/history.ts';
import type { readTable } from '../table/readTable.ts';
import { withNaiveErrors } from '../table/forecastTarget.ts';
import { readGroups, readTimes, readWeights } from '../table/readColumn.ts';
import { readTarget } from '../table/readTarget.ts';

/** Rows that are read at all; more are sampled evenly, and said. */
const mostRows = 1_000_000;
const mostValidationRows = 50_000;
const mostTestRows = 100_000;
/** Of the larger feature matrix; every fit process holds it. */
const featureBytes = 768 * 1024 * 1024;

/** Features of some rows of the table, row-major. */
export type FeaturesOf = (view: FeatureView, rows: Int32Array) => Promise<Matrix>;

export interface PreparedRun {
  table: RawTable;
  /** By position in `table`. */
  target: Target;
  /** `train` is what features were fitted on: all rows but the test rows. */
  split: { train: Int32Array; validation: Int32Array; test: Int32Array };
  fitted: FittedFeatures;
  featuresOf: FeaturesOf;
  plan: FoldPlan;
  /** What fit processes read; positions there count through `split.train`. */
  source: FitSource;
  judging: Judging;
  /** By position in `source`; null: every row counts once. */
  weights: Float32Array | null;
  dropped: number;
  findings: Findings;
}

/** Errors: those of reading, splitting (`splitRows`, `makeFolds`) and fitting features. */
export async function prepareRun(
  order: TrainOrder,
  folder: string,
  {
    pause,
    progress,
    views,
    threads,
  }: {
    pause: () => Promise<void>;
    progress: (fraction: number, key: string) => void;
    /** That the learners of the run read. */
    views: readonly FeatureView[];
    threads: number;
  },
): Promise<PreparedRun> {
  const { dataset, spec, seed } = order;
  checkSpec(spec, dataset.columns);
  progress(0, 'train.reading');
  using duck = await openDuck();
  const whole = await readTarget(duck.connection, dataset, spec, order.labels);
  const answered = answeredRows(whole);
  if (answered.length < fewestRows) throw new ModelkeepError('MK_TRAIN_TOO_FEW_ROWS', { rows: answered.length, needed: fewestRows });
  const sampled = sampleRows(answered, seed);
  const identity = Int32Array.from({ length: dataset.rows }, (_, row) => row);
  const timeColumn =
    order.holdout.kind === 'temporal' ? order.holdout.timeColumn : order.folds?.kind === 'expanding' ? order.folds.timeColumn : null;
  const times = timeColumn === null ? null : await readTimes(duck.connection, dataset, timeColumn);
  const { holdout } = order;
  const heldGroups = holdout.kind === 'group' ? await readGroups(duck.connection, dataset, holdout.groupColumn) : null;
  const foldColumn = order.folds?.kind === 'group' ? order.folds.groupColumn : null;
  const groups =
    foldColumn === null || (holdout.kind === 'group' && holdout.groupColumn === foldColumn)
      ? heldGroups
      : await readGroups(duck.connection, dataset, foldColumn);
  const given = order.weightColumn === null ? null : await readWeights(duck.connection, dataset, order.weightColumn);
  checkObjective(order.objective, { target: whole, rows: sampled, rowNumbers: identity, column: order.targetName });
  const inFile = capSplit(
    splitRows({ holdout, seed, target: whole, rows: sampled, rowNumbers: identity, times, groups: heldGroups }),
    identity,
    seed,
  );
  await pause();

  const judgedBy = await withNaiveErrors(duck.connection, dataset, spec, whole, [inFile.train, inFile.validation]);
  const { table, target, split, unreadableImages } = await readRows(order, duck.connection, judgedBy, inFile, pause);
  const development = Int32Array.from([...split.train, ...split.validation]).sort();
  const loadModel = onnxLoader();
  progress(0.04, 'train.fitting');
  const fitted = await fitFeatures(spec, { columns: dataset.columns, table, rows: development, target, loadModel });
  const training = trainingFeatures(fitted, {
    table,
    target,
    rows: development,
    seed,
    times: times && Float64Array.from(table.rowNumbers, (row) => times[row]!),
  });
  const runners = new Map<FeatureView, FeatureRunner>();
  for (const view of views) runners.set(view, await FeatureRunner.open(fitted, view, loadModel));
  await pause();

  const widest = Math.max(...[...runners.values()].map(({ width }) => width));
  const fits = Math.max(1000, Math.floor(featureBytes / (4 * widest)));
  const used = development.length <= fits ? development : inHashOrder(development, table.rowNumbers, seed).subarray(0, fits).sort();
  const kept = { train: used, validation: split.validation, test: split.test };
  progress(0.06, 'train.features');
  const { plan, folds: planned } = planFolds(order, { used, split, table, target, times, groups });
  const folds = target.kind === 'number' && target.groups ? groupedFolds(planned, used, target.groups, order) : planned;
  if (target.kind === 'number' && target.groups) requireWholeGroups(kept, target.groups, order);
  const weights = rowWeights({
    classWeights: order.classWeights,
    given,
    column: order.weightColumn,
    target,
    rows: used,
    rowNumbers: table.rowNumbers,
  });
  const task = learnerTask(target, order.objective);
  const source = await writeSource(
    folder,
    { task, fitted, training, runners, table, target, weights, used, folds, threads, ordered: times !== null, naive: naiveName(spec) },
    pause,
  );
  const validated = validatedRows(folds);
  const places = new Int32Array(used.length).fill(-1);
  validated.forEach((row, place) => (places[row] = place));
  const judged = judgedTarget(targetAt(target, used), order);
  const metric = order.metric ?? primaryMetric(spec.task, order.objective);
  const known = metricsOf(spec.task).filter((name) => name !== 'mase' || spec.history);
  if (!known.includes(metric)) throw new ModelkeepError('MK_TRAIN_METRIC', { metric, task: spec.task, metrics: known.join(', ') });
  const all = used.length + kept.test.length;
  const findings = [
    ...order.noticed,
    ...dataFindings({ target, split: kept, rows: dataset.rows, answered: answered.length, used: all, unreadableImages }),
    ...leakFindings(table, target, used, dataset.columns, spec),
    ...duplicateRows(table, target, used, kept.test),
  ];
  return {
    table,
    target,
    split: { ...kept, validation: validated.map((row) => used[row]!) },
    fitted,
    featuresOf: (view, rows) => runners.get(view)!.matrix(table, rows, pause),
    plan,
    source,
    judging: { folds, validated, places, outputs: outputsOf(task), target: judged, metric },
    weights,
    dropped: dataset.rows - answered.length,
    findings,
  };
}

interface FoldInput {
  used: Int32Array;
  split: Split;
  table: { rowNumbers: Int32Array };
  target: Target;
  times: Float64Array | null;
  groups: Int32Array | null;
}

/** A plan that was asked for holds or fails; one that was chosen takes fewer folds where rows, groups or moments are too few. */
function planFolds(order: TrainOrder, input: FoldInput): { plan: FoldPlan; folds: Fold[] } {
  const { folds: asked, timeBudgetMs, holdout, seed } = order;
  let plan = asked ?? chooseFolds({ rows: input.used.length, budgetMs: timeBudgetMs, holdout });
  for (;;) {
    try {
      return { plan, folds: foldsOf(plan, input, seed, holdout.kind === 'temporal' ? holdout.gap : 0) };
    } catch (error) {
      if (asked || !isModelkeepError(error) || error.code !== 'MK_TRAIN_FEWER_THAN_FOLDS' || plan.kind === 'holdout') throw error;
      const fraction = holdout.validationFraction / (1 - holdout.testFraction);
      plan = plan.folds > 2 ? { ...plan, folds: plan.folds - 1 } : { kind: 'holdout', fraction };
    }
  }
}

/** The validation part of the holdout where that is the plan, so that a run without folds is what it was; else by the plan. */
function foldsOf(plan: FoldPlan, { used, split, table, target, times, groups }: FoldInput, seed: number, gap = 0): Fold[] {
  const rowNumbers = used.map((row) => table.rowNumbers[row]!);
  if (plan.kind === 'holdout') {
    const validates = new Set(split.validation);
    const [train, validation]: [number[], number[]] = [[], []];
    used.forEach((row, at) => (validates.has(row) ? validation : train).push(at));
    const known = knownBefore(train, validation, { used, table, times }, gap);
    if (known.length > 0 && validation.length > 0) return [{ train: Int32Array.from(known), validation: Int32Array.from(validation) }];
  }
  return makeFolds(
    plan,
    {
      rows: used.length,
      rowNumbers,
      codes: strata(target, used)?.codes ?? null,
      groups: groups && rowNumbers.map((row) => groups[row]!),
      times: times && Float64Array.from(rowNumbers, (row) => times[row]!),
    },
    seed,
  );
}

/** Without the last `gap` moments before the validation rows. */
function knownBefore(
  train: number[],
  validation: number[],
  { used, table, times }: Pick<FoldInput, 'used' | 'table' | 'times'>,
  gap: number,
): number[] {
  if (gap === 0 || !times || validation.length === 0) return train;
  const timeOf = (at: number): number => times[table.rowNumbers[used[at]!]!]!;
  const first = validation.reduce((least, at) => Math.min(least, timeOf(at)), Infinity);
  const moments = [...new Set(train.map(timeOf).filter((time) => time < first))].sort((a, b) => b - a).slice(0, gap);
  const unknown = new Set(moments);
  return train.filter((at) => !unknown.has(timeOf(at)));
}

/** The rows of a group one after the other, as rankings are learned. Error: MK_TRAIN_GROUP_SPLIT. */
function groupedFolds(folds: Fold[], used: Int32Array, groups: Int32Array, order: TrainOrder): Fold[] {
  const codeOf = (position: number): number => groups[used[position]!]!;
  const together = (rows: Int32Array): Int32Array => Int32Array.from(rows).sort((a, b) => codeOf(a) - codeOf(b) || a - b);
  return folds.map(({ train, validation }) => {
    requireWholeGroups({ train: train.map((at) => used[at]!), validation: validation.map((at) => used[at]!) }, groups, order);
    return { train: together(train), validation: together(validation) };
  });
}

function requireWholeGroups(parts: Record<string, Int32Array>, groups: Int32Array, { spec }: TrainOrder): void {
  const partOf = new Map<number, string>();
  for (const [part, rows] of Object.entries(parts))
    for (const row of rows) {
      const known = partOf.get(groups[row]!);
      // `train` of a split holds the rows that validate, too.
      if (known !== undefined && known !== part && (known === 'test' || part === 'test' || parts['test'] === undefined))
        throw new ModelkeepError('MK_TRAIN_GROUP_SPLIT', { column: spec.target.kind === 'ranking' ? spec.target.group : '' });
      partOf.set(groups[row]!, part);
    }
}

function judgedTarget(target: Target, { objective }: TrainOrder): JudgedTarget {
  switch (target.kind) {
    case 'class':
      return { kind: 'class', codes: target.codes, classes: target.classes.length };
    case 'labels':
      return { kind: 'labels', flags: target.flags, labels: target.labels.length };
    case 'number':
      return target.groups
        ? { kind: 'ranking', relevance: target.values, groups: target.groups }
        : { kind: 'number', values: target.values, objective, ...(target.naiveErrors ? { naiveErrors: target.naiveErrors } : {}) };
  }
}

/** Feature matrices and target of the development rows, in files. */
async function writeSource(
  folder: string,
  {
    fitted,
    training,
    runners,
    table,
    target,
    task,
    weights,
    used,
    folds,
    threads,
    ordered,
    naive,
  }: {
    task: LearnerTask;
    weights: Float32Array | null;
    fitted: FittedFeatures;
    training: TrainingFeatures | null;
    runners: ReadonlyMap<FeatureView, FeatureRunner>;
    table: RawTable;
    target: Target;
    used: Int32Array;
    folds: Fold[];
    threads: number;
    ordered: boolean;
    /** Column of the seasonal naive forecast. */
    naive: string | null;
  },
  pause: () => Promise<void>,
): Promise<FitSource> {
  const views: FitSource['views'] = {};
  for (const [view, runner] of runners) {
    const file = join(folder, `${view}.f32`);
    await runner.writeMatrix(file, table, used, pause, training);
    views[view] = { file, columns: featureColumns(fitted, view, naive) };
  }
  const targetFile = join(folder, 'target.bin');
  await writeNumbers(targetFile, targetValues(target, used));
  const groups = target.kind === 'number' && target.groups;
  const groupsFile = groups ? join(folder, 'groups.i32') : null;
  if (groups)
    await writeNumbers(
      groupsFile!,
      used.map((row) => groups[row]!),
    );
  const weightsFile = weights && join(folder, 'weights.f32');
  if (weights) await writeNumbers(weightsFile!, weights);
  return { task, rows: used.length, views, targetFile, weightsFile, groupsFile, folds, ordered, threads };
}

function targetValues(target: Target, rows: Int32Array): Int32Array | Float64Array | Uint8Array {
  switch (target.kind) {
    case 'class':
      return rows.map((row) => target.codes[row]!);
    case 'labels':
      return flagsAt(target, rows);
    case 'number':
      return Float64Array.from(rows, (row) => target.values[row]!);
  }
}

function writeNumbers(
  file: string,
  { buffer, byteOffset, byteLength }: Int32Array | Float64Array | Float32Array | Uint8Array,
): Promise<void> {
  return writeFile(file, new Uint8Array(buffer, byteOffset, byteLength));
}

/** The input that is the seasonal naive forecast of the target. */
function naiveName({ history, target, task }: FeatureSpec): string | null {
  if (!history || task !== 'regression' || target.kind !== 'column') return null;
  return historyName({ kind: 'lag', column: target.column, lag: naiveLag(history) });
}

function featureColumns(fitted: FittedFeatures, view: FeatureView, naive: string | null): FeatureColumn[] {
  const names = featureNames(fitted, view);
  if (view === 'scaled') return names.map((name) => ({ name, kind: name.includes(' = ') ? 'flag' : 'number' }));
  const codes = codeCounts(fitted);
  return names.map((name, at) => {
    if (codes[at]! > 0) return { name, kind: 'category', categories: codes[at]! };
    return { name, kind: 'number', ...(name === naive ? { isNaiveForecast: true } : {}) };
  });
}

function sampleRows(answered: Int32Array, seed: number): Int32Array {
  if (answered.length <= mostRows) return answered;
  const share = mostRows / answered.length;
  return answered.filter((row) => counterRandom(seed ^ 0x5eed, row).next() < share);
}

function capSplit({ train, validation, test }: Split, rowNumbers: Int32Array, seed: number): Split {
  const cap = (rows: Int32Array, most: number): Int32Array =>
    rows.length <= most
      ? rows
      : inHashOrder(rows, rowNumbers, seed + 1)
          .subarray(0, most)
          .sort();
  return { train, validation: cap(validation, mostValidationRows), test: cap(test, mostTestRows) };
}

type ReadRows = { target: Target; split: Split } & { table: Awaited<ReturnType<typeof readTable>>; unreadableImages: number };

/** Reads the rows of the split and turns row numbers of the file into positions in memory. */
async function readRows(
  { dataset, spec }: TrainOrder,
  connection: Parameters<typeof readTable>[0],
  whole: Target,
  split: Split,
  pause: () => Promise<void>,
): Promise<ReadRows> {
  const wanted = new Uint8Array(dataset.rows);
  for (const rows of Object.values(split) as Int32Array[]) for (const row of rows) wanted[row] = 1;
  const used = new Set(spec.rules.filter((rule) => rule.kind !== 'drop').map((rule) => rule.column));
  const table = await readWithHistory(
    connection,
    dataset.file,
    {
      columns: withHistoryColumns(dataset.columns, spec.history).filter((column) => used.has(column.name)),
      images: imageSizes(spec),
      keep: (row) => wanted[row] === 1,
      capacity: wanted.reduce((sum, each) => sum + each, 0),
      pause,
    },
    spec.history,
  );
  const position = new Int32Array(dataset.rows).fill(-1);
  table.rowNumbers.forEach((row, at) => (position[row] = at));
  const positions = (rows: Int32Array): Int32Array => rows.map((row) => position[row]!);
  const target = targetAt(whole, table.rowNumbers);
  return {
    table,
    target,
    split: { train: positions(split.train), validation: positions(split.validation), test: positions(split.test) },
    unreadableImages: table.unreadableImages,
  };
}

export function imageSizes(spec: FeatureSpec): Map<string, ImageSize> {
  return new Map(
    spec.rules.flatMap((rule) =>
      rule.kind === 'imagePixels' ? [[rule.column, { width: rule.width, height: rule.height, channels: rule.channels }] as const] : [],
    ),
  );
}
