// From candidates to models: which are averaged, which become models as far as the time reaches, and what is said of them.
import { readFile } from 'node:fs/promises';
import { ModelkeepError } from '../../../../../../src-shared/errors/modelkeepError.ts';
import type { CandidateProgress, Learner } from '../../../../../../src-shared/domain/training.ts';
import { isUncalibrated } from '../../../learners/calibrate/labelCalibration.ts';
import { pairedDifference } from '../../../metrics/comparePaired.ts';
import type { Candidate } from '../Candidate.ts';
import { againstParams, outcomeFindings, type Against, type Outcome } from '../findings.ts';
import { ModelSession } from '../../models/modelSession.ts';
import type { Findings, FinishedCandidate, Settings, TrainOrder, TrainResult } from '../../order.ts';
import type { PreparedRun } from '../prepareRun.ts';
import type { RunClock } from '../runClock.ts';
import type { RunControl } from '../runControl.ts';
import type { RunFolder } from '../runFolder.ts';
import type { SearchEnd } from '../Search.ts';
import type { ChosenHead } from './chooseHead.ts';
import { chooseEnsemble } from './chooseEnsemble.ts';
import { contendersOf, learnerOf, lossOf, single, worthAModel, type Contender } from './contenders.ts';
import { handoverMs } from './EndEstimate.ts';
import { permutationImportance } from './importance.ts';
import { lastBaseline } from './lastBaseline.ts';
import type { MadeModel, ModelMaker } from './ModelMaker.ts';
import { trainStudent } from './trainStudent.ts';

const shortestExplanationMs = 150;
/** Of the time that is left, what choosing an ensemble may take. */
const shareForEnsemble = 0.2;
/** Beyond its time, how late a run may still be held against the baseline: that takes a moment, and is what is asked first. */
const shareForComparing = 0.02;

export interface Finish {
  order: TrainOrder;
  prepared: PreparedRun;
  candidates: readonly Candidate[];
  ended: SearchEnd;
  maker: ModelMaker;
  folder: RunFolder;
  clock: RunClock;
  control: RunControl;
  pause: () => Promise<void>;
}

/** Errors: MK_JOB_CANCELLED when it was ended before there was anything; MK_TRAIN_NOT_FINITE when no learner gave finite answers. */
export async function finishRun(finish: Finish): Promise<TrainResult> {
  return new Finishing(finish).run();
}

class Finishing {
  readonly #with: Finish;
  /** By place. */
  readonly #made = new Map<number, MadeModel>();
  #candidates: readonly Candidate[];

  constructor(finish: Finish) {
    this.#with = finish;
    this.#candidates = finish.candidates;
  }

