// From candidates to models: which are averaged, what each answers to rows that nothing was chosen by, and the files.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { higherIsBetter, type Metrics } from '../../../../src-shared/domain/training.ts';
import type { FeatureView } from '../../3-features/api.ts';
import { coverageOf, exportModel, signatureOf, smallestProbability, type Head, type ModelMember } from '../exportModel.ts';
import { calibrated, uncalibrated } from '../learners/calibrate/calibration.ts';
import { learners } from '../learners/index.ts';
import type { FittedLearner, LabelledMatrix, Learner } from '../learners/learner.ts';
import { softmax } from '../learners/networkLoss.ts';
import type { Answers } from '../metrics/answers.ts';
import { pairedDifference } from '../metrics/comparePaired.ts';
import { measure } from '../metrics/measure.ts';
import { quickMeasure } from '../metrics/quickMeasure.ts';
import { referenceOf } from '../reference.ts';
import { greedyEnsemble } from '../search/greedyEnsemble.ts';
import { meanLoss } from '../search/rowLosses.ts';
import { Candidate } from './Candidate.ts';
import { chooseHead, type ChosenHead } from './chooseHead.ts';
import { coverageFinding } from './coverageFinding.ts';
import { gather, student, studentSettings, teach } from './distill.ts';
import { answerRows, asAnswers, parityOf, timeOneRow } from './evaluate.ts';
import { againstParams, outcomeFindings, type Against, type Outcome } from './findings.ts';
import { permutationImportance } from './importance.ts';
import { keepTrees } from './keptTrees.ts';
import { encodeLearnerState } from './learnerStateFile.ts';
import { spread } from '../explanation/rowScorer.ts';
import { ModelSession } from './modelSession.ts';
import type { Findings, FinishedCandidate, Settings, TrainOrder, TrainResult } from './order.ts';
import { ortRuntime } from './ortRuntime.ts';
import type { PreparedRun } from './prepareRun.ts';
import type { RunClock } from './runClock.ts';
import type { RunControl } from './runControl.ts';
import type { RunFolder } from './runFolder.ts';
import type { SearchEnd } from './Search.ts';

/** Models that a run leaves, at most: the best, the best of each kind, then by rank. */
const mostModels = 12;
/** An ensemble has at most so many members; more make answers slow for little. */
const mostMembers = 8;
/** Rows on which the trainers' own answers are held against the model's. */
const parityRows = 4096;
const shortestExplanationMs = 150;
/** Of the time that is left, what a small model may take to learn. */
const shareForDistilling = 0.3;
/** With less than this left a model gets what it must have. */
const hurryMs = 1000;
/** What taking one model into the store costs, measured on a busy disk; once more for the run itself. */
const handoverMs = 35;
/** Rows from which an ensemble is chosen; more change nothing but the time. */
const ensembleRows = 20_000;

export interface Finish {
  order: TrainOrder;
  prepared: PreparedRun;
  candidates: readonly Candidate[];
  ended: SearchEnd;
  folder: RunFolder;
  clock: RunClock;
  control: RunControl;
  pause: () => Promise<void>;
}

/** What becomes a model: one candidate, or several with weights. */
interface Contender {
  at: number;
  members: { candidate: Candidate; weight: number }[];
  /** Out-of-fold answers, whole, uncalibrated: candidates are ranked by what they learned, whatever is made of it later. */
  answers: Answers;
  validation: Metrics;
}

export async function finishRun(finish: Finish): Promise<TrainResult> {
  return new Finishing(finish).run();
}

class Finishing {
  readonly #with: Finish;
  readonly #judged = new Map<number, Answers>();
  /** By place; an ensemble has none. */
  readonly #learners = new Map<number, Candidate['proposal']['learner']>();
  /** By place: what is said of the model if it is the best. */
  readonly #found = new Map<number, Findings>();
  /** Of the models so far. */
  #longestMs = 0;

  constructor(finish: Finish) {
    this.#with = finish;
  }

