import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GraphBuilder, type Runtime, type Target } from '../../../compiler/index.ts';
import { listSupportedBackends, onnxRuntimeFolder } from '../../../platform/onnxRuntime.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import type { Calibrations } from './Calibrations.ts';

type Provider = Target['provider'];

/** A way to compute on this machine, or why it is none. */
export interface ProviderState {
  readonly provider: Provider;
  /** Undefined where it works. */
  readonly unusable?: string;
}

/**
 * What this ONNX Runtime can train on here, the CPU first. A device counts when it multiplies two matrices rightly; that takes
 * some hundred milliseconds. A driver may take the process along: after the second time the device is left out.
 */
export async function providersHere(calibrations: Calibrations, runtime: Runtime = ortRuntime): Promise<ProviderState[]> {
  const states: ProviderState[] = [{ provider: 'cpu' }];
  for (const provider of ['cuda', 'webgpu'] as const) {
    const unusable = await whyUnusable(provider, calibrations, runtime);
    states.push({ provider, ...(unusable !== undefined && { unusable }) });
  }
  return states;
}

async function whyUnusable(provider: Provider, calibrations: Calibrations, runtime: Runtime): Promise<string | undefined> {
  const backend = listSupportedBackends().find(({ name }) => name === provider);
  if (!backend) return 'this build of ONNX Runtime does not have it';
  if (!backend.bundled && !providerLibrary(provider)) return 'its library is not installed beside ONNX Runtime';
  if (await calibrations.endsProcesses(provider)) return 'its driver ended the process, twice in a row';
  await calibrations.trying(provider);
  try {
    return (await multiplies(provider, runtime)) ? undefined : 'it computes wrongly';
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).trim().slice(-300);
  } finally {
    await calibrations.tried(provider);
  }
}

/** Looked for by ourselves, because ONNX Runtime writes its own complaint on the terminal. */
function providerLibrary(provider: Provider): string | undefined {
  const bin = join(onnxRuntimeFolder, 'bin');
  const folder = join(
    bin,
    readdirSync(bin).find((name) => name.startsWith('napi-'))!,
    process.platform,
    process.arch,
  );
  const file = join(
    folder,
    process.platform === 'win32' ? `onnxruntime_providers_${provider}.dll` : `libonnxruntime_providers_${provider}.so`,
  );
  return existsSync(file) ? file : undefined;
}

async function multiplies(provider: Provider, runtime: Runtime): Promise<boolean> {
  const size = 16;
  const g = new GraphBuilder('probe');
  const [a, b] = [g.input('a', 'float32', [size, size]), g.input('b', 'float32', [size, size])];
  g.output(g.op('MatMul', [a, b], { output: { shape: [size, size] } }), 'product');
  const session = await runtime.createSession(g.toModelBytes({ producer: 'modelkeep' }), { provider });
  try {
    const left = Float32Array.from({ length: size * size }, (_, at) => ((at * 37) % 11) - 5);
    const right = Float32Array.from({ length: size * size }, (_, at) => ((at * 53) % 13) - 6);
    const tensor = (values: Float32Array) => runtime.tensor('float32', values, [size, size]);
    const given = (await session.run({ a: tensor(left), b: tensor(right) }, { product: null }))['product']!.data as Float32Array;
    return given.every((value, at) => {
      const [row, column] = [Math.floor(at / size), at % size];
      let sum = 0;
      for (let inner = 0; inner < size; inner++) sum += left[row * size + inner]! * right[inner * size + column]!;
      // Whole numbers: exact in any order.
      return value === sum;
    });
  } finally {
    await session.release();
  }
}
