// A fit process: fits one learner on one fold at a time. It may block, and it is killed when it does not keep its time.
import { setImmediate } from 'node:timers/promises';
import { readFile, rm } from 'node:fs/promises';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { writeFileDurable } from '../../../../platform/files.ts';
import { serveWorker } from '../../../../platform/workerMain.ts';
import type { FeatureView } from '../../../3-features/api.ts';
import { learners } from '../../learners/index.ts';
import { Calibrations } from '../../devices/Calibrations.ts';
import { providersHere } from '../../devices/providers.ts';
import type { FitControl, FitData, FitDevices, FitNotice, LabelledMatrix, LearnerTarget } from '../../learners/learner.ts';
import type { Matrix } from '../../learners/matrix.ts';
import type { FitOrder, FitResult, FitSource } from './fitOrder.ts';
import { decodeLearnerState, encodeLearnerState } from './learnerStateFile.ts';
import { ortRuntime } from '../threads/ortRuntime.ts';
import { endGradientThreads } from '../threads/startGradientThread.ts';

const checkpointEveryMs = 5000;
const pointsPerSecond = 4;

let source: FitSource | null = null;
let target: LearnerTarget | null = null;
let weights: Float32Array | null = null;
let groups: Int32Array | null = null;
let devices: FitDevices | null = null;
let opening: Promise<void> = Promise.resolve();
const matrices = new Map<FeatureView, Matrix>();
/** Rows of the fold and view that were asked for last: the next candidate wants the same, as a rule. */
let gathered: { view: FeatureView; fold: number; train: Matrix; validation: Matrix } | null = null;

const server = serveWorker(
  {
    open: (opened: FitSource) => (opening = open(opened)),
    // Asked for in one breath with `open`.
    fit: async (order: FitOrder, { signal }) => {
      await opening;
      return fit(order, signal);
    },
  },
  { close: endGradientThreads },
);

async function open(opened: FitSource): Promise<void> {
  target = await readTarget(opened);
  weights = opened.weightsFile === null ? null : new Float32Array(...placeOf(await readFile(opened.weightsFile), 4));
  groups = opened.groupsFile === null ? null : new Int32Array(...placeOf(await readFile(opened.groupsFile), 4));
  devices = opened.machineFolder === undefined ? null : devicesIn(opened.machineFolder);
  source = opened;
}

async function fit(order: FitOrder, signal: AbortSignal): Promise<FitResult> {
  const { task, ordered, views, folds, threads } = source!;
  const learner = learners[order.learner]!;
  const startedMs = performance.now();
  const deadlineMs = startedMs + order.withinMs;
  const features = await rowsOf(learner.view, order.fold);
  const labelled = (matrix: Matrix, rows: Int32Array): LabelledMatrix => ({
    features: matrix,
    target: targetOf(rows),
    ...(weights ? { weights: Float32Array.from(rows, (row) => weights![row]!) } : {}),
    ...(groups ? { groups: rows.map((row) => groups![row]!) } : {}),
  });
  const fold = folds[order.fold]!;
  const data: FitData = {
    task,
    columns: views[learner.view]!.columns,
    train: labelled(features.train, fold.train),
    validation: labelled(features.validation, fold.validation),
    ordered,
  };
  let lastKeptMs = startedMs;
  let lastPointMs = 0;
  const notices: FitNotice[] = [];
  const resume = await readFile(order.checkpointFile).then(decodeLearnerState, () => undefined);
  const control: FitControl = {
    nowMs: () => performance.now(),
    deadlineMs,
    shouldStop: () => (signal.aborted ? 'asked' : performance.now() > deadlineMs ? 'time' : 'no'),
    pause: () => setImmediate(),
    onPoint: (point) => {
      const now = performance.now();
      if (now - lastPointMs < 1000 / pointsPerSecond) return;
      lastPointMs = now;
      server.emit('point', { fold: order.fold, point });
    },
    memoryBytes: () => process.memoryUsage.rss(),
    seed: order.seed,
    runtime: ortRuntime,
    threads,
    ...(devices ? { devices } : {}),
    onNotice: (notice) => notices.push(notice),
    ...(resume ? { resume } : {}),
    onState: async (state) => {
      await setImmediate();
      if (performance.now() - lastKeptMs < checkpointEveryMs) return;
      await writeFileDurable(order.checkpointFile, encodeLearnerState(state()));
      lastKeptMs = performance.now();
    },
  };
  const fitted = await learner.fit(data, order.settings, control);
  try {
    const fittedMs = performance.now();
    const answers = await fitted.predict(features.validation);
    const predictMs = performance.now() - fittedMs;
    if (answers.some((each) => !Number.isFinite(each))) throw new ModelkeepError('MK_TRAIN_NOT_FINITE');
    // The answers last: a fit whose answers are there is whole.
    const state = encodeLearnerState(fitted.state());
    await writeFileDurable(order.stateFile, state);
    await writeFileDurable(order.answersFile, new Uint8Array(answers.buffer, answers.byteOffset, answers.byteLength));
    await rm(order.checkpointFile, { force: true });
    const { chosen, curve, ended } = fitted;
    const told = notices.length > 0 ? { notices } : {};
    return { chosen, curve, ended, fitMs: fittedMs - startedMs, predictMs, stateBytes: state.length, ...told };
  } finally {
    await fitted.release();
  }
}