  async run(): Promise<TrainResult> {
    const { prepared, order, ended, control, clock } = this.#with;
    let contenders = this.#contenders();
    if (contenders.length === 0 && ended === 'time') contenders = [await this.#baselineAtLast()];
    if (contenders.length === 0) throw new ModelkeepError(ended === 'asked' ? 'MK_JOB_CANCELLED' : 'MK_TRAIN_NOT_FINITE');
    const ensemble = order.ensemble ? this.#ensemble(contenders) : null;
    if (ensemble) contenders.push(ensemble);
    const teacher = ensemble ?? contenders.toSorted((a, b) => this.#lossOf(a) - this.#lossOf(b))[0]!;
    const distilled = order.distill ? await this.#distil(teacher, ensemble ? ensemble.at + 1 : this.#with.candidates.length) : null;
    if (distilled) contenders.push(distilled);
    const ranked = contenders.toSorted((a, b) => this.#lossOf(a) - this.#lossOf(b));
    const best = ranked[0]!;
    const finished: FinishedCandidate[] = [];
    for (const [index, contender] of this.#worthAModel(ranked, distilled).entries()) {
      // Without the first there is nothing; the constant answer, which everything is held against, costs next to nothing; the
      // others are a bonus of the time that is left.
      const isBaseline = contender.members.length === 1 && contender.members[0]!.candidate.proposal.learner === 'baseline';
      const neededMs = 1.3 * this.#longestMs + handoverMs * (finished.length + 2);
      if (index > 0 && !isBaseline && (clock.leftMs() < neededMs || control.stopAsked())) continue;
      const startedMs = clock.elapsedMs();
      finished.push(await this.#finishOne(contender));
      this.#longestMs = Math.max(this.#longestMs, clock.elapsedMs() - startedMs);
    }
    const ofStudent = distilled ? this.#distilledFinding(teacher, distilled) : [];
    await this.#explain(finished);
    const { candidates } = this.#with;
    const at = (place: number | undefined): FinishedCandidate | undefined => finished.find((each) => each.at === place);
    const baseline = candidates.find((each) => each.proposal.learner === 'baseline')?.at;
    const next = ranked.find(({ at: place }) => place !== best.at && place !== baseline && this.#judged.has(place))?.at;
    const findings = outcomeFindings({
      losses: lossesOf(best),
      bestTest: at(best.at)!.test,
      baselineTest: at(baseline)?.test ?? null,
      againstBaseline: baseline === undefined ? null : this.#against(baseline, best.at),
      againstNext: next === undefined ? null : this.#against(next, best.at),
      parity: Math.max(...finished.map((each) => each.parity)),
      metric: prepared.judging.metric,
      ended,
      tried: candidates.filter((each) => each.isWhole).length,
      planned: candidates.length,
    });
    findings.push(...this.#found.get(best.at)!, ...ofStudent);
    return { candidates: finished, best: best.at, findings, stopped: ended === 'asked' };
  }

  /** Candidates with answers to every validated row; where there is none but the baseline, also those with some folds. */
  #contenders(): Contender[] {
    const { candidates } = this.#with;
    const whole = candidates.filter((each) => each.isWhole && each.loss() !== null);
    const only = whole.every((each) => each.proposal.learner === 'baseline');
    const partly = only ? candidates.filter((each) => !each.isWhole && each.foldsDone.length > 0 && each.loss() !== null) : [];
    return [...whole, ...partly].map((candidate) => this.#contender(candidate.at, [{ candidate, weight: 1 }]));
  }

  /** Where the time did not reach for any fit: the constant answer, which needs no look at a column. */
  async #baselineAtLast(): Promise<Contender> {
    const { prepared, candidates, folder, control, clock, order } = this.#with;
    const { judging, source } = prepared;
    const learner = learners.baseline!;
    const candidate = new Candidate(
      candidates.length,
      { learner: 'baseline', settings: {}, origin: { kind: 'portfolio', expected: null } },
      judging,
    );
    control.emit('added', { at: candidate.at, learner: 'baseline', settings: {}, progress: candidate.progress() });
    const { columns } = source.views[learner.view] ?? { columns: [] };
    for (const [fold, { train, validation }] of judging.folds.entries()) {
      const labelled = (rows: Int32Array): LabelledMatrix => ({
        features: { rows: rows.length, width: columns.length, data: new Float32Array() },
        ...(prepared.weights ? { weights: Float32Array.from(rows, (row) => prepared.weights![row]!) } : {}),
        target:
          judging.target.kind === 'class'
            ? { ...judging.target, codes: rows.map((row) => (judging.target as { codes: Int32Array }).codes[row]!) }
            : { kind: 'number', values: Float64Array.from(rows, (row) => (judging.target as { values: Float64Array }).values[row]!) },
      });
      const data = { task: source.task, columns, train: labelled(train), validation: labelled(validation), ordered: source.ordered };
      const fitted = await learner.fit(
        data,
        {},
        {
          nowMs: () => clock.elapsedMs(),
          deadlineMs: Infinity,
          shouldStop: () => 'no',
          onPoint: () => {},
          seed: order.seed,
          runtime: ortRuntime,
          threads: 1,
        },
      );
      await writeFile(folder.files(candidate.at, fold).stateFile, encodeLearnerState(fitted.state()));
      const now = clock.elapsedMs();
      const fit = {
        worker: 0,
        fromMs: now,
        toMs: now,
        chosen: fitted.chosen,
        curve: [],
        ended: 'complete' as const,
        fitMs: 0,
        predictMs: 0,
      };
      candidate.take(fold, fit, await fitted.predict(data.validation.features));
    }
    candidate.state = 'done';
    this.#with.candidates = [...candidates, candidate];
    control.emit('candidate', candidate.news());
    return this.#contender(candidate.at, [{ candidate, weight: 1 }]);
  }

  #contender(at: number, members: Contender['members']): Contender {
    const { judging } = this.#with.prepared;
    const [first] = members;
    const rows = first!.candidate.rowsDone();
    if (members.length === 1) this.#learners.set(at, first!.candidate.proposal.learner);
    const parts = members.map(({ candidate }) => candidate.answersOn(rows));
    const mixed = mix(
      parts,
      members.map((each) => each.weight),
    );
    return { at, members, answers: mixed, validation: quickMeasure(mixed, judging.metric) };
  }

  #lossOf({ members, validation }: Contender): number {
    const { metric } = this.#with.prepared.judging;
    if (members.length === 1) return members[0]!.candidate.loss()!;
    const value = validation[metric]?.value;
    return value === undefined ? Infinity : higherIsBetter[metric] ? -value : value;
  }

  #ensemble(contenders: readonly Contender[]): Contender | null {
    const { prepared, candidates, control, clock } = this.#with;
    const { judging } = prepared;
    const whole = contenders.filter((each) => each.members[0]!.candidate.isWhole);
    if (whole.length < 2) return null;
    const pool = whole.toSorted((a, b) => this.#lossOf(a) - this.#lossOf(b)).slice(0, 40);
    const rows = spread(judging.validated, ensembleRows);
    const { weights } = greedyEnsemble({
      answers: pool.map(({ members }) => answersIn(members[0]!.candidate.answersOn(rows))),
      rows: rows.length,
      outputs: judging.outputs,
      loss: (averaged) => meanLoss(averaged, judging.outputs, judging.target, rows),
      nowMs: () => clock.elapsedMs(),
      deadlineMs: clock.elapsedMs() + Math.max(50, clock.leftMs() * 0.2),
    });
    const heaviest = weights
      .map((weight, at) => ({ weight, candidate: pool[at]!.members[0]!.candidate }))
      .filter(({ weight }) => weight > 0.02);
    heaviest.sort((a, b) => b.weight - a.weight || a.candidate.at - b.candidate.at);
    const members = heaviest.slice(0, mostMembers);
    if (members.length < 2) return null;
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const ensemble = this.#contender(
      candidates.length,
      members.map((each) => ({ ...each, weight: each.weight / total })),
    );
    control.emit('added', {
      at: ensemble.at,
      learner: 'ensemble',
      settings: { members: members.length },
      progress: {
        origin: { kind: 'ensemble', expected: null },
        folds: { planned: judging.folds.length, done: judging.folds.length },
        fits: [],
        members: [],
        dropped: null,
        failure: null,
      },
    });
    return ensemble;
  }

  /** A small model that learned the answers of `teacher`, fold by fold as any candidate; null where there is no time for all folds. */
  async #distil(teacher: Contender, at: number): Promise<Contender | null> {
    const { prepared, folder, control, clock, order, pause } = this.#with;
    const { judging, source } = prepared;
    const view = source.views[student.view];
    const names = new Set(teacher.members.map(({ candidate }) => candidate.proposal.learner));
    const isWhole = teacher.members.every(({ candidate }) => candidate.isWhole);
    if (!view || !isWhole || (names.size === 1 && names.has('baseline'))) return null;
    const settings = studentSettings(judging.validated.length);
    const proposal = { learner: student.learner, settings, origin: { kind: 'distilled' as const, expected: null } };
    const candidate = new Candidate(at, proposal, judging);
    const endMs = clock.elapsedMs() + clock.leftMs() * shareForDistilling;
    const isOver = (): boolean => clock.elapsedMs() > endMs || control.stopAsked();
    const features = await prepared.featuresOf(
      student.view,
      judging.validated.map((row) => prepared.split.train[row]!),
    );
    const placesOf = (rows: Int32Array): Int32Array => rows.map((row) => judging.places[row]!).filter((place) => place >= 0);
    for (const [fold, { train, validation }] of judging.folds.entries()) {
      const fromMs = clock.elapsedMs();
      const judged = placesOf(validation);
      // Rows that teach have answers of the teacher, too. Where there are none (one part, or the first window), two thirds of the judged do.
      const known = placesOf(train);
      const hasOwn = known.length > 0;
      const taught = hasOwn ? known : judged.filter((_, index) => index % 3 > 0);
      const stopping = hasOwn ? judged : judged.filter((_, index) => index % 3 === 0);
      const lesson = { task: source.task, columns: view.columns, features, teacher: teacher.answers, train: taught, validation: stopping };
      if (isOver()) return null;
      const fitted = await teach(lesson, settings, {
        nowMs: () => clock.elapsedMs(),
        deadlineMs: endMs,
        shouldStop: () => (isOver() ? 'time' : 'no'),
        pause,
        onPoint: () => {},
        seed: order.seed + at * 64 + fold,
        runtime: ortRuntime,
        threads: source.threads,
      });
      if (fitted.ended !== 'complete') return null;
      await writeFile(folder.files(at, fold).stateFile, encodeLearnerState(fitted.state()));
      const raw = await fitted.predict(gather(features, judged));
      const toMs = clock.elapsedMs();
      const { chosen, curve } = fitted;
      candidate.take(fold, { worker: 0, fromMs, toMs, chosen, curve, ended: 'complete', fitMs: toMs - fromMs, predictMs: 0 }, raw);
      await fitted.release();
    }
    candidate.state = 'done';
    control.emit('added', { at, learner: student.learner, settings, progress: candidate.progress() });
    control.emit('candidate', candidate.news());
    return this.#contender(at, [{ candidate, weight: 1 }]);
  }

  /** What the small model loses against the large one, paired on the test rows. */
  #distilledFinding(teacher: Contender, { at }: Contender): Findings {
    const against = this.#against(teacher.at, at);
    if (!against) return [];
    const { metric } = this.#with.prepared.judging;
    return [{ code: 'distilled', params: { ...againstParams(against, metric), place: at, teacher: teacher.at } }];
  }

