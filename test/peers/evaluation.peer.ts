// Metrics against scikit-learn's, partial dependence against its inspection, Shapley values of rows against shap's exact ones.
import { join } from 'node:path';
import { counterRandom } from '../../src-main/platform/random.ts';
import type { MetricName } from '../../src-shared/domain/training.ts';
import { allRows, type RawColumn, type RawTable } from '../../src-main/stages/3-features/api.ts';
import { columnEffect } from '../../src-main/stages/4-train/explanation/columnEffect.ts';
import { functionScorer, type Cells } from '../../src-main/stages/4-train/explanation/functionScorer.ts';
import { shapleyValues } from '../../src-main/stages/4-train/explanation/shapley.ts';
import type { Answers } from '../../src-main/stages/4-train/metrics/answers.ts';
import { prepareMetric } from '../../src-main/stages/4-train/metrics/pointMetrics.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { treeRequirements } from './treePython.ts';

export const peer: Peer = {
  name: 'evaluation',
  about: 'metrics and partial dependence against scikit-learn, Shapley values of rows against shap',
  run,
};

interface Case {
  name: string;
  question: Record<string, unknown>;
  ours: ArrayLike<number>;
  /** Largest difference that is allowed, one for all or one each. */
  limit: number | readonly number[];
}

async function run(): Promise<PeerResult> {
  const python = await preparePython([...treeRequirements, 'scikit-learn==1.9.1']);
  const cases = [...metricCases(), ...(await shapleyCases()), ...(await dependenceCases())];
  const [greeting, ...answers] = (await jsonLines(
    python,
    [join(import.meta.dirname, 'evaluation.py')],
    cases.map(({ question }) => question),
  )) as [{ version: string }, ...{ answers: number[] }[]];
  const notes: string[] = [];
  let failed = 0;
  for (const [at, { name, ours, limit }] of cases.entries()) {
    const theirs = answers[at]!.answers;
    const differences = theirs.map((each, place) => Math.abs(each - ours[place]!));
    const holds =
      ours.length === theirs.length &&
      differences.every((difference, place) => difference <= (typeof limit === 'number' ? limit : limit[place]!));
    if (!holds) failed++;
    notes.push(`${holds ? '' : 'FAILED '}${name}: ${Math.max(...differences).toExponential(1)}`);
  }
  return { name: peer.name, peer: greeting.version, passed: cases.length - failed, failed, skipped: 0, notes };
}

const ofClasses: MetricName[] = [
  'accuracy',
  'balancedAccuracy',
  'precision',
  'recall',
  'f1Weighted',
  'mcc',
  'kappa',
  'averagePrecision',
  'brier',
];
const ofNumbers: MetricName[] = ['rmse', 'mae', 'r2', 'medianAbsoluteError', 'mape', 'pinball90'];

function metricCases(): Case[] {
  return [2, 3, 7, 0].flatMap((classes) =>
    [1, 2, 3].map((seed): Case => {
      const random = counterRandom(100 * classes + seed);
      const rows = 50 + random.integer(400);
      const answers: Answers =
        classes === 0
          ? {
              kind: 'number',
              truth: Float64Array.from({ length: rows }, () => 10 * random.normal()),
              prediction: Float64Array.from({ length: rows }, () => 10 * random.normal()),
            }
          : {
              kind: 'class',
              truth: Int32Array.from({ length: rows }, () => random.integer(classes)),
              probabilities: shares(rows, classes, random),
              classes,
            };
      const names = classes === 0 ? ofNumbers : ofClasses;
      return {
        name: classes === 0 ? `metrics of ${rows} numbers` : `metrics of ${rows} rows, ${classes} classes`,
        question: {
          kind: 'metrics',
          classes,
          truth: [...answers.truth],
          answers: [...(answers.kind === 'class' ? answers.probabilities : answers.prediction)],
        },
        ours: names.map((name) => prepareMetric(answers, name)()),
        limit: 1e-9,
      };
    }),
  );
}

/** Rounded, so that scores tie. */
function shares(rows: number, classes: number, random: ReturnType<typeof counterRandom>): Float64Array {
  const result = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const parts = Array.from({ length: classes }, () => 1 + random.integer(8));
    const sum = parts.reduce((all, each) => all + each, 0);
    parts.forEach((part, at) => (result[row * classes + at] = part / sum));
  }
  return result;
}

const functions: Record<string, (x: number[]) => number> = {
  interactions: (x) => x[0]! * x[1]! + Math.max(x[2]!, x[3]!) - (x[4]! > 0 ? x[0]! : 0),
  sum: (x) => 2 * x[0]! - Math.abs(x[1]!) + Math.sin(x[2]!) + (x[4]! > 0 ? 1 : 0),
};
const names = ['a', 'b', 'c', 'd', 'e'];

function table(rows: number, seed: number): { table: RawTable; X: number[][] } {
  const random = counterRandom(seed);
  const columns = names.map((): RawColumn & { kind: 'float32' } => ({
    kind: 'float32',
    values: Float32Array.from({ length: rows }, () => random.normal()),
  }));
  return {
    table: { rows, columns: new Map(names.map((name, at) => [name, columns[at]!])) },
    X: Array.from({ length: rows }, (_, row) => columns.map(({ values }) => values[row]!)),
  };
}

const asked = (name: string): ((cells: Cells) => number) => {
  const value = functions[name]!;
  return (cells) => value(names.map((each) => cells[each] as number));
};

async function shapleyCases(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const name of Object.keys(functions))
    for (const seed of [1, 2, 3, 4]) {
      const { table: own, X } = table(24, seed);
      const found = await shapleyValues(functionScorer(own, asked(name)), {
        row: 0,
        background: Int32Array.from({ length: 23 }, (_, at) => at + 1),
        // A whole number of turns over the background: the base is then that of shap.
        mostOrders: 2 * 23 * 200,
        tolerance: 0,
        seed,
        pause: () => Promise.resolve(),
      });
      const of = (column: string): { effect: number; error: number } =>
        found.effects.find((each) => each.column === column) ?? { effect: 0, error: 0 };
      cases.push({
        name: `Shapley values, ${name}, ${found.method}`,
        question: { kind: 'shapley', function: name, X },
        ours: names.map((each) => of(each).effect),
        limit: names.map((each) => 4 * of(each).error + 1e-6),
      });
    }
  return cases;
}

async function dependenceCases(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const name of Object.keys(functions))
    for (const [column, each] of names.entries()) {
      const { table: own, X } = table(300, 50 + column);
      const { grid, mean } = await columnEffect(functionScorer(own, asked(name)), {
        column: each,
        rows: allRows(300),
        className: null,
        rowNumbers: allRows(300),
        pause: () => Promise.resolve(),
      });
      cases.push({
        name: `partial dependence of ${each}, ${name}`,
        question: { kind: 'dependence', function: name, X, column, grid },
        ours: mean.map(({ value }) => value),
        limit: 1e-6,
      });
    }
  return cases;
}
