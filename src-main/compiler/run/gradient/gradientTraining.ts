import type { CompiledGradients } from '../../compileGradients.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import type { FloatArray, Runtime, SessionSettings } from '../runtime.ts';
import type { RunReport } from '../Trainer.ts';
import type { TrainingData } from '../trainingData.ts';
import type { RowLoader } from './rowLoader.ts';
import type { TrainingWorker } from './workerPart.ts';

export interface GradientTrainerSettings {
  readonly runtime: Runtime;
  readonly compiled: CompiledGradients;
  readonly optimizer: OptimizerSettings;
  /** Rows in memory, or a loader. */
  readonly data: TrainingData | RowLoader;
  /** With a loader: weight of each row in the loss, `[rowCount]`; should average 1. */
  readonly rowWeights?: FloatArray;
  /** From `initialWeights`, or of an earlier training. Parameters and state are copied, frozen weights read in place. */
  readonly weights: Readonly<Record<string, FloatArray>>;
  /** Constant, or by step (counted from 1), see `optimizers/schedules.ts`. */
  readonly learningRate: number | ((step: number) => number);
  /** Decides the order of rows, what Dropout drops, and what loaders draw. Integer ≥ 0. */
  readonly seed: number;
  /** Milliseconds from any origin; only chooses how much one run does. */
  readonly nowMs: () => number;
  /** A run ends after the step that passes this. Default 250. */
  readonly runMs?: number;
  /**
   * Batches that make one update: as one batch of all their rows would, up to rounding (Dropout draws by batch). A step is then so
   * many runs of the graph, and can be given up between them. Default 1.
   */
  readonly accumulate?: number;
  readonly session?: SessionSettings;
  /**
   * Threads beside this one, each taking an equal part of every batch: with n of them a batch has (n + 1) · `compiled.batchSize`
   * rows. The same number of threads gives the same bits; another number rounds differently. Running statistics are averaged.
   */
  readonly workers?: readonly TrainingWorker[];
  /**
   * Threads beside this one that share out the passes over parameters and gradients, and nothing else: for trainings without workers
   * whose graph runs on several threads of the runtime. They change no bit; small models end them unused.
   */
  readonly helpers?: readonly TrainingWorker[];
}

export interface GradientReport extends RunReport {
  /** Norm of the gradient of each step, before clipping. */
  readonly gradientNorms: Float64Array;
  /** The last step was given up between its runs, because a stop was asked for: as if it had not begun. */
  readonly gaveUp: boolean;
}
