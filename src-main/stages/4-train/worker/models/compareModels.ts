// Two models on the same rows, none of which either was trained on where that can be had.
import { readFile } from 'node:fs/promises';
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import type { Holdout, MetricName, Metrics, PairedMetric } from '../../../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { answeredRows, isAnswered, type Target } from '../../../3-features/api.ts';
import { inHashOrder, splitRows, type Split } from '../../holdout.ts';
import { comparePaired } from '../../metrics/comparePaired.ts';
import { measure } from '../../metrics/measure.ts';
import { openDuck, parquetRows, quoteName, type Duck } from '../table/duck.ts';
import { asAnswers } from './evaluate.ts';
import { ModelSession } from './modelSession.ts';
import type { DatasetFile, LabelRows } from '../order.ts';
import { readGroups, readTimes } from '../table/readColumn.ts';
import { readTarget } from '../table/readTarget.ts';
import { imageInputs, inputColumns, scoreTable } from './scoreRows.ts';
import { withNaiveErrors } from '../table/forecastTarget.ts';
import { historyOfInputs, readWithHistory } from '../table/history.ts';

/** What a model was trained on: enough to repeat the split. */
export interface TrainedOn {
  dataset: DatasetFile;
  /** Identity of the dataset version. */
  datasetKey: string;
  labels: LabelRows | null;
  spec: Pick<FeatureSpec, 'target' | 'task' | 'classes' | 'history'>;
  holdout: Holdout;
  seed: number;
}

export interface CompareOrder {
  a: { modelFile: string; trainedOn: TrainedOn };
  b: { modelFile: string; trainedOn: TrainedOn };
  /** Rows of `b`'s dataset to answer; default: chosen from the test rows. */
  rows: Int32Array | null;
  /** Metrics beyond those of every model. */
  also: readonly MetricName[];
  seed: number;
}

/** Which rows were used: keys that the interface words. */
export type CompareNote = 'testRowsOfB' | 'testRowsOfA' | 'testRowsOfBSeenByA' | 'givenRows';

export interface Comparison {
  rows: number;
  metrics: PairedMetric[];
  answersChanged: number;
  note: CompareNote;
}

export interface JudgeOrder {
  model: { modelFile: string; trainedOn: TrainedOn };
  /** Whose test rows are answered. */
  on: TrainedOn;
  also: readonly MetricName[];
  seed: number;
}

/** What a model of another run reaches on the test rows of this one. */
export interface Judgement {
  rows: number;
  metrics: Metrics;
  note: 'unseenTestRows' | 'testRowsSeen';
}

const fewestCompared = 30;
const mostCompared = 50_000;

/** Errors: MK_MODEL_UNREADABLE, MK_PREDICT_COLUMN_MISSING, MK_TRAIN_TOO_FEW_ROWS, MK_COMPARE_TASKS. */
export async function compareModels({ a, b, rows, also, seed }: CompareOrder, pause: () => Promise<void>): Promise<Comparison> {
  const [modelA, modelB] = [await ModelSession.open(await readFile(a.modelFile)), await ModelSession.open(await readFile(b.modelFile))];
  try {
    requireSameQuestion(modelA, modelB);
    using duck = await openDuck();
    const chosen = rows ? { on: b.trainedOn, rows, note: 'givenRows' as const } : await chooseRows(duck, a.trainedOn, b.trainedOn);
    const { dataset } = chosen.on;
    const target = inOrderOf(await truthOf(duck, chosen.on), modelB);
    const kept = capRows(chosen.rows.filter(answeredIn(target)), seed);
    if (kept.length < 2) throw new ModelkeepError('MK_TRAIN_TOO_FEW_ROWS', { rows: kept.length, needed: 2 });
    const ofA = await answersOf(modelA, duck, dataset, kept, pause);
    const ofB = await answersOf(modelB, duck, dataset, kept, pause);
    const metrics = comparePaired(asAnswers(alignClasses(ofA, modelA, modelB), target, kept), asAnswers(ofB, target, kept), seed, also);
    const answersChanged = Array.isArray(ofA.prediction)
      ? (ofA.prediction as string[]).filter((answer, row) => answer !== ofB.prediction[row]).length
      : (ofA.prediction as Float32Array).filter(
          (answer, row) => Math.abs(answer - (ofB.prediction[row] as number)) > 1e-6 * Math.abs(answer),
        ).length;
    return { rows: kept.length, metrics, answersChanged, note: chosen.note };
  } finally {
    await modelA.release();
    await modelB.release();
  }
}

