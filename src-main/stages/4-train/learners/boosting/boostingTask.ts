import type { BoostingObjective, Link } from '../../../../trees/index.ts';
import type { LabelledMatrix, LearnerTask } from '../learner.ts';

/** What is boosted for a task: one ensemble, or several next to each other (labels, levels). */
export interface BoostingTask {
  link: Link;
  parts: BoostingPart[];
}

export interface BoostingPart {
  objective: BoostingObjective;
  /** Of any rows of the task. */
  target(rows: LabelledMatrix): Float32Array;
  groups(rows: LabelledMatrix): Int32Array | undefined;
  /** Scores times this, plus `shift`, are in the target's own units. */
  scale: number;
  shift: number;
}

/** LambdaRank takes whole relevances up to here. */
const mostRelevance = 31;

export function boostingTask(task: LearnerTask, train: LabelledMatrix): BoostingTask {
  const plain = { groups: () => undefined, scale: 1, shift: 0 };
  switch (task.kind) {
    case 'class': {
      const objective: BoostingObjective = task.classes === 2 ? { kind: 'logistic' } : { kind: 'softmax', classes: task.classes };
      const link: Link = task.classes === 2 ? { kind: 'binary' } : { kind: 'identity' };
      return { link, parts: [{ ...plain, objective, target: ({ target }) => Float32Array.from(codesOf(target)) }] };
    }
    case 'labels':
      return {
        link: { kind: 'identity' },
        parts: Array.from({ length: task.labels }, (_, label) => ({
          ...plain,
          objective: { kind: 'logistic' },
          target: ({ target }) =>
            target.kind === 'labels'
              ? Float32Array.from(Array(target.flags.length / target.labels).keys(), (row) => target.flags[row * target.labels + label]!)
              : new Float32Array(),
        })),
      };
    case 'ranking': {
      const relevances = numbersOf(train.target);
      if (!train.groups || !relevances.every((each) => Number.isInteger(each) && each >= 0 && each <= mostRelevance))
        return { link: { kind: 'identity' }, parts: [standardised({ kind: 'squared' }, train)] };
      const target = ({ target: own }: LabelledMatrix): Float32Array => Float32Array.from(numbersOf(own));
      return { link: { kind: 'identity' }, parts: [{ ...plain, objective: { kind: 'ranking' }, target, groups: ({ groups }) => groups }] };
    }
    case 'number': {
      const { objective } = task;
      if (objective.kind === 'quantile')
        return { link: { kind: 'identity' }, parts: objective.levels.map((level) => standardised({ kind: 'quantile', level }, train)) };
      if (objective.kind === 'poisson' || objective.kind === 'gamma' || objective.kind === 'tweedie')
        return { link: { kind: 'exp' }, parts: [{ ...plain, objective, target: ({ target }) => Float32Array.from(numbersOf(target)) }] };
      return { link: { kind: 'identity' }, parts: [standardised(objective, train)] };
    }
  }
}

/** float32 keeps 7 digits: numbers are learned by their distance from the mean, in standard deviations. Settings then mean the same everywhere. */
function standardised(objective: BoostingObjective, { target, weights }: LabelledMatrix): BoostingPart {
  const values = numbersOf(target);
  let [sum, total] = [0, 0];
  for (let row = 0; row < values.length; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * values[row]!;
    total += weight;
  }
  const shift = sum / total;
  let squares = 0;
  for (let row = 0; row < values.length; row++) squares += (weights?.[row] ?? 1) * (values[row]! - shift) ** 2;
  const scale = Math.sqrt(squares / total) || 1;
  const own = objective.kind === 'huber' ? { ...objective, delta: objective.delta / scale } : objective;
  return {
    objective: own,
    target: (rows) => Float32Array.from(numbersOf(rows.target), (value) => (value - shift) / scale),
    groups: () => undefined,
    scale,
    shift,
  };
}

function codesOf(target: LabelledMatrix['target']): Int32Array {
  if (target.kind !== 'class') throw new Error('Classes are wanted.');
  return target.codes;
}

function numbersOf(target: LabelledMatrix['target']): Float64Array {
  if (target.kind !== 'number') throw new Error('Numbers are wanted.');
  return target.values;
}
