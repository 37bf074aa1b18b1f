import * as ort from '../../platform/onnxRuntime.ts';
import { readModel, type Runtime, type RuntimeTensor } from '../index.ts';
import { interpret, tensor } from './referenceInterpreter.ts';

/** The real one, one thread. */
export const onnxRuntime: Runtime = {
  createSession: (bytes, { threads = 1, optimization = 'all' } = {}) =>
    ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, graphOptimizationLevel: optimization, logSeverityLevel: 3 }) as never,
  tensor: (type, data, dims) => new ort.Tensor(type as 'float32', data as Float32Array, dims),
};

/** Runs the same models through the reference interpreter, in float64 whatever the model says. */
export const referenceRuntime: Runtime = {
  createSession: (bytes) => {
    const { graph } = readModel(bytes);
    const run = (
      feeds: Readonly<Record<string, RuntimeTensor>>,
      fetches: Readonly<Record<string, RuntimeTensor | null>>,
    ): Promise<Record<string, RuntimeTensor>> => {
      const results = interpret(
        graph,
        Object.fromEntries(Object.entries(feeds).map(([name, each]) => [name, tensor(each.dims, each.data as Float64Array)])),
      );
      return Promise.resolve(
        Object.fromEntries(
          Object.entries(fetches).map(([name, into]) => {
            const { shape, data } = results[name]!;
            if (into) (into.data as Float64Array).set(data);
            return [name, into ?? { dims: shape, data }];
          }),
        ),
      );
    };
    return Promise.resolve({ run, release: () => Promise.resolve() });
  },
  tensor: (_type, data, dims) => ({ data, dims }),
};

/** A deterministic pseudo-random stream for test data, apart from the product's own generator. */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A runtime as older versions of Node let it be. */
export function refusingSharedMemory(runtime: Runtime): Runtime {
  return {
    ...runtime,
    tensor(type, data, dims) {
      if (!(data.buffer instanceof ArrayBuffer)) throw new TypeError('Invalid argument');
      return runtime.tensor(type, data, dims);
    },
  };
}
