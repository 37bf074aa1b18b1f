import { InferenceSession, Tensor } from '../../../platform/onnxRuntime.ts';
import type { Runtime, RuntimeSession, RuntimeTensor } from '../../../compiler/index.ts';

/** ONNX Runtime for the trainer: one thread, so that sums have one order and equal seeds give equal bits. */
export const ortRuntime: Runtime = {
  createSession: async (bytes) =>
    (await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    })) as unknown as RuntimeSession,
  tensor: (type, data, dims) => new Tensor(type, data as never, dims) as unknown as RuntimeTensor,
};
