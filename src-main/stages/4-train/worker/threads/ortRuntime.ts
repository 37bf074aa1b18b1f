import { InferenceSession, Tensor } from '../../../../platform/onnxRuntime.ts';
import type { Runtime, RuntimeSession, RuntimeTensor } from '../../../../compiler/index.ts';

/** ONNX Runtime for the trainer: on the CPU and one thread unless asked otherwise, so that sums have one order and equal seeds give equal bits. */
export const ortRuntime: Runtime = {
  createSession: async (bytes, { provider = 'cpu', threads = 1, optimization = 'all' } = {}) =>
    (await InferenceSession.create(bytes, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: optimization,
      logSeverityLevel: 3,
    })) as unknown as RuntimeSession,
  tensor: (type, data, dims) => new Tensor(type, data as never, dims) as unknown as RuntimeTensor,
};
