// From the task to what the network learns, and back to the answers of a learner.
import type { LossSettings } from '../../../../compiler/index.ts';
import { outputsOf, type LabelledMatrix, type LearnerTask } from '../learner.ts';

/** The target as the network learns it: (value − shift) / scale; for means with a log link shift is 0 and scale their mean. */
export interface TargetScale {
  shift: number;
  scale: number;
  /** Of the scaled target in the training rows: numbers are not answered beyond. */
  least: number;
  largest: number;
}

const notScaled: TargetScale = { shift: 0, scale: 1, least: 0, largest: 0 };

export function isSupported(task: LearnerTask): boolean {
  return task.kind === 'class' || task.kind === 'labels' || (task.kind === 'number' && task.objective.kind !== 'gamma');
}

/** Whether the network's own output is the logarithm of the mean. */
export function hasLogLink(task: LearnerTask): boolean {
  return task.kind === 'number' && (task.objective.kind === 'poisson' || task.objective.kind === 'tweedie');
}

/** Float32, as the graph has them. */
export function targetScaleOf(task: LearnerTask, { target, weights }: LabelledMatrix): TargetScale {
  if (target.kind !== 'number') return notScaled;
  let [total, sum, squares, least, largest] = [0, 0, 0, Infinity, -Infinity];
  target.values.forEach((value, row) => {
    const weight = weights?.[row] ?? 1;
    if (weight === 0) return;
    total += weight;
    sum += weight * value;
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  });
  const mean = sum / total;
  target.values.forEach((value, row) => (squares += (weights?.[row] ?? 1) * (value - mean) ** 2));
  const log = hasLogLink(task);
  const [shift, scale] = [log ? 0 : Math.fround(mean), Math.fround(log ? mean : Math.sqrt(squares / total)) || 1];
  return { shift, scale, least: Math.fround((least - shift) / scale), largest: Math.fround((largest - shift) / scale) };
}

/** Of predictions [N, members, classes] of classes, else [N, members · outputs]; each member is judged by itself. */
export function lossOfTask(task: LearnerTask, { scale }: TargetScale, members: number, labelSmoothing: number): LossSettings {
  if (task.kind === 'class') return { kind: 'softmaxCrossEntropy', labelSmoothing };
  if (task.kind === 'labels') return { kind: 'binaryCrossEntropy' };
  if (task.kind === 'ranking') throw new Error('This network does not rank.');
  const { objective } = task;
  switch (objective.kind) {
    case 'squared':
      return { kind: 'meanSquaredError' };
    case 'absolute':
      return { kind: 'meanAbsoluteError' };
    case 'huber':
      return { kind: 'huber', delta: objective.delta / scale };
    case 'quantile':
      return { kind: 'quantile', quantiles: Array.from({ length: members }, () => objective.levels).flat() };
    case 'poisson':
      return { kind: 'poisson' };
    case 'tweedie':
      return { kind: 'tweedie', power: objective.power };
    case 'gamma':
      throw new Error('This network knows no gamma deviance.');
  }
}

/** One copy a member, in the shape that the loss asks for. */
export function targetsOf(
  task: LearnerTask,
  { target }: LabelledMatrix,
  { shift, scale }: TargetScale,
  members: number,
): Int32Array | Float32Array {
  if (target.kind === 'class') {
    if (members === 1) return target.codes;
    return Int32Array.from({ length: target.codes.length * members }, (_, at) => target.codes[Math.floor(at / members)]!);
  }
  if (target.kind === 'labels') {
    const { flags, labels } = target;
    const perRow = labels * members;
    return Float32Array.from({ length: (flags.length / labels) * perRow }, (_, at) => {
      const row = Math.floor(at / perRow);
      return flags[row * labels + ((at - row * perRow) % labels)]!;
    });
  }
  const copies = task.kind === 'number' && task.objective.kind === 'quantile' ? 1 : members * outputsOf(task);
  return Float32Array.from({ length: target.values.length * copies }, (_, at) => (target.values[Math.floor(at / copies)]! - shift) / scale);
}

/** Weights of rows that average 1. */
export function averagingOne(weights: Float32Array): Float32Array {
  const mean = weights.reduce((sum, each) => sum + each, 0) / weights.length;
  return weights.map((each) => each / mean);
}
