// The one way to ONNX Runtime. Since 1.29 its official builds for Linux and macOS report sessions, model names and devices to their maker
// over HTTPS, and keep an identifier in the user's home, unless this variable is set before the library is loaded
// (microsoft/onnxruntime#27379). So the variable comes first, and the library by `require`: an import would be hoisted above it.
import { createRequire } from 'node:module';

process.env.ORT_DISABLE_TELEMETRY = '1';

const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');

export const InferenceSession = runtime.InferenceSession;
export type InferenceSession = import('onnxruntime-node').InferenceSession;
export const Tensor = runtime.Tensor;
export type Tensor = import('onnxruntime-node').Tensor;
export const listSupportedBackends = runtime.listSupportedBackends;
/** Of the library that is loaded, e.g. `1.30.0`. */
export const onnxRuntimeVersion: string = runtime.env.versions.node ?? runtime.env.versions.common;
