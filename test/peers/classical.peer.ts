// Neighbours, naive Bayes and calibration against scikit-learn's.
import { join } from 'node:path';
import { counterRandom } from '../../src-main/platform/random.ts';
import { bayesLearner, type BayesSettings } from '../../src-main/stages/4-train/learners/bayes/bayesLearner.ts';
import { fitIsotonic, isotonicAt } from '../../src-main/stages/4-train/learners/calibrate/isotonic.ts';
import { fitPlatt } from '../../src-main/stages/4-train/learners/calibrate/platt.ts';
import type { FitData, LabelledMatrix } from '../../src-main/stages/4-train/learners/learner.ts';
import { testControl } from '../../src-main/stages/4-train/learners/learnerTestData.ts';
import { nearestLearner, type NearestSettings } from '../../src-main/stages/4-train/learners/nearest/nearestLearner.ts';
import { softmax } from '../../src-main/stages/4-train/learners/networkLoss.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { sklearnRequirements } from './sklearnPython.ts';

export const peer: Peer = {
  name: 'classical',
  about: 'neighbours, naive Bayes, isotonic and Platt calibration against scikit-learn',
  run,
};

interface Case {
  name: string;
  question: Record<string, unknown>;
  limit: number;
  ours(): Promise<ArrayLike<number>>;
}

async function run(): Promise<PeerResult> {
  const python = await preparePython(sklearnRequirements);
  const cases = [...nearestCases(), ...bayesCases(), ...calibrationCases()];
  const [greeting, ...answers] = (await jsonLines(
    python,
    [join(import.meta.dirname, 'classical.py')],
    cases.map(({ question }) => question),
  )) as [{ version: string }, ...{ answers: number[] }[]];
  const notes: string[] = [];
  let failed = 0;
  for (const [at, { name, limit, ours }] of cases.entries()) {
    const [own, theirs] = [await ours(), answers[at]!.answers];
    const difference =
      own.length === theirs.length
        ? Math.max(...theirs.map((each, place) => Math.abs(each - own[place]!) / Math.max(1, Math.abs(each))))
        : Infinity;
    if (!(difference <= limit)) failed++;
    notes.push(`${difference <= limit ? '' : 'FAILED '}${name}: ${difference.toExponential(1)}`);
  }
  return { name: peer.name, peer: `scikit-learn ${greeting.version}`, passed: cases.length - failed, failed, skipped: 0, notes };
}

const width = 4;

/** Numbers, or counts of words; classes that depend on them. No two rows of numbers are equal: of equal distances scikit-learn takes any. */
function table(
  rows: number,
  seed: number,
  kind: 'numbers' | 'counts',
): { X: number[][]; codes: number[]; values: number[]; weights: number[] } {
  const random = counterRandom(seed);
  const X: number[][] = [];
  for (let row = 0; row < rows; row++) {
    X.push(
      Array.from({ length: width }, (_, at) =>
        kind === 'counts' ? Math.floor(-1.5 * (at + 1) * Math.log(1 - random.next())) : Math.fround(random.normal() * (1 + at)),
      ),
    );
  }
  const scores = X.map((row) => row[0]! - 0.4 * row[1]! + 0.7 * random.normal());
  const middle = [...scores].sort((a, b) => a - b);
  return {
    X,
    codes: scores.map((score) => Number(score > middle[rows / 3]!) + Number(score > middle[(2 * rows) / 3]!)),
    values: scores.map((score) => 10 * score),
    weights: scores.map(() => Math.fround(0.2 + random.next())),
  };
}

function fitDataOf(X: number[][], target: LabelledMatrix['target'], weights?: number[]): FitData {
  return {
    task: target.kind === 'class' ? { kind: 'class', classes: target.classes } : { kind: 'number', objective: { kind: 'squared' } },
    columns: Array.from({ length: width }, (_, at) => ({ name: `x${at}`, kind: 'number' })),
    train: { features: matrixOf(X), target, ...(weights && { weights: Float32Array.from(weights) }) },
  };
}

function matrixOf(X: number[][]): LabelledMatrix['features'] {
  return { rows: X.length, width, data: Float32Array.from(X.flat()) };
}