/**
 * The model on the test rows of a run that it did not come from, those left out that it learned from; where nearly all are, on all
 * of them, and `note` says so. Errors: those of {@link compareModels}.
 */
export async function judgeModel(
  { model: { modelFile, trainedOn }, on, also, seed }: JudgeOrder,
  pause: () => Promise<void>,
): Promise<Judgement> {
  const model = await ModelSession.open(await readFile(modelFile));
  try {
    using duck = await openDuck();
    const { test } = await splitOf(duck, on);
    const unseen = await without(duck, on, test, trainedOn, learnedFrom(await splitOf(duck, trainedOn)));
    const isUnseen = unseen.length >= fewestCompared || unseen.length === test.length;
    const target = await truthOf(duck, on);
    requireTarget(model, target, on.spec);
    const placed = inOrderOf(target, model);
    const kept = capRows((isUnseen ? unseen : test).filter(answeredIn(placed)), seed);
    if (kept.length < 2) throw new ModelkeepError('MK_TRAIN_TOO_FEW_ROWS', { rows: kept.length, needed: 2 });
    const answers = asAnswers(await answersOf(model, duck, on.dataset, kept, pause), placed, kept);
    return { rows: kept.length, metrics: measure(answers, seed, also), note: isUnseen ? 'unseenTestRows' : 'testRowsSeen' };
  } finally {
    await model.release();
  }
}

/** With folds every row that is not tested on is learned from. */
function learnedFrom({ train, validation }: Split): Int32Array {
  return Int32Array.from([...train, ...validation]);
}

function requireTarget({ signature: { task, classes } }: ModelSession, target: Target, spec: TrainedOn['spec']): void {
  if ((task === 'regression') !== (target.kind === 'number')) throw new ModelkeepError('MK_COMPARE_TASKS', { a: task, b: spec.task });
  if (target.kind === 'class' && !target.classes.some((name) => classes.includes(name)))
    throw new ModelkeepError('MK_COMPARE_TASKS', { a: classes.join(', ').slice(0, 100), b: target.classes.join(', ').slice(0, 100) });
}

function answeredIn(target: Target): (row: number) => boolean {
  return (row) => isAnswered(target, row);
}

/** Ascending, and evenly drawn where there are too many. */
function capRows(rows: Int32Array, seed: number): Int32Array {
  const identity = Int32Array.from({ length: (rows.at(-1) ?? 0) + 1 }, (_, row) => row);
  return rows.length <= mostCompared ? rows : inHashOrder(rows, identity, seed).subarray(0, mostCompared).sort();
}

function requireSameQuestion({ signature: a }: ModelSession, { signature: b }: ModelSession): void {
  const regression = (task: string): boolean => task === 'regression' || task === 'ranking';
  const aside = (task: string): string => (task === 'multilabel' || task === 'ranking' || task === 'regression' ? task : 'class');
  if (aside(a.task) !== aside(b.task)) throw new ModelkeepError('MK_COMPARE_TASKS', { a: a.task, b: b.task });
  if (a.task === 'multilabel' && a.classes.join('\n') !== b.classes.join('\n'))
    throw new ModelkeepError('MK_COMPARE_TASKS', { a: a.classes.join(', ').slice(0, 100), b: b.classes.join(', ').slice(0, 100) });
  const shared = a.classes.filter((each) => b.classes.includes(each)).length;
  if (!regression(a.task) && shared < a.classes.length && shared < b.classes.length)
    throw new ModelkeepError('MK_COMPARE_TASKS', { a: a.classes.join(', ').slice(0, 100), b: b.classes.join(', ').slice(0, 100) });
}

/**
 * The test rows of b that a was not trained on, by content; else the test rows of a that b was not trained on; else the test rows
 * of b as they are, which favours a, and is said.
 */
async function chooseRows(duck: Duck, a: TrainedOn, b: TrainedOn): Promise<{ on: TrainedOn; rows: Int32Array; note: CompareNote }> {
  const [splitA, splitB] = [await splitOf(duck, a), await splitOf(duck, b)];
  const unseenByA = await without(duck, b, splitB.test, a, learnedFrom(splitA));
  if (unseenByA.length >= fewestCompared || unseenByA.length === splitB.test.length) return { on: b, rows: unseenByA, note: 'testRowsOfB' };
  const unseenByB = await without(duck, a, splitA.test, b, learnedFrom(splitB));
  if (unseenByB.length >= fewestCompared) return { on: a, rows: unseenByB, note: 'testRowsOfA' };
  return { on: b, rows: splitB.test, note: 'testRowsOfBSeenByA' };
}

