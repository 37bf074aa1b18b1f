// One training run, from the order to finished models. Everything that decides the result is in the order; time only ends it.
import { setImmediate } from 'node:timers/promises';
import { availableParallelism, totalmem } from 'node:os';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { startWorker } from '../../../../platform/processHost.ts';
import type { FeatureView } from '../../../3-features/api.ts';
import { coverageOf, signatureOf } from '../../exportModel.ts';
import { learners } from '../../learners/index.ts';
import { factsOfSource } from '../../search/factsOfSource.ts';
import { Proposer, type Entrant } from '../../search/proposer.ts';
import { EndEstimate } from './finish/EndEstimate.ts';
import { machineFindings } from './findings.ts';
import { finishRun } from './finish/finishRun.ts';
import { ModelMaker } from './finish/ModelMaker.ts';
import type { TrainOrder, TrainResult } from '../order.ts';
import { prepareRun, type PreparedRun } from './prepareRun.ts';
import { RunClock } from './runClock.ts';
import type { RunControl } from './runControl.ts';
import { RunFolder } from './runFolder.ts';
import { Search } from './Search.ts';

/** What the outside may ask of a run while it goes on. */
export interface RunWishes {
  stop: boolean;
  pause: boolean;
  /** Time added to the budget so far. */
  addedMs: number;
}

export type RunEvents = Pick<RunControl, 'emit' | 'signal'> & {
  progress(fraction: number, note: { key: string; params: Record<string, string | number> }): void;
};

/** Shares of the progress bar. */
const [searchFrom, searchTo] = [0.08, 0.92];
/** Of the machine's memory, what the fit processes of one run may hold together. */
const memoryShare = 0.5;
const smallestProcessMb = 1024;

/** Errors: those of `prepareRun` and `fitFeatures`, MK_TRAIN_NOT_FINITE, MK_JOB_CANCELLED. */
export async function trainRun(order: TrainOrder, wishes: RunWishes, events: RunEvents): Promise<TrainResult> {
  const folder = await RunFolder.open(order.folder);
  const { elapsedMs, addedMs } = folder.progress;
  // Starting this process took some of the time, too.
  const usedMs = elapsedMs + Math.max(0, Date.now() - order.beganAtMs);
  const clock = new RunClock({ nowMs: () => performance.now(), budgetMs: order.timeBudgetMs, usedMs, addedMs });
  const pause = async (): Promise<void> => {
    await setImmediate();
    if (events.signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
  };
  const entered = order.learners.flatMap((name) => (learners[name] ? [learners[name]] : []));
  const views = [...new Set(entered.map((each) => each.view))];
  const cores = availableParallelism();
  let preparing = true;
  const prepared = await prepareRun(order, order.folder, {
    // Before the first candidate there is nothing to keep.
    pause: async () => {
      await pause();
      if (wishes.stop && preparing) throw new ModelkeepError('MK_JOB_CANCELLED');
    },
    progress: (fraction, key) => events.progress(fraction, { key, params: {} }),
    views: views.length > 0 ? views : ['scaled'],
    threads: 1,
  });
  preparing = false;
  const { spec, targetName, seed } = order;
  const { source, judging, split, plan } = prepared;
  events.emit('prepared', {
    rows: {
      train: split.train.length - (plan.kind === 'holdout' ? split.validation.length : 0),
      validation: split.validation.length,
      test: split.test.length,
      dropped: prepared.dropped,
    },
    signature: signatureOf(prepared.fitted, {
      task: spec.task,
      classes: spec.classes,
      target: targetName,
      coverage: coverageOf(order, prepared.fitted),
    }),
    primaryMetric: judging.metric,
    findings: prepared.findings,
    folds: plan,
  });

  const { processes, threads, memoryLimitMb } = shareOut(prepared, cores, views);
  const entrants = entered.flatMap((learner): Entrant[] => {
    if (!learner.supports(source.task)) return [];
    const facts = factsOfSource(source, learner.view, { budgetMs: order.timeBudgetMs, threads });
    return [{ learner: learner.name, portfolio: learner.portfolio(facts), space: learner.space(facts) }];
  });
  const control = controlOf(wishes, events, clock, pause);
  const maker = new ModelMaker({ order, prepared, folder, clock, pause });
  const end = new EndEstimate({ maker, clock, judging, ensemble: order.ensemble });
  const search = new Search({
    judging,
    proposer: new Proposer(entrants, order.search, seed),
    plan,
    pool: { start: startWorker, processes, memoryLimitMb, source: { ...source, threads, machineFolder: order.machineFolder } },
    folder,
    clock,
    control,
    onWhole: end.whole,
    seed,
  });
  const ended = await search.run();
  events.progress(searchTo, { key: 'train.evaluating', params: { candidate: 1, candidates: 1 } });
  const result = await finishRun({ order, prepared, candidates: search.candidates, ended, maker, folder, clock, control, pause });
  return { ...result, findings: [...machineFindings(search.candidates.flatMap(({ fits }) => fits)), ...result.findings] };
}

/** One thread a process as long as there are several fits to do; a single holdout on many rows gives each fit all cores. */
function shareOut(
  { source }: PreparedRun,
  cores: number,
  views: readonly FeatureView[],
): { processes: number; threads: number; memoryLimitMb: number } {
  const widths = views.map((view) => source.views[view]!.columns.length);
  // The whole of each view, and the rows of one fold once more.
  const bytes = source.rows * 4 * (widths.reduce((sum, width) => sum + width, 0) + 2 * Math.max(...widths));
  const memoryLimitMb = Math.max(smallestProcessMb, Math.ceil((3 * bytes) / 2 ** 20));
  const fits = Math.max(1, Math.floor((totalmem() * memoryShare) / 2 ** 20 / memoryLimitMb));
  const processes = Math.max(1, Math.min(cores, fits));
  return { processes, threads: Math.max(1, Math.floor(cores / processes)), memoryLimitMb };
}

function controlOf(wishes: RunWishes, events: RunEvents, clock: RunClock, pause: () => Promise<void>): RunControl {
  return {
    stopAsked: () => wishes.stop || events.signal.aborted,
    paused: () => {
      clock.add(wishes.addedMs - clock.addedMs);
      return wishes.pause;
    },
    signal: events.signal,
    emit: events.emit,
    progress: (candidates, last) => {
      const share = Math.min(1, clock.elapsedMs() / clock.budgetMs);
      events.progress(searchFrom + (searchTo - searchFrom) * share, {
        key: 'train.candidate',
        params: { candidate: last.at + 1, candidates: candidates.length, learner: last.proposal.learner },
      });
      void pause().catch(() => {});
    },
  };
}
