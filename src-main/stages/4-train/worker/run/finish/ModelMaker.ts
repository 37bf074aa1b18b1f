// From a contender to a model file that is judged on rows that nothing was chosen by; and what that costs.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '../../../../3-features/api.ts';
import { coverageOf, exportModel, signatureOf, smallestProbability, type Head, type ModelMember } from '../../../exportModel.ts';
import { asProbabilities } from '../../../learners/asProbabilities.ts';
import { calibrated, uncalibrated } from '../../../learners/calibrate/calibration.ts';
import { calibratedLabels, isUncalibrated } from '../../../learners/calibrate/labelCalibration.ts';
import { learners } from '../../../learners/index.ts';
import type { FittedLearner, Learner } from '../../../learners/learner.ts';
import type { Answers } from '../../../metrics/answers.ts';
import { measure } from '../../../metrics/measure.ts';
import { quickMeasure } from '../../../metrics/quickMeasure.ts';
import { referenceOf } from '../../../reference.ts';
import type { Candidate } from '../Candidate.ts';
import { answerRows, asAnswers, parityOf, timeOneRow } from '../../models/evaluate.ts';
import { keepTrees } from '../../models/keptTrees.ts';
import type { ModelAnswers } from '../../models/modelAnswers.ts';
import { ModelSession } from '../../models/modelSession.ts';
import type { Findings, FinishedCandidate, TrainOrder } from '../../order.ts';
import { ortRuntime } from '../../threads/ortRuntime.ts';
import type { PreparedRun } from '../prepareRun.ts';
import type { RunClock } from '../runClock.ts';
import type { RunFolder } from '../runFolder.ts';
import { chooseHead, type ChosenHead } from './chooseHead.ts';
import { learnerOf, type Contender } from './contenders.ts';
import { coverageFinding } from './coverageFinding.ts';

export interface MakerSettings {
  order: TrainOrder;
  prepared: PreparedRun;
  folder: RunFolder;
  clock: RunClock;
  pause: () => Promise<void>;
}

export interface MadeModel {
  finished: FinishedCandidate;
  chosen: ChosenHead;
  /** Its answers to the test rows. */
  judged: Answers;
  /** What is said of it if it is the best. */
  findings: Findings;
}

/** Rows on which the trainers' own answers are held against the model's. */
const parityRows = 4096;
/** Where no model was made yet: with less than this left a model gets what it must have. Calibration and bootstrap go answer by answer. */
const hurryMs = 1000;
const hurryOfSeveralMs = 3000;

/** What one model took. */
interface Cost {
  /** Whatever its members are: calibration, bootstrap, ... */
  sharedMs: number;
  /** To open and export one member; of a large one, a megabyte of its fits. */
  openMs: number;
  openMsPerMb: number;
  /** Answers of one member to the test rows, in the model and by the trainer; of one that took `predictMs` for the validated rows. */
  answerMs: number;
  predictMs: number;
}

/** Before a large member was made: measured with forests of many classes, whose trees become a graph. */
const usualMsPerMb = 60;
const largeMb = 1;
/** Where neighbours are searched for, a model's answers take many times those of a line; the first model says less about them than this. */
const dearestMember = 10;

export class ModelMaker {
  readonly #with: MakerSettings;
  readonly #made = new Map<number, Promise<MadeModel>>();
  #known: Cost | null = null;

  constructor(settings: MakerSettings) {
    this.#with = settings;
  }