function nearestCases(): Case[] {
  const train = table(240, 1, 'numbers');
  const test = table(80, 2, 'numbers').X;
  // Rows of the training set too: at distance 0.
  const asked = [...test, ...train.X.slice(0, 20)];
  const metrics = ['euclidean', 'manhattan', 'cosine'] as const;
  return metrics.flatMap((metric) =>
    (['uniform', 'distance'] as const).flatMap((weighting): Case[] => {
      const settings: NearestSettings = { k: 7, metric, weighting };
      const question = { settings: { n_neighbors: 7, metric, weights: weighting }, X: train.X, test: asked };
      return [
        {
          name: `neighbours, ${metric}, ${weighting}, classes`,
          question: { ...question, estimator: 'KNeighborsClassifier', y: train.codes },
          limit: 1e-6,
          ours: async () => {
            const data = fitDataOf(train.X, { kind: 'class', codes: Int32Array.from(train.codes), classes: 3 });
            const fitted = await nearestLearner.fit(data, settings, testControl());
            const { doubt } = fitted.state().json as { doubt: number };
            const prior = fitted.state().arrays['prior'] as Float64Array;
            // Without the further neighbour that stands for all rows.
            return Float64Array.from(
              softmax(await fitted.predict(matrixOf(asked)), 3, 1),
              (share, at) => (share * (7 + doubt) - doubt * prior[at % 3]!) / 7,
            );
          },
        },
        {
          name: `neighbours, ${metric}, ${weighting}, numbers`,
          question: { ...question, estimator: 'KNeighborsRegressor', y: train.values },
          limit: 1e-6,
          ours: async () => {
            const data = fitDataOf(train.X, { kind: 'number', values: Float64Array.from(train.values) });
            return (await nearestLearner.fit(data, settings, testControl())).predict(matrixOf(asked));
          },
        },
      ];
    }),
  );
}

function bayesCases(): Case[] {
  const of = (
    name: string,
    estimator: string,
    kind: BayesSettings['kind'],
    rows: 'numbers' | 'counts',
    settings: Record<string, number>,
    weighted = true,
  ): Case => {
    const train = table(240, 3, rows);
    const test = table(80, 4, rows).X;
    return {
      name: `naive Bayes, ${name}`,
      question: { estimator, settings, X: train.X, y: train.codes, weights: weighted ? train.weights : null, test },
      limit: 1e-5,
      ours: async () => {
        const data = fitDataOf(
          train.X,
          { kind: 'class', codes: Int32Array.from(train.codes), classes: 3 },
          weighted ? train.weights : undefined,
        );
        const own = { kind, alpha: settings['alpha'] ?? 1, varianceShare: settings['var_smoothing'] ?? 1e-9 };
        return softmax(await (await bayesLearner.fit(data, own, testControl())).predict(matrixOf(test)), 3, 1);
      },
    };
  };
  return [
    of('Gaussian', 'GaussianNB', 'gaussian', 'numbers', {}),
    // Its share is of the variance without weights.
    of('Gaussian, smoothed', 'GaussianNB', 'gaussian', 'numbers', { var_smoothing: 0.01 }, false),
    of('Bernoulli', 'BernoulliNB', 'bernoulli', 'numbers', { alpha: 0.7 }),
    of('multinomial', 'MultinomialNB', 'multinomial', 'counts', { alpha: 1 }),
    of('complement', 'ComplementNB', 'complement', 'counts', { alpha: 0.5 }),
  ];
}

function calibrationCases(): Case[] {
  const random = counterRandom(5);
  // Rounded: many rows share a score.
  const x = Array.from({ length: 300 }, () => Math.round(random.normal() * 20) / 10);
  const y = x.map((each) => Number(each + random.normal() > 0.3));
  const weights = x.map(() => 0.1 + random.next());
  const test = Array.from({ length: 100 }, (_, at) => -6 + at * 0.12);
  const isotonic = (name: string, values: number[], own?: number[]): Case => ({
    name,
    question: { estimator: 'IsotonicRegression', settings: {}, x, y: values, weights: own ?? null, test },
    limit: 1e-9,
    ours: async () => {
      const curve = fitIsotonic(x, values, own);
      return test.map((each) => isotonicAt(curve, each));
    },
  });
  const platt = (name: string, own?: number[]): Case => ({
    name,
    question: { estimator: 'SigmoidCalibration', settings: {}, x, y, weights: own ?? null, test },
    limit: 1e-5,
    ours: async () => {
      const { slope, offset } = fitPlatt(x, y, own);
      return test.map((each) => 1 / (1 + Math.exp(-(slope * each + offset))));
    },
  });
  return [
    isotonic('isotonic', y),
    isotonic('isotonic, weights', y, weights),
    isotonic(
      'isotonic, numbers',
      x.map((each) => each ** 3 + 3 * random.normal()),
    ),
    platt('Platt'),
    platt('Platt, weights', weights),
  ];
}
