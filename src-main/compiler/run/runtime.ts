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

/**
 * ```ts
 * const runtime: Runtime = {
 *   createSession: (bytes) => ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 }),
 *   tensor: (type, data, dims) => new ort.Tensor(type, data, dims),
 * };
 * ```
 */
export interface Runtime {
  createSession(bytes: Uint8Array): Promise<RuntimeSession>;
  /** Wraps `data` without copying it. */
  tensor(type: RuntimeTensorType, data: RuntimeTensorData, dims: readonly number[]): RuntimeTensor;
}
