// One small model that is taught to answer as a large one does: the large one's out-of-fold answers are what it learns.
import { learners } from '../../../learners/index.ts';
import type { FitControl, FitData, FittedLearner, LabelledMatrix, LearnerTask, Settings } from '../../../learners/learner.ts';
import type { FeatureColumn } from '../../../learners/learner.ts';
import type { Matrix } from '../../../learners/matrix.ts';
import { cellsOf, type Answers } from '../../../metrics/answers.ts';

export const student = { learner: 'boosting', view: 'codes' } as const;

/** A class that the teacher gives less than this is not among the answers of a row. */
const leastProbability = 0.02;

export interface Lesson {
  task: LearnerTask;
  columns: readonly FeatureColumn[];
  /** Features of all rows that the teacher answered, in the order of its answers. */
  features: Matrix;
  teacher: Answers;
  /** Places among those rows. */
  train: Int32Array;
  validation: Int32Array;
}

/** Few leaves and a large rate: tens to a few hundred small trees. */
export function studentSettings(rows: number): Settings {
  return {
    ...learners[student.learner]!.portfolio({
      task: { kind: 'class', classes: 2 },
      rows,
      width: 1,
      categorical: 0,
      budgetMs: 0,
      threads: 1,
    })[0]!,
    numLeaves: 8,
    learningRate: 0.15,
    rounds: 200,
  };
}

/**
 * Probabilities are learned as they are: a row stands once for each class that the teacher gives it, with the teacher's probability as
 * weight (cross entropy with soft answers; Hinton, Vinyals & Dean, 2015). Numbers, and scores of rankings, are learned as numbers.
 */
export function teach(
  { task, columns, features, teacher, train, validation }: Lesson,
  settings: Settings,
  control: FitControl,
): Promise<FittedLearner> {
  const part = (rows: Int32Array): LabelledMatrix =>
    teacher.kind === 'class' ? softly(features, teacher, rows) : { features: gather(features, rows), target: numbersOf(teacher, rows) };
  const data: FitData = { task, columns, train: part(train), validation: part(validation) };
  return learners[student.learner]!.fit(data, settings, control);
}

export function gather({ data, width }: Matrix, rows: Int32Array): Matrix {
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, at) => picked.set(data.subarray(row * width, (row + 1) * width), at * width));
  return { rows: rows.length, width, data: picked };
}

function softly(features: Matrix, { probabilities, classes }: Extract<Answers, { kind: 'class' }>, rows: Int32Array): LabelledMatrix {
  const given: { row: number; code: number; weight: number }[] = [];
  for (const row of rows)
    for (let code = 0; code < classes; code++) {
      const weight = probabilities[row * classes + code]!;
      if (weight >= leastProbability) given.push({ row, code, weight });
    }
  return {
    features: gather(
      features,
      Int32Array.from(given, ({ row }) => row),
    ),
    target: { kind: 'class', codes: Int32Array.from(given, ({ code }) => code), classes },
    weights: Float32Array.from(given, ({ weight }) => weight),
  };
}

function numbersOf(teacher: Answers, rows: Int32Array): LabelledMatrix['target'] {
  const numbers = cellsOf(teacher);
  return { kind: 'number', values: Float64Array.from(rows, (row) => numbers[row]!) };
}
