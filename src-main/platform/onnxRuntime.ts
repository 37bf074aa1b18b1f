// The one way to ONNX Runtime. Since 1.29 its official builds for Linux and macOS report sessions, model names and devices to their maker
// over HTTPS, and keep an identifier in the user's home, unless this variable is set before the library is loaded
// (microsoft/onnxruntime#27379). So the variable comes first, and the library by `require`: an import would be hoisted above it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

process.env.ORT_DISABLE_TELEMETRY = '1';

// Another copy of the package, of the same version: one with CUDA's provider beside its library, which the npm package does not hold.
const load = createRequire(import.meta.url);
const chosen = process.env.MODELKEEP_ONNXRUNTIME || 'onnxruntime-node';
const runtime = load(chosen) as typeof import('onnxruntime-node');

/** Where the package lies whose library is loaded. */
export const onnxRuntimeFolder: string = dirname(load.resolve(join(chosen, 'package.json')));

export const InferenceSession = runtime.InferenceSession;
export type InferenceSession = import('onnxruntime-node').InferenceSession;
export const Tensor = runtime.Tensor;
export type Tensor = import('onnxruntime-node').Tensor;
export const listSupportedBackends = runtime.listSupportedBackends;
/** Of the library that is loaded, e.g. `1.30.0`. */
export const onnxRuntimeVersion: string = runtime.env.versions.node ?? runtime.env.versions.common;
