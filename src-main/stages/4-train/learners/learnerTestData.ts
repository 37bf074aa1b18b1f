// Small tables that every learner can learn something of, for the tests that walk the table of learners.
import { counterRandom, type CounterRandom } from '../../../platform/random.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import { type FeatureColumn, type FitControl, type FitData, type LabelledMatrix, type LearnerTask, type LearnerTarget } from './learner.ts';
import type { Matrix } from './matrix.ts';

export const testTasks: readonly LearnerTask[] = [
  { kind: 'class', classes: 2 },
  { kind: 'class', classes: 4 },
  { kind: 'labels', labels: 3 },
  { kind: 'number', objective: { kind: 'squared' } },
  { kind: 'number', objective: { kind: 'absolute' } },
  { kind: 'number', objective: { kind: 'huber', delta: 20 } },
  { kind: 'number', objective: { kind: 'quantile', levels: [0.1, 0.5, 0.9] } },
  { kind: 'number', objective: { kind: 'poisson' } },
  { kind: 'number', objective: { kind: 'gamma' } },
  { kind: 'number', objective: { kind: 'tweedie', power: 1.5 } },
  { kind: 'ranking' },
];

export function taskName(task: LearnerTask): string {
  return task.kind === 'number' ? task.objective.kind : task.kind === 'class' ? `class ${task.classes}` : task.kind;
}

/** Three numbers, a flag, and a category of four values that only the view `codes` has as one column. */
export function testColumns(view: 'scaled' | 'codes'): FeatureColumn[] {
  const numbers: FeatureColumn[] = ['a', 'b', 'c'].map((name) => ({ name, kind: 'number' }));
  const flag: FeatureColumn = { name: 'd', kind: 'flag' };
  if (view === 'codes') return [...numbers, flag, { name: 'e', kind: 'category', categories: 4 }];
  return [...numbers, flag, ...[0, 1, 2, 3].map((code): FeatureColumn => ({ name: `e = ${code}`, kind: 'flag' }))];
}

export function testRows(task: LearnerTask, view: 'scaled' | 'codes', rows: number, seed: number): LabelledMatrix {
  const random = counterRandom(seed);
  const width = testColumns(view).length;
  const data = new Float32Array(rows * width);
  const signals = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [a, b, c, d, e] = [random.normal(), random.normal(), random.normal(), random.integer(2), random.integer(4)];
    signals[row] = a - 0.7 * b + 0.8 * d + [0, 1.2, -0.8, 0.3][e]!;
    if (view === 'codes') data.set([10 + 3 * a, random.next() < 0.1 ? NaN : b, c, d, random.next() < 0.05 ? NaN : e], row * width);
    else data.set([a, b, c, d, ...[0, 1, 2, 3].map((code) => Number(code === e))], row * width);
  }
  return { features: { rows, width, data }, target: targetOf(task, signals, random) };
}

function targetOf(task: LearnerTask, signals: Float64Array, random: CounterRandom): LearnerTarget {
  const rows = signals.length;
  if (task.kind === 'class') {
    const cuts = Array.from({ length: task.classes - 1 }, (_, at) => 4 * ((at + 1) / task.classes - 0.5));
    const codes = Int32Array.from(signals, (signal) => cuts.filter((cut) => signal + 0.5 * random.normal() > cut).length);
    return { kind: 'class', codes, classes: task.classes };
  }
  if (task.kind === 'labels') {
    const flags = Uint8Array.from({ length: rows * task.labels }, (_, at) =>
      Number(signals[Math.floor(at / task.labels)]! * ((at % task.labels) % 2 ? -1 : 1) + 0.5 * random.normal() > 0),
    );
    return { kind: 'labels', flags, labels: task.labels };
  }
  if (task.kind === 'ranking') return { kind: 'number', values: Float64Array.from(signals, (signal) => Math.max(0, Math.round(signal))) };
  const { kind } = task.objective;
  if (kind === 'poisson' || kind === 'tweedie' || kind === 'gamma') {
    const values = Float64Array.from(signals, (signal) => {
      const mean = Math.exp(0.5 * signal + 0.5);
      const noisy = mean * -Math.log(1 - random.next());
      return kind === 'gamma' ? noisy + 1e-3 : kind === 'poisson' ? Math.round(noisy) : random.next() < 0.2 ? 0 : noisy;
    });
    return { kind: 'number', values };
  }
  return { kind: 'number', values: Float64Array.from(signals, (signal) => 5000 + 300 * signal + 100 * random.normal()) };
}