  /** The best, the baseline, the ensemble, what was distilled of it, the best of each learner, then by rank. */
  #worthAModel(ranked: readonly Contender[], distilled: Contender | null): Contender[] {
    const learnerOf = ({ members }: Contender): string => (members.length > 1 ? 'ensemble' : members[0]!.candidate.proposal.learner);
    const best = ranked[0]!;
    const firsts = ranked.filter((each, at) => ranked.findIndex((other) => learnerOf(other) === learnerOf(each)) === at);
    const ensemble = ranked.filter((each) => each.members.length > 1);
    const baseline = ranked.filter((each) => learnerOf(each) === 'baseline');
    return [...new Set([best, ...baseline, ...ensemble, ...(distilled ? [distilled] : []), ...firsts, ...ranked])].slice(0, mostModels);
  }

  async #finishOne(contender: Contender): Promise<FinishedCandidate> {
    const { order, prepared, clock, pause } = this.#with;
    const { spec, seed, outFolder, targetName } = order;
    const { table, target, split, fitted, judging } = prepared;
    const { at, members } = contender;
    const coverage = coverageOf(order, fitted);
    const { metric } = judging;
    const onlyTemperature = clock.leftMs() < hurryMs || order.classWeights === 'balanced';
    const chosen = chooseHead(contender.answers, { classes: spec.classes, metric, coverage, onlyTemperature });
    const { head } = chosen;
    const opened = await Promise.all(members.map(async ({ candidate, weight }) => ({ ...(await this.#open(candidate)), weight })));
    try {
      const signature = signatureOf(fitted, { task: spec.task, classes: spec.classes, target: targetName, coverage });
      const parts: ModelMember[] = opened.map(({ view, fitted: folds, weight }) => ({
        view,
        weight,
        graphs: folds.map((each) => each.graph()),
      }));
      const bytes = exportModel({ fitted, members: parts, head, signature });
      const modelFile = join(outFolder, `candidate-${at}.onnx`);
      await writeFile(modelFile, bytes);
      const model = await ModelSession.open(bytes);
      try {
        const answers = await answerRows(model, fitted, table, split.test, pause);
        const judged = asAnswers(answers, target, split.test);
        this.#judged.set(at, judged);
        this.#found.set(at, [...calibrationFindings(chosen), ...coverageFinding(answers, judged, coverage)]);
        const test = clock.leftMs() < hurryMs ? quickMeasure(judged, metric) : measure(judged, seed, [metric]);
        const rows = split.test.subarray(0, parityRows);
        const expected = await this.#own(opened, head, rows);
        const parity = parityOf(firstRows(answers, rows.length), expected, targetScale(judging.target));
        const reference = referenceOf({
          fitted,
          table,
          trainRows: split.train,
          prediction: answers.prediction,
          classes: spec.classes,
          test,
        });
        const referenceFile = join(outFolder, `candidate-${at}.reference.json`);
        await writeFile(referenceFile, JSON.stringify(reference));
        const predictMs = await timeOneRow(model, fitted, table, split.test);
        const told = members.length > 1 ? members.map(({ candidate, weight }) => ({ at: candidate.at, weight })) : [];
        this.#tell(contender, chosen);
        const trees = opened.length === 1 ? keepTrees(fitted, opened[0]!, temperatureOf(head)) : null;
        const treesFile = trees && join(outFolder, `candidate-${at}.trees`);
        if (treesFile) await writeFile(treesFile, trees);
        return { at, modelFile, referenceFile, treesFile, test, predictMs, parity, importance: [], members: told };
      } finally {
        await model.release();
      }
    } finally {
      for (const { fitted: folds } of opened) for (const each of folds) await each.release();
    }
  }

  /** Which columns each model relies on, best model first, as far as the time reaches. */
  async #explain(finished: FinishedCandidate[]): Promise<void> {
    const { order, prepared, candidates, clock, control, pause } = this.#with;
    const { table, target, split, fitted, judging } = prepared;
    for (const each of finished) {
      if (candidates[each.at]?.proposal.learner === 'baseline') continue;
      // The first may take most of what is left; nobody is helped by a little for each.
      const leftMs = clock.leftMs() - handoverMs * (finished.length + 1);
      const endMs = clock.elapsedMs() + leftMs * 0.7;
      const hasTime = (): boolean => clock.elapsedMs() < endMs && !control.stopAsked();
      if (leftMs < shortestExplanationMs) break;
      const model = await ModelSession.open(await readFile(each.modelFile));
      const settings = { target, metric: judging.metric, seed: order.seed, hasTime };
      each.importance = await permutationImportance(model, fitted, table, split.test, settings, pause).finally(() => model.release());
    }
  }

  /** Of an ensemble: its out-of-fold figures; of a candidate: the calibration that was found for it. */
  #tell({ at, members, validation }: Contender, chosen: ChosenHead): void {
    const { control, prepared } = this.#with;
    const warmth = calibrationSettings(chosen);
    if (members.length === 1) {
      const news = members[0]!.candidate.news();
      control.emit('candidate', { ...news, validation, settings: { ...news.settings, ...warmth } });
      return;
    }
    const folds = prepared.judging.folds.length;
    control.emit('candidate', {
      at,
      state: 'done',
      settings: { members: members.length, ...warmth },
      validation,
      trainMs: Math.round(members.reduce((sum, { candidate }) => sum + candidate.trainMs(), 0)),
      curve: [],
      progress: {
        origin: { kind: 'ensemble', expected: null },
        folds: { planned: folds, done: folds },
        fits: [],
        members: [],
        dropped: null,
        failure: null,
      },
    });
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
      const answers = head.kind === 'number' || opened.length === 1 ? mean : softmax(mean, outputs, 1);
      answers.forEach((value, cell) => (mixed[cell]! += weight * value));
    }
    if (head.kind === 'number') return mixed;
    const logits = opened.length === 1 ? mixed : mixed.map((p) => Math.log(Math.max(p, smallestProbability)));
    return calibrated(head.calibration, logits, outputs);
  }

  /** Of candidate `b` against `a`, paired on the test rows; null where one of them was not judged, or they are one. */
  #against(a: number, b: number): Against | null {
    const { prepared, order, clock } = this.#with;
    const [ofA, ofB] = [this.#judged.get(a), this.#judged.get(b)];
    if (!ofA || !ofB || a === b || clock.leftMs() <= 0) return null;
    const learner = this.#learners.get(a) ?? 'ensemble';
    return { place: a, learner, ...pairedDifference(ofA, ofB, prepared.judging.metric, order.seed) };
  }
}

