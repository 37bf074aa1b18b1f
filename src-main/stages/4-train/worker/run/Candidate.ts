// A candidate while a search goes on: which folds are fitted, and what it answered to rows that it was not fitted on.
import type { CandidateProgress, MetricName, Metrics, Objective } from '../../../../../src-shared/domain/training.ts';
import { higherIsBetter } from '../../../../../src-shared/domain/training.ts';
import { asProbabilities } from '../../learners/asProbabilities.ts';
import type { Settings } from '../../learners/learner.ts';
import type { Answers } from '../../metrics/answers.ts';
import { prepareMetric } from '../../metrics/pointMetrics.ts';
import { quickMeasure } from '../../metrics/quickMeasure.ts';
import type { Fold } from '../../search/folds.ts';
import type { Proposal } from '../../search/proposer.ts';
import type { CandidateNews } from '../order.ts';
import type { KeptCandidate, KeptFit } from './runFolder.ts';

/** What all candidates of a run share. */
export interface Judging {
  folds: readonly Fold[];
  /** Rows with out-of-fold answers, ascending, and for each development row its place among them (−1: none). */
  validated: Int32Array;
  places: Int32Array;
  /** Outputs of a learner a row. */
  outputs: number;
  target: JudgedTarget;
  metric: MetricName;
}

/** The truth of the development rows. */
export type JudgedTarget =
  | { kind: 'class'; codes: Int32Array; classes: number }
  | { kind: 'labels'; flags: Uint8Array; labels: number }
  | { kind: 'ranking'; relevance: Float64Array; groups: Int32Array }
  | { kind: 'number'; values: Float64Array; objective: Objective; naiveErrors?: Float64Array };

export class Candidate {
  readonly at: number;
  readonly proposal: Proposal;
  readonly fits: (KeptFit | null)[];
  state: KeptCandidate['state'] = 'open';
  dropped: KeptCandidate['dropped'] = null;
  failure: string | null = null;
  /** Folds that are being fitted: by fold, the process and since when. */
  readonly running = new Map<number, { worker: number; fromMs: number }>();
  /** Fits that ended without a result: out of time, at a pause, or with an error. */
  readonly abandoned: CandidateProgress['fits'] = [];
  validation: Metrics = {};
  /** Probabilities, numbers or scores [validated rows, outputs]; rows of folds that are not fitted are 0. */
  readonly #answers: Float32Array;
  /** By fold: the metric on its validation rows. */
  readonly #values: (number | null)[];
  readonly #judging: Judging;

  constructor(at: number, proposal: Proposal, judging: Judging) {
    this.at = at;
    this.proposal = proposal;
    this.fits = judging.folds.map(() => null);
    this.#values = judging.folds.map(() => null);
    this.#judging = judging;
    this.#answers = new Float32Array(judging.validated.length * judging.outputs);
  }

  get answers(): Float32Array {
    return this.#answers;
  }

  get foldsDone(): number[] {
    return this.fits.flatMap((fit, fold) => (fit ? [fold] : []));
  }

  get isWhole(): boolean {
    return this.fits.every((fit) => fit !== null);
  }

  /** The next fold to fit; null when all are fitted or under way. */
  nextFold(): number | null {
    const fold = this.fits.findIndex((fit, at) => fit === null && !this.running.has(at));
    return fold < 0 ? null : fold;
  }

