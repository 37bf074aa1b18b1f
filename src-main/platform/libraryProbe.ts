// Loads the native libraries in a process of its own and says what works: the core never loads a model, and a broken library ends only this.
import { serveWorker } from './workerMain.ts';

export interface LibraryVersions {
  libraries: Record<string, string>;
  /** Execution providers of ONNX Runtime that this build knows. */
  providers: string[];
  failures: { library: string; reason: string }[];
}

serveWorker({
  /** Versions of what loads; the reason for what does not. */
  libraries: async (): Promise<LibraryVersions> => {
    const found: LibraryVersions = { libraries: {}, providers: [], failures: [] };
    const attempt = async (library: string, load: () => Promise<string>): Promise<void> => {
      try {
        found.libraries[library] = await load();
      } catch (error) {
        found.failures.push({ library, reason: error instanceof Error ? error.message : String(error) });
      }
    };
    await attempt('duckdb', async () => (await import('@duckdb/node-api')).default.version());
    await attempt('onnxruntime', async () => {
      const runtime = await import('./onnxRuntime.ts');
      found.providers = runtime.listSupportedBackends().map(({ name }) => name);
      return runtime.onnxRuntimeVersion;
    });
    await attempt('sharp', async () => (await import('sharp')).default.versions.sharp ?? '?');
    await attempt('libvips', async () => (await import('sharp')).default.versions.vips);
    return found;
  },
  /** Runs a one-node model on `provider`. */
  provider: async ({ provider }: { provider: string }): Promise<{ tookMs: number }> => {
    const { InferenceSession, Tensor } = await import('./onnxRuntime.ts');
    const start = performance.now();
    const session = await InferenceSession.create(Buffer.from(doubled, 'base64'), { executionProviders: [provider], logSeverityLevel: 4 });
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) });
    if (y?.data[0] !== 2 || y.data[1] !== 4) throw new Error('the answer is wrong');
    return { tookMs: performance.now() - start };
  },
});

/** y = x + x, float32 [2], opset 13. */
const doubled = 'CAg6OQoOCgF4CgF4EgF5IgNBZGQSBXByb2JlWg8KAXgSCgoICAESBAoCCAJiDwoBeRIKCggIARIECgIIAkIECgAQDQ==';