/** As the settings of a candidate say it. */
function calibrationSettings({ head, calibration }: ChosenHead): Settings {
  if (head.kind === 'number' || !calibration) return {};
  if (head.calibration.kind !== 'temperature') return { calibration: head.calibration.kind };
  return head.calibration.temperature === 1 ? {} : { temperature: Number(head.calibration.temperature.toPrecision(4)) };
}

/** Where a curve calibrates, log odds are told as they were before it. */
function temperatureOf(head: Head): number {
  return head.kind === 'class' && head.calibration.kind === 'temperature' ? head.calibration.temperature : 1;
}

function calibrationFindings({ head, calibration }: ChosenHead): Findings {
  if (head.kind === 'number' || !calibration || head.calibration === uncalibrated) return [];
  const { before, after, rows } = calibration;
  const method = head.calibration.kind;
  const round = (value: number): number => Number(value.toPrecision(3));
  return [{ code: 'calibrated', params: { method, before: round(before.error), after: round(after.error), rows } }];
}

function answersIn(answers: Answers): Float32Array | Float64Array {
  return answers.kind === 'class' ? answers.probabilities : answers.prediction;
}

function mix(parts: readonly Answers[], weights: readonly number[]): Answers {
  const [first] = parts;
  const sum = new Float64Array(answersIn(first!).length);
  parts.forEach((part, at) => answersIn(part).forEach((value, cell) => (sum[cell]! += weights[at]! * value)));
  return first!.kind === 'class' ? { ...first!, probabilities: sum } : { ...first!, prediction: sum };
}