  /** Takes what a fit answered: raw outputs of the fold's validation rows. */
  take(fold: number, fit: KeptFit, raw: Float32Array): void {
    const { folds, places, outputs, target } = this.#judging;
    const answers = asProbabilities(target.kind, raw, outputs);
    folds[fold]!.validation.forEach((row, at) => {
      for (let output = 0; output < outputs; output++) this.#answers[places[row]! * outputs + output] = answers[at * outputs + output]!;
    });
    this.fits[fold] = fit;
    this.validation = quickMeasure(this.answersOn(this.rowsDone()), this.#judging.metric);
    this.#values[fold] = this.#valueOn(folds[fold]!.validation);
  }

  /** Rows of the folds that are fitted, ascending. */
  rowsDone(): Int32Array {
    const { folds, validated } = this.#judging;
    if (this.isWhole) return validated;
    const rows = this.foldsDone.flatMap((fold) => Array.from(folds[fold]!.validation));
    return Int32Array.from(rows).sort();
  }

  answersOn(rows: Int32Array): Answers {
    const { places, outputs, target } = this.#judging;
    const picked = new Float32Array(rows.length * outputs);
    rows.forEach((row, at) => picked.set(this.#answers.subarray(places[row]! * outputs, (places[row]! + 1) * outputs), at * outputs));
    switch (target.kind) {
      case 'class':
        return { kind: 'class', truth: rows.map((row) => target.codes[row]!), probabilities: picked, classes: target.classes };
      case 'labels': {
        const flags = new Uint8Array(rows.length * target.labels);
        rows.forEach((row, at) => flags.set(target.flags.subarray(row * target.labels, (row + 1) * target.labels), at * target.labels));
        return { kind: 'labels', flags, probabilities: picked, labels: target.labels };
      }
      case 'ranking':
        return {
          kind: 'ranking',
          relevance: Float64Array.from(rows, (row) => target.relevance[row]!),
          scores: picked,
          groups: rows.map((row) => target.groups[row]!),
        };
      case 'number': {
        const { values, naiveErrors } = target;
        const scales = naiveErrors ? { naiveErrors: Float64Array.from(rows, (row) => naiveErrors[row]!) } : {};
        return { kind: 'number', truth: Float64Array.from(rows, (row) => values[row]!), prediction: picked, ...scales };
      }
    }
  }

  /** By the metric of the run, smaller is better; null where it is undefined on `rows`, which must be answered. */
  lossOn(rows: Int32Array): number | null {
    const value = this.#valueOn(rows);
    return value === null ? null : higherIsBetter[this.#judging.metric] ? -value : value;
  }

  #valueOn(rows: Int32Array): number | null {
    const value = prepareMetric(this.answersOn(rows), this.#judging.metric)();
    return Number.isFinite(value) ? value : null;
  }

  /** Smaller is better; null before any fold and where the metric is undefined. */
  loss(): number | null {
    const value = this.validation[this.#judging.metric]?.value;
    return value === undefined ? null : higherIsBetter[this.#judging.metric] ? -value : value;
  }

  /** What was asked for, and what the fits decided: the median where folds differ. */
  settings(): Settings {
    const chosen = this.fits.flatMap((fit) => (fit ? [fit.chosen] : []));
    const names = new Set(chosen.flatMap((each) => Object.keys(each)));
    const decided = [...names].map((name) => {
      const values = chosen.flatMap((each) => (each[name] === undefined ? [] : [each[name]]));
      const numbers = values.filter((value): value is number => typeof value === 'number').sort((a, b) => a - b);
      return [name, numbers.length === values.length ? numbers[numbers.length >> 1]! : values[0]!] as const;
    });
    return { ...this.proposal.settings, ...Object.fromEntries(decided) };
  }

  trainMs(): number {
    return this.fits.reduce((sum, fit) => sum + (fit?.fitMs ?? 0), 0);
  }

  news(): CandidateNews {
    const state = this.state === 'open' ? 'training' : this.state;
    const curve = this.fits.find((fit) => fit !== null)?.curve ?? [];
    return {
      at: this.at,
      state,
      settings: this.settings(),
      validation: this.validation,
      trainMs: Math.round(this.trainMs()),
      curve,
      progress: this.progress(),
    };
  }

  progress(): CandidateProgress {
    const done = this.fits.flatMap((fit, fold) =>
      fit ? [{ worker: fit.worker, fold, fromMs: fit.fromMs, toMs: fit.toMs, value: this.#values[fold]! }] : [],
    );
    const running = [...this.running].map(([fold, { worker, fromMs }]) => ({ worker, fold, fromMs, toMs: null, value: null }));
    return {
      origin: this.proposal.origin,
      folds: { planned: this.fits.length, done: done.length },
      fits: [...done, ...this.abandoned, ...running],
      members: [],
      dropped: this.dropped,
      failure: this.failure,
    };
  }

  kept(): KeptCandidate {
    return { at: this.at, proposal: this.proposal, fits: this.fits, state: this.state, dropped: this.dropped };
  }
}