/** The answers of all rows; of a forecast with what its errors are held against. */
export async function truthOf(duck: Duck, on: TrainedOn): Promise<Target> {
  const { dataset, spec, labels } = on;
  const target = await readTarget(duck.connection, dataset, spec, labels);
  return spec.history ? withNaiveErrors(duck.connection, dataset, spec, target, [learnedFrom(await splitOf(duck, on))]) : target;
}

export async function splitOf(duck: Duck, { dataset, labels, spec, holdout, seed }: TrainedOn): Promise<Split> {
  const target = await readTarget(duck.connection, dataset, spec, labels);
  const times = holdout.kind === 'temporal' ? await readTimes(duck.connection, dataset, holdout.timeColumn) : null;
  const groups = holdout.kind === 'group' ? await readGroups(duck.connection, dataset, holdout.groupColumn) : null;
  const rowNumbers = Int32Array.from({ length: dataset.rows }, (_, row) => row);
  return splitRows({ holdout, seed, target, rows: answeredRows(target), rowNumbers, times, groups });
}

/** `rows` of `from` less those whose content (columns that both have) is among `seen` rows of `other`. */
async function without(duck: Duck, from: TrainedOn, rows: Int32Array, other: TrainedOn, seen: Int32Array): Promise<Int32Array> {
  if (from.datasetKey === other.datasetKey) {
    const trained = new Set(seen);
    return rows.filter((row) => !trained.has(row));
  }
  const shared = from.dataset.columns.filter(
    (column) => column.type !== 'image' && other.dataset.columns.some((each) => each.name === column.name),
  );
  if (shared.length === 0) return rows;
  const hashes = async ({ dataset }: TrainedOn, wanted: Int32Array): Promise<BigUint64Array> => {
    const content = shared.map(({ name }) => `coalesce(CAST(${quoteName(name)} AS VARCHAR), '')`).join(', ');
    const result = await duck.connection.runAndReadAll(
      `SELECT hash(${content}) FROM ${parquetRows(dataset.file)} ORDER BY file_row_number`,
    );
    const all = result.getColumns()[0] as bigint[];
    return BigUint64Array.from(wanted, (row) => all[row]!);
  };
  const trained = new Set(await hashes(other, seen));
  const own = await hashes(from, rows);
  return rows.filter((_, at) => !trained.has(own[at]!));
}

async function answersOf(
  model: ModelSession,
  duck: Duck,
  dataset: DatasetFile,
  rows: Int32Array,
  pause: () => Promise<void>,
): ReturnType<typeof scoreTable> {
  const wanted = new Uint8Array(dataset.rows);
  for (const row of rows) wanted[row] = 1;
  const table = await readWithHistory(
    duck.connection,
    dataset.file,
    {
      columns: inputColumns(model.signature.inputs, dataset.columns, 'the dataset'),
      images: imageInputs(model.signature.inputs),
      keep: (row) => wanted[row] === 1,
      capacity: rows.length,
    },
    historyOfInputs(model.signature.inputs),
  );
  return scoreTable(model, table, pause);
}

/** The truth with classes numbered as the model numbers them; a class that it does not know counts as unanswered. */
function inOrderOf(target: Target, { signature }: ModelSession): Target {
  if (target.kind === 'number') return target;
  // Models of labels are only compared where their labels are the same.
  if (target.kind === 'labels') return target;
  const place = target.classes.map((name) => signature.classes.indexOf(name));
  return { kind: 'class', classes: signature.classes, codes: target.codes.map((code) => (code < 0 ? -1 : place[code]!)) };
}

/** a's probabilities in the columns of b: a class that a does not know has probability 0, one that b does not know is left out. */
function alignClasses(answers: Awaited<ReturnType<typeof scoreTable>>, a: ModelSession, b: ModelSession): typeof answers {
  if (!answers.probabilities) return answers;
  const [from, to] = [a.signature.classes, b.signature.classes];
  const rows = answers.probabilities.length / from.length;
  const probabilities = new Float32Array(rows * to.length);
  const place = to.map((name) => from.indexOf(name));
  for (let row = 0; row < rows; row++)
    for (let each = 0; each < to.length; each++)
      if (place[each]! >= 0) probabilities[row * to.length + each] = answers.probabilities[row * from.length + place[each]!]!;
  return { ...answers, probabilities };
}
