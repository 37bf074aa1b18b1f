import type { Target } from '../5-emit/providers/target.ts';

/** The part of ONNX Runtime that training needs; `onnxruntime-node` fits as it is, see `Trainer`. */
export interface RuntimeTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

export interface RuntimeSession {
  /** `fetches` names the outputs wanted; a tensor there is written in place, null asks for a new one. */
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

export type FloatArray = Float32Array | Float64Array;
export type RuntimeTensorType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';
export type RuntimeTensorData = FloatArray | Int32Array | BigInt64Array | Uint8Array;

/** What a calibration chooses; a runtime may ignore it. */
export interface SessionSettings {
  /** Where it runs; default the CPU. */
  readonly provider?: Target['provider'] | undefined;
  /** Threads within one operator. */
  readonly threads?: number | undefined;
  /** The runtime's own rewriting; some graphs run faster without. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/**
 * ```ts
 * const runtime: Runtime = {
 *   createSession: (bytes, { threads = 1, optimization = 'all' } = {}) =>
 *     ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, graphOptimizationLevel: optimization }),
 *   tensor: (type, data, dims) => new ort.Tensor(type, data, dims),
 * };
 * ```
 */
export interface Runtime {
  createSession(bytes: Uint8Array, settings?: SessionSettings): Promise<RuntimeSession>;
  /** Wraps `data` without copying it. */
  tensor(type: RuntimeTensorType, data: RuntimeTensorData, dims: readonly number[]): RuntimeTensor;
}
