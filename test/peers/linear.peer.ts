// Linear models against scikit-learn's: the same objective, so the same coefficients.
import { join } from 'node:path';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import { linearCases, type LinearAnswer } from './linearCases.ts';
import type { Peer, PeerResult } from './peer.ts';
import { sklearnRequirements } from './sklearnPython.ts';

/** Of coefficients, over the largest of the model; of probabilities, absolute; of numbers, over the largest. */
const limits = { coefficients: 1e-4, probabilities: 1e-5, numbers: 1e-5 };

export const peer: Peer = {
  name: 'linear',
  about: 'linear, logistic, multinomial, Poisson, gamma, Tweedie, Huber and quantile regression against scikit-learn',
  run,
};

async function run(): Promise<PeerResult> {
  const python = await preparePython(sklearnRequirements);
  const cases = linearCases();
  const [greeting, ...answers] = (await jsonLines(
    python,
    [join(import.meta.dirname, 'linear.py')],
    cases.map(({ estimator, settings, table }) => ({ estimator, settings, ...table })),
  )) as [{ version: string }, ...LinearAnswer[]];
  const notes: string[] = [];
  let failed = 0;
  for (const [at, each] of cases.entries()) {
    const theirs = answers[at]!;
    const ours = await each.ours(theirs);
    const coefficients = difference(canonical(ours.coefficients).flat(), canonical(theirs.coefficients).flat());
    const isProbability = each.estimator === 'LogisticRegression';
    const predictions = difference(ours.predictions.flat(), theirs.predictions.flat(), isProbability);
    const passed =
      coefficients <= (each.limit ?? limits.coefficients) && predictions <= (isProbability ? limits.probabilities : limits.numbers);
    if (!passed) failed++;
    notes.push(
      `${passed ? '' : 'FAILED '}${each.name}: coefficients ${coefficients.toExponential(1)}, predictions ${predictions.toExponential(1)}`,
    );
  }
  return { name: peer.name, peer: `scikit-learn ${greeting.version}`, passed: cases.length - failed, failed, skipped: 0, notes };
}

/**
 * Several classes: one number less in all classes changes no probability, and with L1 alone a range of numbers costs the same
 * (any middle of an even count). Each column is taken by its distance from its own middle.
 */
function canonical(coefficients: number[][]): number[][] {
  if (coefficients.length < 2) return coefficients;
  const middles = coefficients[0]!.map((_, column) => {
    const sorted = coefficients.map((each) => each[column]!).sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  });
  return coefficients.map((each) => each.map((value, column) => value - middles[column]!));
}

function difference(ours: number[], theirs: number[], absolute = false): number {
  if (ours.length !== theirs.length) return Infinity;
  const scale = absolute ? 1 : Math.max(...theirs.map(Math.abs));
  return Math.max(...ours.map((each, at) => Math.abs(each - theirs[at]!))) / scale;
}
