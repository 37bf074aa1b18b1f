import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { ShouldStop } from '../shouldStop.ts';
import type { GradientTrainer } from './GradientTrainer.ts';
import type { GradientReport } from './gradientTraining.ts';

/** Where a training can run. */
export interface TrainingDevice {
  /** For people, e.g. 'webgpu'. */
  readonly name: string;
  /** The same training, compiled for this device: the same data, seed, optimizer and rows a step; other runs a step are fine. */
  open(): Promise<GradientTrainer>;
}

/** A device that was given up. Rounding is another from here on, so the result is not what the device alone would have given. */
export interface LostDevice {
  readonly from: string;
  readonly to: string;
  /** Updates that were made before; nothing of them is lost. */
  readonly step: number;
  readonly reason: string;
}

export interface DeviceTrainerSettings {
  /** The first that opens is used, the others follow when it gives up; the CPU comes last. */
  readonly devices: readonly TrainingDevice[];
  /** To be told to people: no device is exchanged in silence. */
  readonly onLost: (lost: LostDevice) => void;
}

/**
 * A training that survives its device: when the runtime gives up in a run (a graphics driver that was restarted, a device that
 * was unplugged, device memory that is full), the next device goes on from the state before that step, which lies in memory of
 * the host. A device that takes the process along is the job's affair: it resumes from the checkpoint on disk.
 *
 * ```ts
 * const training = await DeviceTrainer.create({ devices: [{ name: 'webgpu', open: openOnGpu }, { name: 'cpu', open }], onLost: tell });
 * for await (const run of training.train({ epochs: 3 })) show(run.losses);
 * const weights = training.trainer.weights();
 * ```
 */
export class DeviceTrainer {
  readonly #settings: DeviceTrainerSettings;
  #next = 0;
  #trainer: GradientTrainer | undefined;

  /** Throws what the last device throws when none opens. */
  static async create(settings: DeviceTrainerSettings): Promise<DeviceTrainer> {
    const made = new DeviceTrainer(settings);
    await made.#openNext();
    return made;
  }

  private constructor(settings: DeviceTrainerSettings) {
    this.#settings = settings;
  }

  /** On the present device: another one after a device was lost. */
  get trainer(): GradientTrainer {
    return this.#trainer!;
  }

  /** Name of the present device. */
  get device(): string {
    return this.#settings.devices[this.#next - 1]!.name;
  }

  /** As `GradientTrainer.train`; throws what the last device throws. */
  async *train({ epochs, shouldStop = () => false }: { epochs: number; shouldStop?: ShouldStop }): AsyncGenerator<GradientReport, void> {
    while (this.trainer.epoch < epochs && !(await shouldStop())) {
      const report = await this.runOnce(shouldStop);
      if (report.losses.length > 0) yield report;
      if (report.gaveUp) return;
    }
  }

  /** As `GradientTrainer.checkpoint`, with the place in the epoch in steps, so that any device goes on from it, and `Trainer`. */
  checkpoint(): Checkpoint {
    const checkpoint = this.trainer.checkpoint();
    return { ...checkpoint, batchInEpoch: checkpoint.batchInEpoch / this.trainer.runsPerStep };
  }

  /** From a checkpoint of `checkpoint` above. Throws MK_COMPILER_CHECKPOINT_INVALID as `GradientTrainer` does. */
  restore(checkpoint: Checkpoint): void {
    this.trainer.restore({ ...checkpoint, batchInEpoch: checkpoint.batchInEpoch * this.trainer.runsPerStep });
  }

  async release(): Promise<void> {
    await this.trainer.release();
  }

  /** As `GradientTrainer.runOnce`, on the next device where this one gives up; throws what the last device throws. */
  async runOnce(shouldStop: ShouldStop = () => false): Promise<GradientReport> {
    for (;;) {
      const trainer = this.trainer;
      try {
        return await trainer.runOnce(Infinity, shouldStop);
      } catch (error) {
        if (!(isModelkeepError(error) && error.code === 'MK_COMPILER_RUN_FAILED') || this.#next === this.#settings.devices.length)
          throw error;
        const [from, checkpoint] = [this.device, this.checkpoint()];
        // What is gone may not let itself be released.
        await trainer.release().catch(() => undefined);
        await this.#openNext();
        checkSameSteps(trainer, this.trainer);
        this.restore(checkpoint);
        this.#settings.onLost({ from, to: this.device, step: checkpoint.step, reason: String(error.params['reason']) });
      }
    }
  }

  async #openNext(): Promise<void> {
    for (;;) {
      const device = this.#settings.devices[this.#next++]!;
      try {
        this.#trainer = await device.open();
        return;
      } catch (error) {
        const to = this.#settings.devices[this.#next];
        if (!to) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        this.#settings.onLost({ from: device.name, to: to.name, step: this.#trainer?.step ?? 0, reason });
      }
    }
  }
}

/** Devices may cut a step into other runs, but it has the same rows. */
function checkSameSteps(from: GradientTrainer, to: GradientTrainer): void {
  const [before, after] = [from, to].map((each) => each.batchRows * each.runsPerStep);
  if (before !== after) throw new Error(`The devices make steps of ${before} and of ${after} rows: that is another training.`);
}