/** Training and validation loss at the last point of a single network. */
function lossesOf({ members }: Contender): Outcome['losses'] {
  const [{ candidate }] = members as [Contender['members'][number]];
  if (members.length > 1 || !['mlp', 'network'].includes(candidate.proposal.learner)) return null;
  const curve = candidate.fits.find((fit) => fit !== null)!.curve;
  const best = curve.filter((point) => point.validationLoss !== null).toSorted((a, b) => a.validationLoss! - b.validationLoss!)[0];
  return best ? { train: best.trainLoss, validation: best.validationLoss! } : null;
}

function firstRows<T extends { prediction: string[] | Float32Array; probabilities: Float32Array | null }>(answers: T, rows: number): T {
  const classes = answers.probabilities ? answers.probabilities.length / answers.prediction.length : 0;
  return {
    ...answers,
    prediction: answers.prediction.slice(0, rows),
    probabilities: answers.probabilities?.subarray(0, rows * classes) ?? null,
  };
}

/** Standard deviation of a numeric target: what a difference between two answers is held against. */
function targetScale(target: PreparedRun['judging']['target']): number {
  if (target.kind === 'class') return 1;
  const mean = target.values.reduce((sum, each) => sum + each, 0) / target.values.length;
  return Math.sqrt(target.values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / target.values.length) || 1;
}
