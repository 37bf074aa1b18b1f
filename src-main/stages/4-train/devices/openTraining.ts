import { createHash } from 'node:crypto';
import {
  chooseRun,
  compileGradients,
  DeviceTrainer,
  GradientTrainer,
  initialWeights,
  probeBlockedChannels,
  usefulHelpers,
  type ChosenRun,
  type GradientTrainerSettings,
  type LossSettings,
  type LostDevice,
  type Network,
  type ProviderRun,
  type RunChoice,
  type Runtime,
  type ShouldStop,
  type Target,
} from '../../../compiler/index.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import { startGradientThread } from '../worker/threads/startGradientThread.ts';
import type { Calibrations, KeptCalibration } from './Calibrations.ts';
import type { ProviderState } from './providers.ts';

export interface TrainingSettings extends Pick<
  GradientTrainerSettings,
  'optimizer' | 'data' | 'rowWeights' | 'learningRate' | 'seed' | 'nowMs' | 'runMs'
> {
  readonly network: Network;
  readonly loss: LossSettings;
  /** Rows of one update. */
  readonly batchRows: number;
  /** Of the network; default drawn by its schemes and the seed. */
  readonly weights?: GradientTrainerSettings['weights'];
  /** Cores that this training may use. */
  readonly threads: number;
  /** Not needed where `choice` is given. */
  readonly calibrations?: Calibrations;
  /** What the calibration is kept under in place of the graph, which may hold constants that differ while its times do not. */
  readonly measuredAs?: unknown;
  /** From `providersHere`; those that are unusable are left out. */
  readonly providers: readonly ProviderState[];
  /** Of a training that goes on: its choice, so that it goes on with the same bits. */
  readonly choice?: readonly ProviderRun[];
  readonly onLost: (lost: LostDevice) => void;
  readonly shouldStop?: ShouldStop;
  /** Of the calibration, see `chooseRun`. */
  readonly msPerCandidate?: number;
  readonly runtime?: Runtime;
}

export interface OpenTraining {
  readonly training: DeviceTrainer;
  /** The best, then what follows when it is lost: belongs into the training's checkpoint. */
  readonly choice: readonly ProviderRun[];
  /** What was measured, now or before; undefined where the choice was given. */
  readonly calibration: KeptCalibration | undefined;
}

/**
 * A training on the device and in the form that is fastest on this machine: measured at the first time for this graph (some
 * seconds), looked up afterwards. When the device gives up, the CPU goes on.
 *
 * Throws as `compileGradients`, `chooseRun` and `GradientTrainer.create` do.
 */
export async function openTraining(settings: TrainingSettings): Promise<OpenTraining> {
  const { calibrations, measuredAs, providers, runtime = ortRuntime, threads } = settings;
  const target: Target = { provider: 'cpu', channelBlock: await probeBlockedChannels(runtime) };
  const open = (choice: RunChoice, runsPerStep: number): Promise<GradientTrainer> =>
    trainerOf(settings, runtime, target, choice, runsPerStep);
  let calibration: KeptCalibration | undefined;
  let choice = settings.choice;
  if (!choice) {
    if (!calibrations) throw new Error('A training without a choice needs a place for what is measured.');
    const usable = providers.filter(({ unusable }) => unusable === undefined).map(({ provider }) => provider);
    const whole = compileGradients({ ...compiledFrom(settings), batchSize: settings.batchRows });
    const training = {
      graph: measuredAs ?? createHash('sha256').update(whole.bytes).digest('hex'),
      optimizer: settings.optimizer.kind,
      batchRows: settings.batchRows,
      threads,
      usable,
    };
    calibration =
      (await calibrations.find(training)) ??
      (await calibrations.keep(training, await measured(settings, calibrations, usable, !whole.mixesRows, open)));
    choice = inTurn(calibration);
  }
  const devices = choice.map((each) => ({ name: each.choice.provider, open: () => open(each.choice, each.runsPerStep) }));
  return { training: await DeviceTrainer.create({ devices, onLost: settings.onLost }), choice, calibration };
}

/** The fastest; behind another device comes the CPU. */
function inTurn({ choice, byProvider }: ChosenRun): ProviderRun[] {
  const best = byProvider.find((each) => each.choice.provider === choice.provider)!;
  const cpu = byProvider.find((each) => each.choice.provider === 'cpu');
  return cpu && cpu !== best ? [best, cpu] : [best];
}

async function measured(
  { batchRows, threads, nowMs, shouldStop, msPerCandidate }: TrainingSettings,
  calibrations: Calibrations,
  usable: readonly Target['provider'][],
  mayCut: boolean,
  open: (choice: RunChoice, runsPerStep: number) => Promise<GradientTrainer>,
): Promise<ChosenRun> {
  const common = {
    batchRows,
    threads,
    mayCut,
    nowMs,
    ...(shouldStop && { shouldStop }),
    ...(msPerCandidate !== undefined && { msPerCandidate }),
  };
  return chooseRun({
    ...common,
    providers: usable,
    async create(choice) {
      await calibrations.trying(choice.provider);
      const trainer = await open(choice, 1);
      return {
        batchRows: trainer.batchRows,
        runOnce: (batches, stop) => trainer.runOnce(batches, stop),
        async release() {
          await trainer.release();
          await calibrations.tried(choice.provider);
        },
      };
    },
  });
}

function compiledFrom({ network, loss }: TrainingSettings): Omit<Parameters<typeof compileGradients>[0], 'batchSize'> {
  return { ...network, forward: network.graph, loss };
}

async function trainerOf(
  settings: TrainingSettings,
  runtime: Runtime,
  cpu: Target,
  { provider, rowsPerRun, microBatch, workers, threads, optimization }: RunChoice,
  runsPerStep: number,
): Promise<GradientTrainer> {
  const { network, optimizer, data, rowWeights, learningRate, seed, nowMs, runMs } = settings;
  const target: Target = provider === 'cpu' ? { ...cpu, ...(threads === 1 && { threads: 1 }) } : { provider };
  const compiled = compileGradients({ ...compiledFrom(settings), batchSize: rowsPerRun, microBatch, target });
  const { parameterShapes, frozenShapes, stateShapes, schemes } = network;
  return GradientTrainer.create({
    runtime,
    compiled,
    optimizer,
    data,
    ...(rowWeights && { rowWeights }),
    weights: settings.weights ?? initialWeights({ ...parameterShapes, ...frozenShapes, ...stateShapes }, seed, schemes),
    learningRate,
    seed,
    nowMs,
    ...(runMs !== undefined && { runMs }),
    accumulate: runsPerStep,
    session: { provider, threads, optimization },
    workers: Array.from({ length: workers }, startGradientThread),
    helpers: Array.from({ length: usefulHelpers(compiled, { workers, threads }) }, startGradientThread),
  });
}
