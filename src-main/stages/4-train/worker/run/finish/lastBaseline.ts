// Where the time did not reach for any fit: the constant answer, which needs no look at a column.
import { writeFile } from 'node:fs/promises';
import { learners } from '../../../learners/index.ts';
import type { LabelledMatrix } from '../../../learners/learner.ts';
import { Candidate } from '../Candidate.ts';
import { encodeLearnerState } from '../../fit/learnerStateFile.ts';
import { ortRuntime } from '../../threads/ortRuntime.ts';
import type { PreparedRun } from '../prepareRun.ts';
import type { RunClock } from '../runClock.ts';
import type { RunFolder } from '../runFolder.ts';

export interface LastBaseline {
  prepared: PreparedRun;
  folder: RunFolder;
  clock: RunClock;
  seed: number;
}

/** Fitted here, fold by fold; `at`: the place that it gets. */
export async function lastBaseline(at: number, { prepared, folder, clock, seed }: LastBaseline): Promise<Candidate> {
  const { judging, source, weights } = prepared;
  const learner = learners.baseline!;
  const candidate = new Candidate(at, { learner: 'baseline', settings: {}, origin: { kind: 'portfolio', expected: null } }, judging);
  const { columns } = source.views[learner.view] ?? { columns: [] };
  for (const [fold, { train, validation }] of judging.folds.entries()) {
    const labelled = (rows: Int32Array): LabelledMatrix => ({
      features: { rows: rows.length, width: columns.length, data: new Float32Array() },
      ...(weights ? { weights: Float32Array.from(rows, (row) => weights[row]!) } : {}),
      target: targetOf(judging.target, rows),
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
        seed,
        runtime: ortRuntime,
        threads: 1,
      },
    );
    const state = encodeLearnerState(fitted.state());
    await writeFile(folder.files(candidate.at, fold).stateFile, state);
    const now = clock.elapsedMs();
    const when = { worker: 0, fromMs: now, toMs: now, fitMs: 0, predictMs: 0 };
    const fit = { ...when, chosen: fitted.chosen, curve: [], ended: 'complete' as const, stateBytes: state.length };
    candidate.take(fold, fit, await fitted.predict(data.validation.features));
  }
  candidate.state = 'done';
  return candidate;
}

function targetOf(target: PreparedRun['judging']['target'], rows: Int32Array): LabelledMatrix['target'] {
  switch (target.kind) {
    case 'class':
      return { kind: 'class', classes: target.classes, codes: rows.map((row) => target.codes[row]!) };
    case 'labels': {
      const { labels } = target;
      const flags = new Uint8Array(rows.length * labels);
      rows.forEach((row, at) => flags.set(target.flags.subarray(row * labels, (row + 1) * labels), at * labels));
      return { kind: 'labels', flags, labels };
    }
    case 'ranking':
      return { kind: 'number', values: Float64Array.from(rows, (row) => target.relevance[row]!) };
    case 'number':
      return { kind: 'number', values: Float64Array.from(rows, (row) => target.values[row]!) };
  }
}