  async run(): Promise<TrainResult> {
    const { prepared, order, ended } = this.#with;
    const { judging } = prepared;
    let contenders = contendersOf(this.#candidates, judging);
    if (contenders.length === 0 && ended === 'time') contenders = [await this.#baselineAtLast()];
    if (contenders.length === 0) throw new ModelkeepError(ended === 'asked' ? 'MK_JOB_CANCELLED' : 'MK_TRAIN_NOT_FINITE');
    const byLoss = (a: Contender, b: Contender): number => lossOf(a, judging) - lossOf(b, judging);
    const ensemble = order.ensemble ? this.#ensemble(contenders) : null;
    if (ensemble) contenders.push(ensemble);
    const teacher = ensemble ?? contenders.toSorted(byLoss)[0]!;
    const distilled = order.distill ? await this.#distil(teacher, ensemble ? ensemble.at + 1 : this.#candidates.length) : null;
    const ranked = contenders.toSorted(byLoss);
    const best = ranked[0]!;
    await this.#makeModels(worthAModel(ranked, distilled));
    const finished = [...this.#made.values()].map((each) => each.finished);
    await this.#explain(finished);
    const findings = [...this.#outcome(best, ranked), ...this.#made.get(best.at)!.findings];
    if (distilled) findings.push(...this.#distilledFinding(teacher, distilled));
    return { candidates: finished, best: best.at, findings, stopped: ended === 'asked' };
  }

  /**
   * Without the first there is nothing; the constant answer, which everything is held against, costs next to nothing; the others are a bonus of
   * the time that is left.
   */
  async #makeModels(wanted: readonly Contender[]): Promise<void> {
    const { maker, clock, control } = this.#with;
    for (const [index, contender] of wanted.entries()) {
      const handingOverMs = handoverMs * (this.#made.size + 2);
      const costMs = maker.costMs(contender.members.map(({ candidate }) => candidate)) ?? 0;
      const hasTime = clock.leftMs() > 1.2 * costMs + handingOverMs && !control.stopAsked();
      if (index > 0 && learnerOf(contender) !== 'baseline' && !hasTime) {
        this.#tellUnmade(contender);
        continue;
      }
      const made = await maker.make(contender);
      this.#made.set(contender.at, made);
      this.#tell(contender, made.chosen);
    }
  }

  async #baselineAtLast(): Promise<Contender> {
    const { prepared, folder, clock, order, control } = this.#with;
    const candidate = await lastBaseline(this.#candidates.length, { prepared, folder, clock, seed: order.seed });
    this.#candidates = [...this.#candidates, candidate];
    this.#add(candidate.at, 'baseline', {}, candidate.progress());
    control.emit('candidate', candidate.news());
    return single(candidate, prepared.judging);
  }

  #ensemble(contenders: readonly Contender[]): Contender | null {
    const { prepared, clock, maker } = this.#with;
    const { judging } = prepared;
    const ensemble = chooseEnsemble(contenders, judging, this.#candidates.length, {
      nowMs: () => clock.elapsedMs(),
      deadlineMs: clock.elapsedMs() + Math.max(50, clock.leftMs() * shareForEnsemble),
      canAfford: (members) => (maker.costMs(members) ?? 0) + 3 * handoverMs <= clock.leftMs(),
    });
    if (ensemble) this.#add(ensemble.at, 'ensemble', { members: ensemble.members.length }, ensembleProgress(judging.folds.length));
    return ensemble;
  }

  async #distil(teacher: Contender, at: number): Promise<Contender | null> {
    const { prepared, folder, control, clock, order, pause } = this.#with;
    const { seed } = order;
    const run = { prepared, folder, clock, seed, pause, stopAsked: () => control.stopAsked() };
    const candidate = await trainStudent(teacher, at, run);
    if (!candidate) return null;
    const { learner, settings } = candidate.proposal;
    this.#add(at, learner, settings, candidate.progress());
    // The teacher's answers to the rows that a fold learns from come from models that knew the rows that it is judged on: figures out of fold
    // would flatter it. The test rows judge it.
    const unjudged = { ...single(candidate, prepared.judging), validation: {} };
    control.emit('candidate', { ...candidate.news(), validation: unjudged.validation });
    return unjudged;
  }

  #add(at: number, learner: Learner, settings: Settings, progress: CandidateProgress): void {
    this.#with.control.emit('added', { at, learner, settings, progress });
  }

  /** Which columns each model relies on, best model first, as far as the time reaches. */
  async #explain(finished: readonly FinishedCandidate[]): Promise<void> {
    const { order, prepared, clock, control, pause } = this.#with;
    const { table, target, split, fitted, judging } = prepared;
    for (const each of finished) {
      if (this.#candidates[each.at]?.proposal.learner === 'baseline') continue;
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

  #outcome(best: Contender, ranked: readonly Contender[]): Findings {
    const { prepared, ended } = this.#with;
    const baseline = ranked.find((each) => learnerOf(each) === 'baseline');
    const next = ranked.find((each) => each !== best && each !== baseline && this.#made.has(each.at));
    return outcomeFindings({
      losses: lossesOf(best),
      bestTest: this.#made.get(best.at)!.finished.test,
      baselineTest: (baseline && this.#made.get(baseline.at)?.finished.test) ?? null,
      againstBaseline: baseline ? this.#against(baseline, best) : null,
      isNaive: baseline !== undefined && isNaiveForecast(baseline),
      againstNext: next ? this.#against(next, best) : null,
      parity: Math.max(...[...this.#made.values()].map(({ finished }) => finished.parity)),
      metric: prepared.judging.metric,
      ended,
      tried: this.#candidates.filter((each) => each.isWhole).length,
      planned: this.#candidates.length,
    });
  }

  /** What the small model loses against the large one, paired on the test rows. */
  #distilledFinding(teacher: Contender, distilled: Contender): Findings {
    const against = this.#against(teacher, distilled);
    if (!against) return [];
    const { metric } = this.#with.prepared.judging;
    return [{ code: 'distilled', params: { ...againstParams(against, metric), place: distilled.at, teacher: teacher.at } }];
  }

  /** Of `b` against `a`, paired on the test rows; null where one of them was not judged, or they are one. */
  #against(a: Contender, b: Contender): Against | null {
    const { prepared, order, clock } = this.#with;
    const [ofA, ofB] = [this.#made.get(a.at)?.judged, this.#made.get(b.at)?.judged];
    if (!ofA || !ofB || a.at === b.at || clock.leftMs() < -clock.budgetMs * shareForComparing) return null;
    return { place: a.at, learner: learnerOf(a), ...pairedDifference(ofA, ofB, prepared.judging.metric, order.seed) };
  }

  /** An ensemble is nothing but its model; a candidate keeps its figures. */
  #tellUnmade(contender: Contender): void {
    if (contender.members.length > 1) this.#tellEnsemble(contender, 'stopped', {});
  }

  #tellEnsemble({ at, members, validation }: Contender, state: 'done' | 'stopped', calibration: Settings): void {
    const { control, prepared } = this.#with;
    const progress = ensembleProgress(prepared.judging.folds.length);
    control.emit('candidate', {
      at,
      state,
      settings: { members: members.length, ...calibration },
      validation,
      trainMs: Math.round(members.reduce((sum, { candidate }) => sum + candidate.trainMs(), 0)),
      curve: [],
      progress: state === 'done' ? progress : { ...progress, dropped: 'time' },
    });
  }

  /** Of an ensemble: its out-of-fold figures; of a candidate: the calibration that was found for it. */
  #tell(contender: Contender, chosen: ChosenHead): void {
    const { members, validation } = contender;
    const calibration = calibrationSettings(chosen);
    if (members.length > 1) return this.#tellEnsemble(contender, 'done', calibration);
    const news = members[0]!.candidate.news();
    this.#with.control.emit('candidate', { ...news, validation, settings: { ...news.settings, ...calibration } });
  }
}

/** The baseline says what it answers. */
function isNaiveForecast({ members }: Contender): boolean {
  return members.some(({ candidate }) => candidate.fits.some((fit) => fit?.chosen['answer'] === 'seasonalNaive'));
}

function ensembleProgress(folds: number): CandidateProgress {
  const origin = { kind: 'ensemble' as const, expected: null };
  return { origin, folds: { planned: folds, done: folds }, fits: [], members: [], dropped: null, failure: null };
}

/** As the settings of a candidate say it. */
function calibrationSettings({ head, calibration }: ChosenHead): Settings {
  if (head.kind === 'number' || !calibration) return {};
  if (head.kind === 'labels') return isUncalibrated(head.curves) ? {} : { calibration: 'labels' };
  if (head.calibration.kind !== 'temperature') return { calibration: head.calibration.kind };
  return head.calibration.temperature === 1 ? {} : { temperature: Number(head.calibration.temperature.toPrecision(4)) };
}

/** Training and validation loss at the last point of a single network. */
function lossesOf({ members }: Contender): Outcome['losses'] {
  const [{ candidate }] = members as [Contender['members'][number]];
  if (members.length > 1 || !['mlp', 'network'].includes(candidate.proposal.learner)) return null;
  const curve = candidate.fits.find((fit) => fit !== null)!.curve;
  const best = curve.filter((point) => point.validationLoss !== null).toSorted((a, b) => a.validationLoss! - b.validationLoss!)[0];
  return best ? { train: best.trainLoss, validation: best.validationLoss! } : null;
}