export function testData(task: LearnerTask, view: 'scaled' | 'codes', rows = 240): FitData {
  const grouped = (matrix: LabelledMatrix): LabelledMatrix =>
    task.kind === 'ranking'
      ? { ...matrix, groups: Int32Array.from({ length: matrix.features.rows }, (_, row) => Math.floor(row / 10)) }
      : matrix;
  return {
    task,
    columns: testColumns(view),
    train: grouped(testRows(task, view, rows, 1)),
    validation: grouped(testRows(task, view, rows / 2, 2)),
  };
}

/**
 * What training has never seen: far, tiny, exact zeros, and for `codes` missing, infinite and unknown cells. The view `scaled` comes from
 * features that are limited to some ten spreads, see `fitNumeric`.
 */
export function edgeRows(view: 'scaled' | 'codes'): Matrix {
  const width = testColumns(view).length;
  const cells = [0, -0, 1, -1, 1e-38, 1e-7, 40, -40, ...(view === 'codes' ? [NaN, Infinity, -Infinity, 99, 3e38] : [])];
  const random = counterRandom(77);
  const rows = cells.length + 40;
  const data = Float32Array.from({ length: rows * width }, (_, at) => {
    const row = Math.floor(at / width);
    return row < cells.length ? cells[row]! : cells[random.integer(cells.length)]!;
  });
  return { rows, width, data };
}

export function testControl(more: Partial<FitControl> = {}): FitControl {
  return {
    nowMs: () => performance.now(),
    deadlineMs: Infinity,
    shouldStop: () => 'no',
    onPoint: () => {},
    seed: 1,
    runtime: ortRuntime,
    threads: 1,
    ...more,
  };
}

/** Every row as often as its weight says. */
export function repeatedRows({ features, target, weights }: LabelledMatrix): LabelledMatrix {
  const at = Array.from(weights!, (weight, row) => Array.from({ length: weight }, () => row)).flat();
  const { width, data } = features;
  const picked = new Float32Array(at.length * width);
  at.forEach((row, place) => picked.set(data.subarray(row * width, (row + 1) * width), place * width));
  const repeat = (): LearnerTarget => {
    if (target.kind === 'class') return { ...target, codes: Int32Array.from(at, (row) => target.codes[row]!) };
    if (target.kind === 'number') return { ...target, values: Float64Array.from(at, (row) => target.values[row]!) };
    const { flags, labels } = target;
    return { ...target, flags: Uint8Array.from(at.flatMap((row) => [...flags.subarray(row * labels, (row + 1) * labels)])) };
  };
  return { features: { rows: at.length, width, data: picked }, target: repeat() };
}

/** Largest |a − b| over the larger of `scale` and |b|; infinite where only one is finite. */
export function largestDifference(a: Float32Array, b: Float32Array, scale: number): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let at = 0; at < a.length; at++) {
    if (Object.is(a[at], b[at])) continue;
    const difference = Math.abs(a[at]! - b[at]!) / Math.max(scale, Math.abs(b[at]!));
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  return largest;
}

/** What sizes of outputs differ by in earnest: logits 1, numbers the spread of the target. */
export function outputScale(task: LearnerTask, target: LearnerTarget): number {
  if (target.kind !== 'number' || task.kind === 'ranking') return 1;
  const mean = target.values.reduce((sum, each) => sum + each, 0) / target.values.length;
  return Math.sqrt(target.values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / target.values.length);
}
