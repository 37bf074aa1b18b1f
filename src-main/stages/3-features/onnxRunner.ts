import type { LoadModel, TensorLike } from './rawTable.ts';

export interface OnnxOptions {
  /** Threads inside one operator; default 1, so that the sums have one order and workers do not fight. */
  threads?: number;
}

/** Loads models into ONNX Runtime on the CPU. `run` blocks the thread while it computes: call it in a worker process only. */
export function onnxLoader({ threads = 1 }: OnnxOptions = {}): LoadModel {
  return async (model) => {
    // Loaded with the first model: the core uses this stage too, and it never loads one.
    const { InferenceSession, Tensor } = await import('../../platform/onnxRuntime.ts');
    const session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return {
      run: async (feeds) => {
        const outputs = await session.run(
          Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data as never, dims)])),
        );
        return Object.fromEntries(Object.entries(outputs).map(([name, each]) => [name, each as unknown as TensorLike]));
      },
      release: () => session.release(),
    };
  };
}