function devicesIn(folder: string): FitDevices {
  const calibrations = new Calibrations(folder);
  let found: ReturnType<FitDevices['providers']> | undefined;
  return { calibrations, providers: () => (found ??= providersHere(calibrations)) };
}

async function rowsOf(view: FeatureView, fold: number): Promise<{ train: Matrix; validation: Matrix }> {
  if (gathered?.view === view && gathered.fold === fold) return gathered;
  gathered = null; // its memory first
  let whole = matrices.get(view);
  if (!whole) {
    const { file, columns } = source!.views[view]!;
    const bytes = await readFile(file);
    const data = new Float32Array(...placeOf(bytes, 4));
    whole = { rows: source!.rows, width: columns.length, data };
    matrices.set(view, whole);
  }
  const { train, validation } = source!.folds[fold]!;
  gathered = { view, fold, train: gather(whole, train), validation: gather(whole, validation) };
  return gathered;
}

function gather({ width, data }: Matrix, rows: Int32Array): Matrix {
  const own = new Float32Array(rows.length * width);
  for (let at = 0; at < rows.length; at++) own.set(data.subarray(rows[at]! * width, (rows[at]! + 1) * width), at * width);
  return { rows: rows.length, width, data: own };
}

async function readTarget({ task, targetFile }: FitSource): Promise<LearnerTarget> {
  const bytes = await readFile(targetFile);
  if (task.kind === 'class') return { kind: 'class', codes: new Int32Array(...placeOf(bytes, 4)), classes: task.classes };
  if (task.kind === 'labels') return { kind: 'labels', flags: Uint8Array.from(bytes), labels: task.labels };
  return { kind: 'number', values: new Float64Array(...placeOf(bytes, 8)) };
}

function targetOf(rows: Int32Array): LearnerTarget {
  const whole = target!;
  if (whole.kind === 'class') return { ...whole, codes: rows.map((row) => whole.codes[row]!) };
  if (whole.kind === 'number') return { kind: 'number', values: Float64Array.from(rows, (row) => whole.values[row]!) };
  const { labels } = whole;
  const flags = new Uint8Array(rows.length * labels);
  rows.forEach((row, at) => flags.set(whole.flags.subarray(row * labels, (row + 1) * labels), at * labels));
  return { kind: 'labels', flags, labels };
}

/** Small files come at any place of a shared buffer; numbers need a multiple of their size. */
function placeOf(bytes: Buffer, size: number): [buffer: ArrayBuffer, offset: number, length: number] {
  const own = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return [own.buffer as ArrayBuffer, own.byteOffset, own.byteLength / size];
}
