import { setImmediate } from 'node:timers/promises';
import {
  compileTraining,
  initialWeights,
  Trainer,
  type Checkpoint,
  type FloatArray,
  type LossSettings,
  type Network,
  type OptimizerSettings,
  type ProviderRun,
  type RunReport,
  type TrainingData,
} from '../../../../compiler/index.ts';
import { openTraining, type OpenTraining } from '../../devices/openTraining.ts';
import type { FitControl } from '../learner.ts';

/** A training of a network under way, whatever drives it. */
export interface NetworkTrainer {
  /** Updates made so far. */
  readonly step: number;
  readonly epoch: number;
  readonly stepsPerEpoch: number;
  /** Some steps: a stop waits for a run. None where a stop was asked for inside the first. */
  runOnce(): Promise<Pick<RunReport, 'losses' | 'epochDone'>>;
  weights(): Record<string, FloatArray>;
  checkpoint(): Checkpoint;
  /** Throws MK_COMPILER_CHECKPOINT_INVALID. */
  restore(checkpoint: Checkpoint): void;
  release(): Promise<void>;
}

export interface NetworkTraining {
  network: Network;
  loss: LossSettings;
  optimizer: OptimizerSettings;
  batchSize: number;
  data: TrainingData;
  learningRate: (step: number) => number;
  runMs: number;
  /** What decides how long a step takes, beside what the network holds of its data (scales of columns): measured once for all that agree. */
  measuredAs: unknown;
}

/**
 * Parameters from which on a step is better driven from outside the graph. Perceptrons, Adam, one thread, processor ms a step in the
 * graph and outside: 100-256-128-2 batch 512 1.55/1.82; 500-512-256-10 batch 256 5.0/5.9; 2000-256-2 batch 256 (0.5 million) 8.5/6.6;
 * 300-1024-1024-2 batch 256 (1.4 million) 31.9/22.1; RealMLP on 4,000 columns (0.55 million) 23.0/14.9, on 8,000 (1.07 million) 47.8/33.0.
 */
export const largeFrom = 500_000;

/** `Trainer` for networks that are small, `openTraining` on the best device for those with `largeFrom` parameters or more. Throws as these do. */
export async function openTrainer(training: NetworkTraining, control: FitControl, from = largeFrom): Promise<NetworkTrainer> {
  const { parameterShapes, parameters } = training.network;
  const count = parameters.reduce((sum, name) => sum + parameterShapes[name]!.reduce((product, size) => product * size, 1), 0);
  return count < from ? openSmall(training, control) : LargeTrainer.open(training, control);
}

async function openSmall(
  { network, loss, optimizer, batchSize, data, learningRate, runMs }: NetworkTraining,
  control: FitControl,
): Promise<NetworkTrainer> {
  const compiled = compileTraining({ ...network, forward: network.graph, loss, optimizer, batchSize });
  const trainer = await Trainer.create({
    runtime: control.runtime,
    compiled,
    data,
    weights: initialWeights(network.parameterShapes, control.seed, network.schemes),
    learningRate,
    seed: control.seed,
    nowMs: () => control.nowMs(),
    runMs,
  });
  return {
    get step() {
      return trainer.step;
    },
    get epoch() {
      return trainer.epoch;
    },
    stepsPerEpoch: trainer.batchesPerEpoch,
    runOnce: () => trainer.runOnce(),
    weights: () => trainer.weights(),
    checkpoint: () => trainer.checkpoint(),
    restore: (checkpoint) => trainer.restore(checkpoint),
    release: () => trainer.release(),
  };
}

/** Where there is nothing to choose: the processor, one thread, whole batches. */
const plain = { provider: 'cpu', workers: 0, threads: 1, optimization: 'all' } as const;

class LargeTrainer implements NetworkTrainer {
  readonly #control: FitControl;
  readonly #training: OpenTraining['training'];
  #threadsLost = 0;

  static async open(training: NetworkTraining, control: FitControl): Promise<LargeTrainer> {
    const { network, loss, optimizer, batchSize, data, learningRate, runMs, measuredAs } = training;
    const { devices, runtime, seed, threads } = control;
    const providers = (await devices?.providers()) ?? [];
    const whole: ProviderRun = {
      choice: { ...plain, rowsPerRun: batchSize, microBatch: batchSize },
      runsPerStep: 1,
      msPerRun: 0,
      msPerThousandRows: 0,
    };
    const opened = await openTraining({
      network,
      loss,
      optimizer,
      data,
      ...(data.rowWeights && { rowWeights: data.rowWeights }),
      batchRows: batchSize,
      learningRate,
      seed,
      nowMs: () => control.nowMs(),
      runMs,
      threads,
      runtime,
      measuredAs,
      msPerCandidate: 100,
      shouldStop: stopOf(control),
      onLost: ({ from, to, step, reason }) => control.onNotice?.({ code: 'deviceLost', params: { from, to, step, reason } }),
      // On the processor alone nothing is measured: that takes seconds, and a perceptron has no better form than whole batches.
      ...(devices && providers.some(({ provider, unusable }) => provider !== 'cpu' && unusable === undefined)
        ? { calibrations: devices.calibrations, providers }
        : { choice: [whole], providers: [{ provider: 'cpu' }] }),
    });
    return new LargeTrainer(control, opened.training);
  }

  private constructor(control: FitControl, training: OpenTraining['training']) {
    this.#control = control;
    this.#training = training;
  }

  get step(): number {
    return this.#training.trainer.step;
  }

  get epoch(): number {
    return this.#training.trainer.epoch;
  }

  get stepsPerEpoch(): number {
    const { batchesPerEpoch, runsPerStep } = this.#training.trainer;
    return Math.ceil(batchesPerEpoch / runsPerStep);
  }

  async runOnce(): Promise<Pick<RunReport, 'losses' | 'epochDone'>> {
    const report = await this.#training.runOnce(stopOf(this.#control));
    const lost = this.#training.trainer.lostWorkers;
    if (lost.length > this.#threadsLost)
      this.#control.onNotice?.({ code: 'threadLost', params: { threads: lost.length, reason: lost.at(-1)!.reason } });
    this.#threadsLost = lost.length;
    return report;
  }

  weights(): Record<string, FloatArray> {
    return this.#training.trainer.weights();
  }

  checkpoint(): Checkpoint {
    return this.#training.checkpoint();
  }

  restore(checkpoint: Checkpoint): void {
    this.#training.restore(checkpoint);
  }

  async release(): Promise<void> {
    await this.#training.release();
  }
}

/** Asked inside a step, too: one can take longer than a stop may. */
function stopOf(control: FitControl): () => Promise<boolean> {
  return async () => {
    await setImmediate();
    return control.shouldStop() !== 'no' || control.nowMs() > control.deadlineMs;
  };
}
