import * as ort from '../../../src-main/platform/onnxRuntime.ts';
import {
  calibrateInTurn,
  compileGradients,
  compileTraining,
  GradientTrainer,
  initialWeights,
  microBatches,
  probeBlockedChannels,
  Trainer,
  usefulHelpers,
  type LossSettings,
  type Network,
  type Runtime,
  type SessionSettings,
  type Target,
  type TrainingData,
} from '../../../src-main/compiler/index.ts';
import { startGradientThread } from '../../../src-main/stages/4-train/worker/threads/startGradientThread.ts';
import { median } from '../benchmark.ts';
import type { StepTime } from './torchPeer.ts';

export interface OurModel {
  readonly network: Network;
  readonly loss: LossSettings;
  readonly data: TrainingData;
  readonly batch: number;
}

/** How a training runs: many steps in one call with the optimizer in the graph, or gradients from the graph and the optimizer outside. */
type Form =
  | { readonly kind: 'loop'; readonly threads: number }
  | {
      readonly kind: 'flat';
      readonly microBatch: number;
      /** Threads beside this one, each with a part of the batch. */
      readonly workers: number;
      /** Threads within an operator. */
      readonly threads: number;
      readonly optimization: NonNullable<SessionSettings['optimization']>;
    };

export interface OurTraining {
  /** Of the form that was chosen; for the micro-batch and the threads see there. */
  readonly form: string;
  readonly compileMs: number;
  readonly sessionMs: number;
  /** How long choosing the form took, by measurement on this machine as the product does it. */
  readonly calibrateMs: number;
  run(steps: number): Promise<StepTime>;
  stop(): Promise<void>;
}

/** Start of the path of a profile that ONNX Runtime should write, for finding out where a step's time goes. */
const profile = process.env.MK_BENCH_PROFILE;

/** An ordinary model through the compiler and a trainer on `threads` cores, in the form that is fastest here. */
export async function startOurs(model: OurModel, threads: number): Promise<OurTraining> {
  const started = performance.now();
  const form = await choose(model, threads);
  const calibrateMs = performance.now() - started;
  const opened = await open(model, form, true);
  return { ...opened, form: JSON.stringify(form), calibrateMs };
}

/** Compiles and makes a session, without data or weights: what a user waits before the first step. */
export async function timeStart({ network, loss, batch }: Omit<OurModel, 'data'>): Promise<{ compileMs: number; sessionMs: number }> {
  const target = await targetOf(runtimeOf());
  const started = performance.now();
  const { bytes } = compileGradients({ ...network, forward: network.graph, loss, target, batchSize: batch });
  const compiled = performance.now();
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const made = performance.now();
  await session.release();
  return { compileMs: compiled - started, sessionMs: made - compiled };
}

async function choose(model: OurModel, threads: number): Promise<Form> {
  const { batch, network } = model;
  // With statistics over the batch, parts of it would be another model.
  const whole = Object.keys(network.state).length > 0;
  const nowMs = (): number => performance.now();
  const parts = whole ? 1 : threads;
  const { choice } = await calibrateInTurn<Form & { kind: 'flat' }>(
    { kind: 'flat', microBatch: batch / parts, workers: parts - 1, threads: whole ? threads : 1, optimization: 'all' },
    [
      whole ? [{}] : microBatches(batch / parts).map((microBatch) => ({ microBatch })),
      [{}, { optimization: 'disabled' }],
      threads > 1 && !whole ? [{}, { workers: 0, threads }] : [{}],
    ],
    async (form) => (await openFlat(model, form, runtimeOf())).trainer,
    { nowMs },
  );
  const loop: Form = { kind: 'loop', threads };
  const [flatMs, loopMs] = [await sample(model, choice), await sample(model, loop)];
  return loopMs < flatMs ? loop : choice;
}

/** ms a step, median of some. */
async function sample(model: OurModel, form: Form): Promise<number> {
  const opened = await open(model, form, false);
  const times: number[] = [];
  const started = performance.now();
  await opened.run(16);
  while (times.length < 3 || performance.now() - started < 1500) times.push((await opened.run(8)).ms);
  await opened.stop();
  return median(times);
}

