// From a Parquet file to features: everything before the first candidate.
import type { FeatureSpec } from '../../../../src-shared/domain/features.ts';
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { counterRandom } from '../../../platform/random.ts';
import {
  answeredRows,
  checkSpec,
  fitFeatures,
  onnxLoader,
  type FittedFeatures,
  type ImageSize,
  type LoadModel,
  type RawTable,
  type Target,
} from '../../3-features/api.ts';
import type { Head } from '../exportModel.ts';
import { fewestRows, inHashOrder, splitRows, type Split } from '../holdout.ts';
import type { Matrix, NetworkTarget } from '../learners/matrix.ts';
import { openDuck } from './duck.ts';
import { FeatureRunner } from './featureMatrix.ts';
import { dataFindings, leakFindings } from './findings.ts';
import type { Findings, TrainOrder } from './order.ts';
import { readTable } from './readTable.ts';
import { readTarget, readTimes } from './readTarget.ts';

/** Rows that are read at all; more are sampled evenly, and said. */
const mostRows = 1_000_000;
const mostValidationRows = 50_000;
const mostTestRows = 100_000;
/** Of test features held for judging. */
const keptTestBytes = 128 * 1024 * 1024;
/** Of features held in memory for training. */
const featureBytes = 768 * 1024 * 1024;

/** Features of rows `start` to `end` of the test rows. */
export type TestFeatures = (start: number, end: number) => Promise<Float32Array>;

export interface PreparedRun {
  table: RawTable;
  /** By position in `table`. */
  target: Target;
  split: Split;
  fitted: FittedFeatures;
  width: number;
  /** Features of the test rows: kept where they fit, otherwise computed for each candidate again. */
  testFeatures: TestFeatures;
  train: { features: Matrix; target: NetworkTarget };
  validation: { features: Matrix; target: NetworkTarget };
  /** Scale of a numeric target. */
  scale: { mean: number; sd: number };
  dropped: number;
  primaryMetric: MetricName;
  findings: Findings;
  loadModel: LoadModel;
}

export async function prepareRun(
  order: TrainOrder,
  pause: () => Promise<void>,
  progress: (fraction: number, key: string) => void,
): Promise<PreparedRun> {
  const { dataset, spec, seed } = order;
  checkSpec(spec, dataset.columns);
  progress(0, 'train.reading');
  using duck = await openDuck();
  const whole = await readTarget(duck.connection, dataset, spec, order.labels);
  const answered = answeredRows(whole);
  if (answered.length < fewestRows) throw new ModelkeepError('MK_TRAIN_TOO_FEW_ROWS', { rows: answered.length, needed: fewestRows });
  const sampled = sampleRows(answered, seed);
  const times = order.holdout.kind === 'temporal' ? await readTimes(duck.connection, dataset, order.holdout.timeColumn) : null;
  const identity = Int32Array.from({ length: dataset.rows }, (_, row) => row);
  const inFile = capSplit(
    splitRows({ holdout: order.holdout, seed, target: whole, rows: sampled, rowNumbers: identity, times }),
    identity,
    seed,
  );
  await pause();

  const { table, target, split, unreadableImages } = await readRows(order, duck.connection, whole, inFile, pause);
  const loadModel = onnxLoader();
  progress(0.04, 'train.fitting');
  const fitted = await fitFeatures(spec, { columns: dataset.columns, table, rows: split.train, loadModel });
  const features = await FeatureRunner.open(fitted, loadModel);
  const { width } = features;
  await pause();

  const fits = Math.max(1000, Math.floor(featureBytes / (4 * width)) - split.validation.length);
  const trainRows = split.train.length <= fits ? split.train : inHashOrder(split.train, table.rowNumbers, seed).subarray(0, fits).sort();
  progress(0.06, 'train.features');
  const scale = target.kind === 'number' ? scaleOf(target.values, trainRows) : { mean: 0, sd: 1 };
  const part = async (rows: Int32Array): Promise<PreparedRun['train']> => ({
    features: await features.matrix(table, rows, pause),
    target: networkTarget(target, rows, scale),
  });
  const run = {
    table,
    target,
    split: { ...split, train: trainRows },
    fitted,
    width,
    testFeatures: await testFeaturesOf(features, table, split.test, pause),
    train: await part(trainRows),
    validation: await part(split.validation),
    scale,
    dropped: dataset.rows - answered.length,
    primaryMetric: primaryMetricOf(spec),
    loadModel,
  };
  const used = trainRows.length + split.validation.length + split.test.length;
  const findings = [
    ...dataFindings({ target, split: run.split, rows: dataset.rows, answered: answered.length, used, unreadableImages }),
    ...leakFindings(table, target, trainRows, dataset.columns, spec),
  ];
  return { ...run, findings };
}

async function testFeaturesOf(
  features: FeatureRunner,
  table: RawTable,
  rows: Int32Array,
  pause: () => Promise<void>,
): Promise<TestFeatures> {
  if (rows.length * features.width * 4 > keptTestBytes) return (start, end) => features.run(table, rows.subarray(start, end));
  const { data, width } = await features.matrix(table, rows, pause);
  return async (start, end) => data.slice(start * width, end * width);
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

type ReadRows = Pick<PreparedRun, 'target' | 'split'> & { table: Awaited<ReturnType<typeof readTable>>; unreadableImages: number };

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
  const table = await readTable(connection, dataset.file, {
    columns: dataset.columns.filter((column) => used.has(column.name)),
    images: imageSizes(spec),
    keep: (row) => wanted[row] === 1,
    capacity: wanted.reduce((sum, each) => sum + each, 0),
    pause,
  });
  const position = new Int32Array(dataset.rows).fill(-1);
  table.rowNumbers.forEach((row, at) => (position[row] = at));
  const positions = (rows: Int32Array): Int32Array => rows.map((row) => position[row]!);
  const target: Target =
    whole.kind === 'class'
      ? { ...whole, codes: Int32Array.from(table.rowNumbers, (row) => whole.codes[row]!) }
      : { ...whole, values: Float64Array.from(table.rowNumbers, (row) => whole.values[row]!) };
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

function networkTarget(target: Target, rows: Int32Array, { mean, sd }: PreparedRun['scale']): NetworkTarget {
  return target.kind === 'class'
    ? { kind: 'class', codes: Int32Array.from(rows, (row) => target.codes[row]!), classes: target.classes.length }
    : { kind: 'number', values: Float32Array.from(rows, (row) => (target.values[row]! - mean) / sd) };
}

/** Mean and standard deviation of the training rows, as float32: what the head of the model will multiply by. */
function scaleOf(values: Float64Array, rows: Int32Array): PreparedRun['scale'] {
  const mean = rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
  const sd = Math.sqrt(rows.reduce((sum, row) => sum + (values[row]! - mean) ** 2, 0) / rows.length);
  return { mean: Math.fround(mean), sd: Math.fround(sd) || 1 };
}

function primaryMetricOf({ task }: FeatureSpec): MetricName {
  return ({ binary: 'auc', multiclass: 'accuracy', regression: 'rmse' } as const)[task];
}

export function headOf(spec: FeatureSpec, scale: PreparedRun['scale'], temperature: number): Head {
  return spec.task === 'regression' ? { kind: 'number', ...scale } : { kind: 'class', classes: spec.classes, temperature };
}
