// A small model that learns the answers of a large one, fold by fold as any candidate.
import { writeFile } from 'node:fs/promises';
import { Candidate } from '../Candidate.ts';
import { encodeLearnerState } from '../../fit/learnerStateFile.ts';
import { ortRuntime } from '../../threads/ortRuntime.ts';
import type { PreparedRun } from '../prepareRun.ts';
import type { RunClock } from '../runClock.ts';
import type { RunFolder } from '../runFolder.ts';
import type { Contender } from './contenders.ts';
import { gather, student, studentSettings, teach } from './distill.ts';

export interface StudentRun {
  prepared: PreparedRun;
  folder: RunFolder;
  clock: RunClock;
  seed: number;
  stopAsked(): boolean;
  pause(): Promise<void>;
}

/** Of the time that is left, what a small model may take to learn. */
const shareOfTime = 0.3;

/** Null where there is nothing to learn from, or no time for all folds. `at`: the place that it gets. */
export async function trainStudent(teacher: Contender, at: number, run: StudentRun): Promise<Candidate | null> {
  const { prepared, folder, clock, seed, pause } = run;
  const { judging, source, split } = prepared;
  const view = source.views[student.view];
  const isWhole = teacher.members.every(({ candidate }) => candidate.isWhole);
  const isConstant = teacher.members.every(({ candidate }) => candidate.proposal.learner === 'baseline');
  if (!view || !isWhole || isConstant || teacher.answers.kind === 'labels') return null;
  const task = source.task.kind === 'ranking' ? { kind: 'number' as const, objective: { kind: 'squared' as const } } : source.task;
  const settings = studentSettings(judging.validated.length);
  const proposal = { learner: student.learner, settings, origin: { kind: 'distilled' as const, expected: null } };
  const candidate = new Candidate(at, proposal, judging);
  const endMs = clock.elapsedMs() + clock.leftMs() * shareOfTime;
  const isOver = (): boolean => clock.elapsedMs() > endMs || run.stopAsked();
  const features = await prepared.featuresOf(
    student.view,
    judging.validated.map((row) => split.train[row]!),
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
    const lesson = { task, columns: view.columns, features, teacher: teacher.answers, train: taught, validation: stopping };
    if (isOver()) return null;
    const fitted = await teach(lesson, settings, {
      nowMs: () => clock.elapsedMs(),
      deadlineMs: endMs,
      shouldStop: () => (isOver() ? 'time' : 'no'),
      pause,
      onPoint: () => {},
      seed: seed + at * 64 + fold,
      runtime: ortRuntime,
      threads: source.threads,
    });
    if (fitted.ended !== 'complete') return null;
    const state = encodeLearnerState(fitted.state());
    await writeFile(folder.files(at, fold).stateFile, state);
    const raw = await fitted.predict(gather(features, judged));
    const toMs = clock.elapsedMs();
    const { chosen, curve } = fitted;
    const when = { worker: 0, fromMs, toMs, fitMs: toMs - fromMs, predictMs: 0 };
    candidate.take(fold, { ...when, chosen, curve, ended: 'complete', stateBytes: state.length }, raw);
    await fitted.release();
  }
  candidate.state = 'done';
  return candidate;
}
