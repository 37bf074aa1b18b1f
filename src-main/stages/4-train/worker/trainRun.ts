// One training run, from the order to finished models. Everything that decides the result is in the order; time only ends it.
import { setImmediate } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { higherIsBetter, type CurvePoint, type Metrics } from '../../../../src-shared/domain/training.ts';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { divergenceCodes, multilayerPerceptron, type FloatArray } from '../../../compiler/index.ts';
import { exportModel, signatureOf } from '../exportModel.ts';
import { baselineWeights } from '../learners/baseline.ts';
import { fitTemperature, networkLoss, softmax } from '../learners/networkLoss.ts';
import { planCandidates, settingsOf, type Plan } from '../learners/plan.ts';
import { trainNetwork, type NetworkState } from '../learners/trainNetwork.ts';
import type { Answers } from '../metrics/answers.ts';
import { pairedVerdict } from '../metrics/comparePaired.ts';
import { measure } from '../metrics/measure.ts';
import { referenceOf } from '../reference.ts';
import { answerRows, asAnswers, parityOf, timeOneRow } from './evaluate.ts';
import { outcomeFindings, type Outcome } from './findings.ts';
import { permutationImportance } from './importance.ts';
import { ModelSession } from './modelSession.ts';
import type { CandidateNews, FinishedCandidate, PointNews, Prepared, TrainOrder, TrainResult } from './order.ts';
import { ortRuntime } from './ortRuntime.ts';
import { headOf, prepareRun, type PreparedRun } from './prepareRun.ts';
import { RunFolder, type KeptCandidate } from './runFolder.ts';

export interface RunControl {
  /** Someone asked to stop: what is there is finished and given. */
  stopAsked(): boolean;
  /** The parent no longer wants any answer. */
  signal: AbortSignal;
  progress(fraction: number, note: { key: string; params: Record<string, string | number> }): void;
  emit(event: 'prepared', data: Prepared): void;
  emit(event: 'candidate', data: CandidateNews): void;
  emit(event: 'point', data: PointNews): void;
}

/** Of the budget, kept for judging the candidates on test rows. */
const judgingShare = 0.2;
/** However short the budget, one model is trained this long. */
const shortestTrainingMs = 2000;
/** How far a kill throws training back. */
const keepStateEveryMs = 3000;
const pointsPerSecond = 4;
/** Shares of the progress bar. */
const [trainingFrom, trainingTo] = [0.08, 0.92];

/** Errors: those of `prepareRun` and `fitFeatures`, MK_TRAIN_NOT_FINITE, MK_JOB_CANCELLED. */
export async function trainRun(order: TrainOrder, control: RunControl): Promise<TrainResult> {
  return new TrainingRun(order, control, await RunFolder.open(order.folder)).run();
}

class TrainingRun {
  readonly #order: TrainOrder;
  readonly #control: RunControl;
  readonly #folder: RunFolder;
  #plans: Plan[] = [];
  #prepared!: PreparedRun;
  /** Answers on the test rows, by candidate. */
  readonly #judged = new Map<number, Answers>();
  readonly #startedMs = performance.now();
  /** Of the budget, by attempts that were killed. */
  readonly #usedBeforeMs: number;
  #lastKeptMs = 0;
  #lastPointMs = 0;

  constructor(order: TrainOrder, control: RunControl, folder: RunFolder) {
    this.#order = order;
    this.#control = control;
    this.#folder = folder;
    this.#usedBeforeMs = folder.elapsedMs;
  }

