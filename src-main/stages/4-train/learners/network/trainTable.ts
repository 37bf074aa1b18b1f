import type { CurvePoint } from '../../../../../src-shared/domain/training.ts';
import { isModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { cosineLog, decodeCheckpoint, divergenceCodes, encodeCheckpoint } from '../../../../compiler/index.ts';
import type { FitControl, FitData, LearnerState } from '../learner.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { buildNetwork, trainingWidth, type NetworkShape } from './buildNetwork.ts';
import { averagingOne, lossOfTask, targetsOf } from './networkTask.ts';
import { openTrainer, type NetworkTrainer } from './openTrainer.ts';
import { ServedNetwork, type NetworkWeights } from './ServedNetwork.ts';

export interface TrainedTable {
  weights: NetworkWeights;
  curve: CurvePoint[];
  /** Of the kept weights. */
  epoch: number;
  ended: 'complete' | 'time' | 'asked';
}

/** What a training under way carries beside the trainer's checkpoint and the best weights. */
interface Progress {
  bestLoss: number | null;
  bestEpoch: number;
  lossSum: number;
  lossCount: number;
  curve: CurvePoint[];
  elapsedMs: number;
}

/** A stop waits for a run: about so long. */
const runMs = 70;
/** Of the schedule, where a wave of the learning rate ends; see `cosineLog`. */
const waveEnds = [1 / 15, 3 / 15, 7 / 15];
const cleanStart: Progress = { bestLoss: null, bestEpoch: 0, lossSum: 0, lossCount: 0, curve: [], elapsedMs: 0 };

/**
 * Trains by AdamW (β 0.9, 0.95) over waves of the learning rate and keeps the weights of the epoch with the least validation loss.
 * A wave in which no epoch was the best yet is the last: what follows would fit the training rows only.
 * Without validation rows the whole schedule is run, and its end is kept.
 * Errors: `divergenceCodes` when it diverges before any epoch was good.
 */
export async function trainTable(shape: NetworkShape, data: FitData, control: FitControl): Promise<TrainedTable> {
  const training = await TableTraining.open(shape, data, control);
  try {
    return await training.train();
  } finally {
    await training.release();
  }
}

class TableTraining {
  readonly #shape: NetworkShape;
  readonly #validation: FitData['validation'];
  readonly #control: FitControl;
  readonly #trainer: NetworkTrainer;
  readonly #served: ServedNetwork;
  readonly #progress: Progress;
  readonly #startedMs: number;
  #best: NetworkWeights | null;

  static async open(shape: NetworkShape, { task, train, validation }: FitData, control: FitControl): Promise<TableTraining> {
    const { settings, target } = shape;
    const network = buildNetwork(shape, 'training');
    const { rows } = train.features;
    const batchSize = Math.min(settings.batchSize, rows);
    const trainer = await openTrainer(
      {
        network,
        loss: lossOfTask(task, target, settings.members, settings.labelSmoothing),
        optimizer: {
          kind: 'adam',
          beta2: 0.95,
          weightDecay: settings.weightDecay,
          decayed: network.parameters.filter((name) => name.endsWith('.weight')),
        },
        batchSize,
        data: {
          rowCount: rows,
          inputs: { features: shape.width === 0 ? new Float32Array(rows * trainingWidth(shape)) : train.features.data },
          targets: targetsOf(task, train, target, settings.members),
          ...(train.weights && { rowWeights: averagingOne(train.weights) }),
        },
        learningRate: cosineLog({ rate: settings.learningRate, steps: settings.epochs * Math.ceil(rows / batchSize) }),
        runMs,
        measuredAs: { family: settings.family, dropout: settings.dropout > 0, shapes: network.parameterShapes },
      },
      control,
    );
    const served = await ServedNetwork.open(shape, control);
    const { resume } = control;
    if (resume) trainer.restore(decodeCheckpoint(resume.arrays['trainer'] as Uint8Array));
    return new TableTraining(shape, validation, control, trainer, served);
  }

  private constructor(
    shape: NetworkShape,
    validation: FitData['validation'],
    control: FitControl,
    trainer: NetworkTrainer,
    served: ServedNetwork,
  ) {
    this.#shape = shape;
    this.#validation = validation;
    this.#control = control;
    this.#trainer = trainer;
    this.#served = served;
    this.#progress = structuredClone(control.resume ? (control.resume.json as Progress) : cleanStart);
    this.#best = control.resume ? bestOf(control.resume) : null;
    this.#startedMs = control.nowMs() - this.#progress.elapsedMs;
  }

  async train(): Promise<TrainedTable> {
    const progress = this.#progress;
    while (this.#trainer.epoch < this.#shape.settings.epochs) {
      const { shouldStop, nowMs, deadlineMs } = this.#control;
      const asked = shouldStop();
      const stop = asked === 'no' && nowMs() > deadlineMs ? 'time' : asked;
      if (stop !== 'no') {
        // A first epoch that was cut short is still worth something.
        if (!this.#best) await this.#endEpoch();
        return this.#result(stop);
      }
      const report = await this.#runOnce();
      if (!report) return this.#result('complete');
      for (const loss of report.losses) progress.lossSum += loss;
      progress.lossCount += report.losses.length;
      progress.elapsedMs = this.#control.nowMs() - this.#startedMs;
      if (report.epochDone) {
        await this.#endEpoch();
        if (this.#isOver()) return this.#result('complete');
      }
      await this.#control.pause?.();
      await this.#control.onState?.(() => this.#state());
    }
    return this.#result('complete');
  }

  async release(): Promise<void> {
    await this.#trainer.release();
    await this.#served.release();
  }

  /** Null when training diverged after a good epoch: that epoch is the result then. */
  async #runOnce(): Promise<Awaited<ReturnType<NetworkTrainer['runOnce']>> | null> {
    try {
      return await this.#trainer.runOnce();
    } catch (error) {
      if (isModelkeepError(error) && divergenceCodes.has(error.code) && this.#best) return null;
      throw error;
    }
  }

  async #endEpoch(): Promise<void> {
    const progress = this.#progress;
    const { step, stepsPerEpoch, epoch } = this.#trainer;
    const loss = await this.#validationLoss();
    if (loss === null || progress.bestLoss === null || loss < progress.bestLoss) {
      this.#best = this.#weights();
      Object.assign(progress, { bestLoss: loss, bestEpoch: epoch });
    }
    progress.elapsedMs = this.#control.nowMs() - this.#startedMs;
    const point: CurvePoint = {
      step,
      epoch: Math.round((step / stepsPerEpoch) * 1000) / 1000,
      trainLoss: progress.lossCount === 0 ? 0 : progress.lossSum / progress.lossCount,
      validationLoss: loss,
      elapsedMs: Math.round(progress.elapsedMs),
      memoryBytes: this.#control.memoryBytes?.() ?? 0,
    };
    progress.curve.push(point);
    this.#control.onPoint(point);
    Object.assign(progress, { lossSum: 0, lossCount: 0 });
  }

  async #validationLoss(): Promise<number | null> {
    if (!this.#validation) return null;
    const { features, target, weights } = this.#validation;
    const outputs = await this.#served.predict(features, this.#weights());
    const loss = objectiveLoss(outputs, target, this.#shape.task, weights);
    return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
  }

  #isOver(): boolean {
    const { epochs } = this.#shape.settings;
    const { bestLoss, bestEpoch } = this.#progress;
    if (bestLoss === null) return false;
    const wave = waveEnds.findIndex((end) => Math.ceil(end * epochs) === this.#trainer.epoch);
    return wave > 0 && bestEpoch <= Math.ceil(waveEnds[wave - 1]! * epochs);
  }

  #weights(): NetworkWeights {
    return this.#trainer.weights() as NetworkWeights;
  }

  #state(): LearnerState {
    const best = Object.entries(this.#best ?? {}).map(([name, values]) => [`best.${name}`, values]);
    return {
      json: structuredClone(this.#progress),
      arrays: { trainer: encodeCheckpoint(this.#trainer.checkpoint()), ...(Object.fromEntries(best) as NetworkWeights) },
    };
  }

  #result(ended: TrainedTable['ended']): TrainedTable {
    const { curve, bestEpoch } = this.#progress;
    return { weights: this.#best ?? this.#weights(), curve, epoch: bestEpoch, ended };
  }
}

function bestOf({ arrays }: LearnerState): NetworkWeights | null {
  const best = Object.entries(arrays).filter(([name]) => name.startsWith('best.'));
  return best.length === 0
    ? null
    : (Object.fromEntries(best.map(([name, values]) => [name.slice('best.'.length), values])) as NetworkWeights);
}