type Opened = Omit<OurTraining, 'form' | 'calibrateMs'>;

async function open(model: OurModel, form: Form, final: boolean): Promise<Opened> {
  const runtime = runtimeOf(form.threads, final && profile ? profile : undefined);
  const { trainer, compileMs } = form.kind === 'flat' ? await openFlat(model, form, runtime) : await openLoop(model, runtime);
  return {
    compileMs,
    sessionMs: runtime.sessionMs(),
    async run(steps) {
      const [before, used] = [performance.now(), process.cpuUsage()];
      for (let done = 0; done < steps;) done += (await trainer.runOnce(steps - done)).losses.length;
      const ms = (performance.now() - before) / steps;
      const { user, system } = process.cpuUsage(used);
      return { ms, cpuMs: (user + system) / 1000 / steps };
    },
    async stop() {
      runtime.endProfiling();
      await trainer.release();
    },
  };
}

async function openFlat(
  { network, loss, data, batch }: OurModel,
  { microBatch, workers, threads, optimization }: Form & { kind: 'flat' },
  runtime: Runtime,
): Promise<{ trainer: GradientTrainer; compileMs: number }> {
  const target: Target = { ...(await targetOf(runtime)), ...(threads === 1 && { threads: 1 }) };
  const started = performance.now();
  const batchSize = batch / (workers + 1);
  const compiled = compileGradients({
    ...network,
    forward: network.graph,
    loss,
    target,
    batchSize,
    microBatch: Math.min(microBatch, batchSize),
  });
  const compileMs = performance.now() - started;
  const trainer = await GradientTrainer.create({
    ...common(network, data, runtime),
    compiled,
    optimizer: { kind: 'adam' },
    session: { threads, optimization },
    workers: Array.from({ length: workers }, startGradientThread),
    helpers: Array.from({ length: usefulHelpers(compiled, { workers, threads }) }, startGradientThread),
  });
  return { trainer, compileMs };
}

async function openLoop({ network, loss, data, batch }: OurModel, runtime: Runtime): Promise<{ trainer: Trainer; compileMs: number }> {
  const started = performance.now();
  const compiled = compileTraining({ ...network, forward: network.graph, loss, optimizer: { kind: 'adam' }, batchSize: batch });
  const compileMs = performance.now() - started;
  return { trainer: await Trainer.create({ ...common(network, data, runtime), compiled }), compileMs };
}

let probed: Promise<Target> | undefined;

/** What the product asks once at its start. */
function targetOf(runtime: Runtime): Promise<Target> {
  probed ??= probeBlockedChannels(runtime).then((channelBlock): Target => ({ provider: 'cpu', channelBlock }));
  return probed;
}

function common({ parameterShapes, frozenShapes, stateShapes, schemes }: Network, data: TrainingData, runtime: Runtime) {
  return {
    runtime,
    data,
    weights: initialWeights({ ...parameterShapes, ...frozenShapes, ...stateShapes }, 1, schemes),
    learningRate: 1e-3,
    seed: 1,
    nowMs: () => performance.now(),
  };
}

/** `ownThreads`: where the session settings do not say. */
function runtimeOf(ownThreads = 1, profilePrefix?: string): Runtime & { sessionMs(): number; endProfiling(): void } {
  let sessionMs = 0;
  let endProfiling = (): void => undefined;
  return {
    createSession: async (bytes, { threads = ownThreads, optimization = 'all' } = {}) => {
      const before = performance.now();
      const session = await ort.InferenceSession.create(bytes, {
        intraOpNumThreads: threads,
        graphOptimizationLevel: optimization,
        logSeverityLevel: 3,
        ...(profilePrefix && { enableProfiling: true, profileFilePrefix: profilePrefix }),
      });
      sessionMs = performance.now() - before;
      if (profilePrefix) endProfiling = () => session.endProfiling();
      return session as never;
    },
    tensor: (type, values, dims) => new ort.Tensor(type as 'float32', values as Float32Array, dims),
    sessionMs: () => sessionMs,
    endProfiling: () => endProfiling(),
  };
}