  async run(): Promise<TrainResult> {
    const { spec, learners, timeBudgetMs, seed, targetName } = this.#order;
    // Before the first candidate there is nothing to keep.
    const pauseUnlessStopped = async (): Promise<void> => {
      await this.#pause();
      if (this.#control.stopAsked()) throw new ModelkeepError('MK_JOB_CANCELLED');
    };
    this.#prepared = await prepareRun(this.#order, pauseUnlessStopped, (fraction, key) =>
      this.#control.progress(fraction, { key, params: {} }),
    );
    const { split, dropped, fitted, primaryMetric, findings } = this.#prepared;
    this.#plans = planCandidates({ task: spec.task, learners, trainRows: split.train.length, timeBudgetMs, seed });
    this.#control.emit('prepared', {
      rows: { train: split.train.length, validation: split.validation.length, test: split.test.length, dropped },
      signature: signatureOf(fitted, spec.task, spec.classes, targetName),
      primaryMetric,
      findings,
      candidates: this.#plans.map((plan) => ({ learner: plan.learner, settings: settingsOf(plan) })),
    });
    for (const kept of this.#folder.candidates) this.#tell(kept);

    const ended = await this.#trainAll();
    const usable = this.#folder.candidates.filter((each) => each.state !== 'failed');
    if (usable.length === 0) throw new ModelkeepError(ended === 'asked' ? 'MK_JOB_CANCELLED' : 'MK_TRAIN_NOT_FINITE');
    return this.#finish(usable, ended);
  }

  async #trainAll(): Promise<'complete' | 'time' | 'asked'> {
    const timed = (at: number): number => {
      // A candidate may take twice its even share of what is left, so that the first cannot starve the others.
      const share = (this.#leftMs() * 2) / Math.max(2, this.#plans.length - at);
      return performance.now() + (this.#hasModel() ? share : Math.max(share, shortestTrainingMs));
    };
    let outOfTime = false;
    for (let at = this.#folder.candidates.length; at < this.#plans.length; at++) {
      if (this.#control.stopAsked()) return 'asked';
      const plan = this.#plans[at]!;
      // Something simple is always tried, however short the time.
      if (this.#leftMs() <= 0 && this.#hasModel()) return 'time';
      this.#progress(at, 0);
      const ended = plan.learner === 'baseline' ? await this.#keepBaseline(at) : await this.#trainOne(at, plan, timed(at));
      outOfTime ||= ended === 'time';
      if (ended === 'asked') return 'asked';
    }
    return outOfTime ? 'time' : 'complete';
  }

  async #keepBaseline(at: number): Promise<'epochs'> {
    const { train, validation, width } = this.#prepared;
    const weights = baselineWeights(train.target, width);
    const outputs = validation.target.kind === 'class' ? validation.target.classes : 1;
    const logits = new Float32Array(validation.features.rows * outputs).map((_, cell) => weights['bias1']![cell % outputs]!);
    await this.#keep(
      { at, state: 'done', settings: {}, validation: this.#validate(logits, 1), temperature: 1, trainMs: 0, curve: [], losses: null },
      weights,
    );
    return 'epochs';
  }

  async #trainOne(at: number, plan: Plan, deadlineMs: number): Promise<'converged' | 'epochs' | 'time' | 'asked'> {
    const { train, validation } = this.#prepared;
    const resume = await this.#folder.state(at);
    this.#lastKeptMs = performance.now();
    try {
      const trained = await trainNetwork(
        plan,
        { train, validation },
        {
          runtime: ortRuntime,
          nowMs: () => performance.now(),
          memoryBytes: () => process.memoryUsage.rss(),
          shouldStop: () => (this.#control.stopAsked() ? 'asked' : performance.now() > deadlineMs ? 'time' : 'no'),
          onPoint: (point) => this.#tellPoint(at, plan, point),
          onState: (state) => this.#keepState(at, state),
          resume,
        },
      );
      const outputs = await trained.predict(validation.features);
      const { weights, curve, elapsedMs, epochs, ended } = trained;
      await trained.release();
      const { target } = validation;
      const temperature = target.kind === 'class' ? fitTemperature(outputs, target) : 1;
      const atBest = curve.find((point) => point.epoch === epochs) ?? curve.at(-1);
      await this.#keep(
        {
          at,
          state: ended === 'asked' ? 'stopped' : 'done',
          settings: { ...settingsOf(plan), epochs, ...(temperature === 1 ? {} : { temperature: Number(temperature.toPrecision(4)) }) },
          validation: this.#validate(outputs, temperature),
          temperature,
          trainMs: Math.round(elapsedMs),
          curve,
          losses: atBest ? { train: atBest.trainLoss, validation: networkLoss(outputs, target) } : null,
        },
        weights,
      );
      return ended;
    } catch (error) {
      if (!isModelkeepError(error) || !divergenceCodes.has(error.code)) throw error;
      const settings = settingsOf(plan);
      await this.#keep({ at, state: 'failed', settings, validation: {}, temperature: 1, trainMs: 0, curve: [], losses: null }, null);
      return 'converged';
    }
  }

  #validate(outputs: Float32Array, temperature: number): Metrics {
    const { target, scale, split } = this.#prepared;
    const rows = split.validation;
    const answers: Answers =
      target.kind === 'class'
        ? {
            kind: 'class',
            truth: Int32Array.from(rows, (row) => target.codes[row]!),
            probabilities: softmax(outputs, target.classes.length, temperature),
            classes: target.classes.length,
          }
        : {
            kind: 'number',
            truth: Float64Array.from(rows, (row) => target.values[row]!),
            prediction: Float64Array.from(outputs, (output) => output * scale.sd + scale.mean),
          };
    return measure(answers, this.#order.seed);
  }

  async #keep(candidate: KeptCandidate, weights: Record<string, FloatArray> | null): Promise<void> {
    await this.#folder.keepCandidate(candidate, weights, this.#elapsedMs());
    this.#tell(candidate);
    await this.#pause();
  }

  async #keepState(at: number, state: () => NetworkState): Promise<void> {
    await this.#pause();
    if (performance.now() - this.#lastKeptMs < keepStateEveryMs) return;
    await this.#folder.keepState(at, state(), this.#elapsedMs());
    this.#lastKeptMs = performance.now();
  }

  /** Every candidate gets a model; the best by validation is named. Test rows are looked at here for the first time. */
  async #finish(usable: KeptCandidate[], ended: 'complete' | 'time' | 'asked'): Promise<TrainResult> {
    const best = bestOf(usable, this.#prepared.primaryMetric);
    const finished: FinishedCandidate[] = [];
    for (const [index, kept] of usable.entries()) {
      this.#control.progress(trainingTo + ((1 - trainingTo) * index) / usable.length, {
        key: 'train.evaluating',
        params: { candidate: index + 1, candidates: usable.length },
      });
      finished.push(await this.#finishOne(kept));
    }
    const baseline = this.#plans.findIndex((plan) => plan.learner === 'baseline');
    const at = (place: number | undefined): FinishedCandidate | undefined => finished.find((each) => each.at === place);
    const findings = outcomeFindings({
      best,
      bestTest: at(best.at)!.test,
      baselineTest: at(baseline)?.test ?? null,
      againstBaseline: this.#verdict(baseline, best.at),
      parity: Math.max(...finished.map((each) => each.parity)),
      metric: this.#prepared.primaryMetric,
      ended,
      tried: this.#folder.candidates.length,
      planned: this.#plans.length,
    });
    return { candidates: finished, best: best.at, findings, stopped: ended === 'asked' };
  }

  async #finishOne({ at, temperature }: KeptCandidate): Promise<FinishedCandidate> {
    const { spec, seed, outFolder, targetName } = this.#order;
    const { table, target, split, fitted, width, testFeatures, train, scale, primaryMetric, loadModel } = this.#prepared;
    const plan = this.#plans[at]!;
    const weights = await this.#folder.weights(at);
    const head = headOf(spec, scale, temperature);
    const signature = signatureOf(fitted, spec.task, spec.classes, targetName);
    const outputs = train.target.kind === 'class' ? train.target.classes : 1;
    const network = multilayerPerceptron({ featureCount: width, hiddenSizes: plan.hidden, outputCount: outputs });
    const bytes = exportModel({ fitted, network, weights, head, signature });
    const modelFile = join(outFolder, `candidate-${at}.onnx`);
    await writeFile(modelFile, bytes);

    const pause = (): Promise<void> => this.#pause();
    const model = await ModelSession.open(bytes);
    try {
      const answers = await answerRows(model, fitted, table, split.test, pause);
      const judged = asAnswers(answers, target, split.test);
      this.#judged.set(at, judged);
      const test = measure(judged, seed);
      const trained = { hidden: plan.hidden, outputs, weights, head };
      const parity = await parityOf(answers, fitted, table, split.test, trained, { loadModel, testFeatures, width, pause });
      const importance =
        plan.learner === 'baseline'
          ? []
          : await permutationImportance(
              model,
              fitted,
              table,
              split.test,
              { target, metric: primaryMetric, firstWeights: weights['weight1']!, seed },
              pause,
            );
      const reference = referenceOf({ fitted, table, trainRows: split.train, prediction: answers.prediction, classes: spec.classes, test });
      const referenceFile = join(outFolder, `candidate-${at}.reference.json`);
      await writeFile(referenceFile, JSON.stringify(reference));
      return { at, modelFile, referenceFile, test, predictMs: await timeOneRow(model, fitted, table, split.test), parity, importance };
    } finally {
      await model.release();
    }
  }

  /** Of candidate `b` against `a` on the test rows; null where one of them was not judged, or they are one. */
  #verdict(a: number, b: number): Outcome['againstBaseline'] {
    const [ofA, ofB] = [this.#judged.get(a), this.#judged.get(b)];
    return ofA && ofB && a !== b ? pairedVerdict(ofA, ofB, this.#prepared.primaryMetric, this.#order.seed) : null;
  }

  #tell(kept: KeptCandidate): void {
    const { at, state, settings, validation, trainMs, curve } = kept;
    this.#control.emit('candidate', { at, state, settings, validation, trainMs, curve });
  }

  #tellPoint(at: number, plan: Plan, point: CurvePoint): void {
    const now = performance.now();
    if (now - this.#lastPointMs < 1000 / pointsPerSecond) return;
    this.#lastPointMs = now;
    this.#control.emit('point', { at, point });
    this.#progress(at, Math.min(1, point.epoch / plan.maxEpochs));
  }

  /** Whichever is further: the share of candidates or the share of the time. */
  #progress(at: number, inCandidate: number): void {
    const byPlan = (at + inCandidate) / this.#plans.length;
    const byTime = Math.min(1, this.#elapsedMs() / this.#order.timeBudgetMs);
    this.#control.progress(trainingFrom + (trainingTo - trainingFrom) * Math.max(byPlan, byTime), {
      key: 'train.candidate',
      params: { candidate: at + 1, candidates: this.#plans.length, learner: this.#plans[at]!.learner },
    });
  }

  #elapsedMs(): number {
    return this.#usedBeforeMs + performance.now() - this.#startedMs;
  }

  /** Of the time for training: what comes after it is judging. */
  #leftMs(): number {
    return this.#order.timeBudgetMs * (1 - judgingShare) - this.#elapsedMs();
  }

  /** Beyond the baseline. */
  #hasModel(): boolean {
    return this.#folder.candidates.some(({ state, at }) => state !== 'failed' && this.#plans[at]!.learner !== 'baseline');
  }

  /** Lets messages in: a request to stop arrives as one. */
  async #pause(): Promise<void> {
    await setImmediate();
    if (this.#control.signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
  }
}

/** By the primary metric on validation rows; among equals the lower log loss, then the simpler (earlier) one. */
export function bestOf(candidates: readonly KeptCandidate[], metric: keyof typeof higherIsBetter): KeptCandidate {
  const sign = higherIsBetter[metric] ? 1 : -1;
  const rank = ({ validation }: KeptCandidate): [number, number] => {
    const primary = validation[metric]?.value;
    return [primary === undefined ? -Infinity : sign * primary, -(validation.logLoss?.value ?? Infinity)];
  };
  return candidates.reduce((best, each) => {
    const [a, b] = [rank(best), rank(each)];
    return b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? each : best;
  });
}
