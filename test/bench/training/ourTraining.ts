import * as ort from '../../../src-main/platform/onnxRuntime.ts';
import {
  compileTraining,
  initialWeights,
  Trainer,
  type LossSettings,
  type Network,
  type Runtime,
  type TrainingData,
} from '../../../src-main/compiler/index.ts';

export interface OurModel {
  readonly network: Network;
  readonly loss: LossSettings;
  readonly data: TrainingData;
  readonly batch: number;
}

export interface OurTraining {
  readonly compileMs: number;
  readonly sessionMs: number;
  /** Makes steps; mean ms of one. */
  run(steps: number): Promise<number>;
  stop(): Promise<void>;
}

/** Start of the path of a profile that ONNX Runtime should write, for finding out where a step's time goes. */
const profile = process.env.MK_BENCH_PROFILE;

/** Compiles and makes a session, without data or weights: what a user waits before the first step. */
export async function timeStart({ network, loss, batch }: Omit<OurModel, 'data'>): Promise<{ compileMs: number; sessionMs: number }> {
  const started = performance.now();
  const { bytes } = compileTraining({ ...network, forward: network.graph, loss, optimizer: { kind: 'adam' }, batchSize: batch });
  const compiled = performance.now();
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const made = performance.now();
  await session.release();
  return { compileMs: compiled - started, sessionMs: made - compiled };
}

/** An ordinary model through the compiler and the trainer, with `threads` threads of ONNX Runtime. */
export async function startOurs({ network, loss, data, batch }: OurModel, threads: number): Promise<OurTraining> {
  const started = performance.now();
  const compiled = compileTraining({ ...network, forward: network.graph, loss, optimizer: { kind: 'adam' }, batchSize: batch });
  const compileMs = performance.now() - started;
  let sessionMs = 0;
  let endProfiling = (): void => undefined;
  const runtime: Runtime = {
    createSession: async (bytes) => {
      const before = performance.now();
      const session = await ort.InferenceSession.create(bytes, {
        intraOpNumThreads: threads,
        logSeverityLevel: 3,
        ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      });
      sessionMs = performance.now() - before;
      if (profile) endProfiling = () => session.endProfiling();
      return session as never;
    },
    tensor: (type, values, dims) => new ort.Tensor(type as 'float32', values as Float32Array, dims),
  };
  const { parameterShapes, frozenShapes, stateShapes, schemes } = network;
  const trainer = await Trainer.create({
    runtime,
    compiled,
    data,
    weights: initialWeights({ ...parameterShapes, ...frozenShapes, ...stateShapes }, 1, schemes),
    learningRate: 1e-3,
    seed: 1,
    nowMs: () => performance.now(),
  });
  return {
    compileMs,
    sessionMs,
    async run(steps) {
      const before = performance.now();
      for (let done = 0; done < steps;) {
        const { losses } = await trainer.runOnce(steps - done);
        done += losses.length;
      }
      return (performance.now() - before) / steps;
    },
    async stop() {
      endProfiling();
      await trainer.release();
    },
  };
}