  /** Expected milliseconds for a model of these members; null while none was made. */
  costMs(members: readonly Candidate[]): number | null {
    if (!this.#known) return null;
    const { sharedMs, openMs, openMsPerMb, answerMs, predictMs } = this.#known;
    const times = members.map((each) => Math.min(dearestMember, Math.max(1, predictMsOf(each) / Math.max(1, predictMs))));
    const opening = members.map((each) => Math.max(openMs, openMsPerMb * megabytesOf(each)));
    return sharedMs + sum(opening) + answerMs * sum(times);
  }

  /** Once a place: a model that was made early is not made again. Errors: those of exporting and running a model. */
  make(contender: Contender): Promise<MadeModel> {
    const made = this.#made.get(contender.at) ?? this.#make(contender);
    this.#made.set(contender.at, made);
    return made;
  }

  async #make(contender: Contender): Promise<MadeModel> {
    const { order, prepared, clock, pause } = this.#with;
    const { spec, seed, outFolder, targetName } = order;
    const { table, target, split, fitted, judging } = prepared;
    const { at, members } = contender;
    const isConstant = learnerOf(contender) === 'baseline';
    const hasHurry =
      clock.leftMs() < (this.costMs(members.map(({ candidate }) => candidate)) ?? (judging.outputs > 2 ? hurryOfSeveralMs : hurryMs));
    const watch = stopwatch();
    const coverage = coverageOf(order, fitted);
    const chosen = chooseHead(contender.answers, {
      classes: spec.classes,
      metric: judging.metric,
      coverage,
      onlyTemperature: hasHurry || isConstant || order.classWeights === 'balanced',
    });
    const { head } = chosen;
    await pause();
    watch.lap('sharedMs');
    const opened = await Promise.all(members.map(async ({ candidate, weight }) => ({ ...(await this.#open(candidate)), weight })));
    try {
      const signature = signatureOf(fitted, { task: spec.task, classes: spec.classes, target: targetName, coverage });
      const parts = opened.map(({ view, fitted: folds, weight }): ModelMember => ({ view, weight, graphs: folds.map((f) => f.graph()) }));
      const bytes = exportModel({ fitted, members: parts, head, signature });
      const modelFile = join(outFolder, `candidate-${at}.onnx`);
      await writeFile(modelFile, bytes);
      const model = await ModelSession.open(bytes);
      try {
        watch.lap('openMs');
        const answers = await answerRows(model, fitted, table, split.test, pause);
        const rows = split.test.subarray(0, parityRows);
        const own = await this.#own(opened, head, rows);
        const parity = parityOf(firstRows(answers, rows.length), own, answerScale(judging.target, own));
        watch.lap('answerMs');
        const judged = asAnswers(answers, target, split.test);
        const test = hasHurry ? quickMeasure(judged, judging.metric) : measure(judged, seed, [judging.metric]);
        await pause();
        const { prediction } = answers;
        const reference = referenceOf({
          fitted,
          table,
          trainRows: split.train,
          prediction,
          classes: spec.task === 'multilabel' ? [] : spec.classes,
          test,
        });
        const referenceFile = join(outFolder, `candidate-${at}.reference.json`);
        await writeFile(referenceFile, JSON.stringify(reference));
        const predictMs = await timeOneRow(model, fitted, table, split.test);
        const trees = opened.length === 1 && head.kind !== 'labels' ? keepTrees(fitted, opened[0]!, temperatureOf(head)) : null;
        const treesFile = trees && join(outFolder, `candidate-${at}.trees`);
        if (treesFile) await writeFile(treesFile, trees);
        watch.lap('sharedMs');
        if (!isConstant) this.#learn(contender, watch.laps);
        const told = members.length > 1 ? members.map(({ candidate, weight }) => ({ at: candidate.at, weight })) : [];
        return {
          finished: { at, modelFile, referenceFile, treesFile, test, predictMs, parity, importance: [], members: told },
          chosen,
          judged,
          findings: [...calibrationFindings(chosen), ...coverageFinding(answers, judged, coverage)],
        };
      } finally {
        await model.release();
      }
    } finally {
      for (const { fitted: folds } of opened) for (const each of folds) await each.release();
    }
  }

  #learn({ members }: Contender, laps: Laps): void {
    const known = this.#known ?? { sharedMs: 0, openMs: 0, openMsPerMb: usualMsPerMb, answerMs: 0, predictMs: 0 };
    const predictMs = sum(members.map(({ candidate }) => predictMsOf(candidate))) / members.length;
    const megabytes = sum(members.map(({ candidate }) => megabytesOf(candidate)));
    const isLarge = megabytes > largeMb * members.length;
    const answerMs = laps.answerMs / members.length;
    this.#known = {
      sharedMs: Math.max(known.sharedMs, laps.sharedMs),
      openMs: isLarge ? known.openMs : Math.max(known.openMs, laps.openMs / members.length),
      openMsPerMb: isLarge ? laps.openMs / megabytes : known.openMsPerMb,
      ...(answerMs > known.answerMs ? { answerMs, predictMs } : { answerMs: known.answerMs, predictMs: known.predictMs }),
    };
  }

  /** The fits of a candidate, merged into one where its learner can. */
  async #open(candidate: Candidate): Promise<{ view: FeatureView; fitted: FittedLearner[] }> {
    const { folder, prepared } = this.#with;
    const learner: Learner = learners[candidate.proposal.learner]!;
    const engine = { runtime: ortRuntime, threads: prepared.source.threads };
    const fits: FittedLearner[] = [];
    for (const fold of candidate.foldsDone) fits.push(learner.restore(await folder.state(candidate.at, fold), engine));
    if (fits.length === 1 || !learner.merge) return { view: learner.view, fitted: fits };
    const merged = learner.merge(fits);
    if (!merged) return { view: learner.view, fitted: fits };
    for (const each of fits) await each.release();
    return { view: learner.view, fitted: [merged] };
  }

  /** What the trainers themselves answer to `rows`, mixed in float64. */
  async #own(
    opened: { view: FeatureView; fitted: FittedLearner[]; weight: number }[],
    head: Head,
    rows: Int32Array,
  ): Promise<Float64Array> {
    const { prepared } = this.#with;
    const { outputs } = prepared.judging;
    const mixed = new Float64Array(rows.length * outputs);
    for (const { view, fitted, weight } of opened) {
      const features = await prepared.featuresOf(view, rows);
      const mean = new Float64Array(rows.length * outputs);
      for (const each of fitted) (await each.predict(features)).forEach((value, cell) => (mean[cell]! += value / fitted.length));
      const answers = opened.length === 1 ? mean : asProbabilities(head.kind, mean, outputs);
      answers.forEach((value, cell) => (mixed[cell]! += weight * value));
    }
    if (head.kind === 'number') return mixed;
    if (head.kind === 'labels') {
      const limited = (p: number): number => Math.min(Math.max(p, smallestProbability), 1 - smallestProbability);
      return calibratedLabels(head.curves, opened.length === 1 ? mixed : mixed.map((p) => Math.log(limited(p) / (1 - limited(p)))));
    }
    const logits = opened.length === 1 ? mixed : mixed.map((p) => Math.log(Math.max(p, smallestProbability)));
    return calibrated(head.calibration, logits, outputs);
  }
}

function predictMsOf(candidate: Candidate): number {
  return sum(candidate.fits.map((fit) => fit?.predictMs ?? 0));
}

function megabytesOf(candidate: Candidate): number {
  return sum(candidate.fits.map((fit) => fit?.stateBytes ?? 0)) / 2 ** 20;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

type Laps = Record<'sharedMs' | 'openMs' | 'answerMs', number>;

function stopwatch(): { laps: Laps; lap(part: keyof Laps): void } {
  const laps: Laps = { sharedMs: 0, openMs: 0, answerMs: 0 };
  let last = performance.now();
  return {
    laps,
    lap: (part) => {
      const now = performance.now();
      laps[part] += now - last;
      last = now;
    },
  };
}

/** Where a curve calibrates, log odds are told as they were before it. */
function temperatureOf(head: Head): number {
  return head.kind === 'class' && head.calibration.kind === 'temperature' ? head.calibration.temperature : 1;
}

function calibrationFindings({ head, calibration }: ChosenHead): Findings {
  if (head.kind === 'number' || !calibration) return [];
  if (head.kind === 'labels' ? isUncalibrated(head.curves) : head.calibration === uncalibrated) return [];
  const { before, after, rows } = calibration;
  const method = head.kind === 'labels' ? 'labels' : head.calibration.kind;
  const round = (value: number): number => Number(value.toPrecision(3));
  return [{ code: 'calibrated', params: { method, before: round(before.error), after: round(after.error), rows } }];
}

function firstRows(answers: ModelAnswers, rows: number): ModelAnswers {
  const classes = answers.probabilities ? answers.probabilities.length / answers.prediction.length : 0;
  return {
    ...answers,
    prediction: answers.prediction.slice(0, rows),
    probabilities: answers.probabilities?.subarray(0, rows * classes) ?? null,
  };
}

/** What a difference between two answers is held against: the standard deviation of a numeric target, or of the scores of a ranking. */
function answerScale(target: PreparedRun['judging']['target'], answers: Float64Array): number {
  if (target.kind === 'class' || target.kind === 'labels') return 1;
  const values = target.kind === 'ranking' ? answers : target.values;
  const mean = values.reduce((total, each) => total + each, 0) / values.length;
  return Math.sqrt(values.reduce((total, each) => total + (each - mean) ** 2, 0) / values.length) || 1;
}
