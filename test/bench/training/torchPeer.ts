import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { preparePython } from '../../fixtures/python.ts';
import { pytorchRequirements } from '../../peers/pytorch.ts';

export interface TorchModel {
  /** A name in torchModels.py. */
  readonly model: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Images in the order that PyTorch's convolutions prefer. */
  readonly channelsLast?: boolean;
  readonly batch: number;
  /** Rows in memory, of which a step gathers a minibatch. */
  readonly rows: number;
}

/** What a step took, the mean of some: by the clock, and of the processor in all threads. */
export interface StepTime {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface TorchTraining {
  readonly version: string;
  /** The first step: torch.compile works there. */
  readonly startMs: number;
  run(steps: number): Promise<StepTime>;
  stop(): void;
}

/** Starts a PyTorch process that trains `model`, or says why it cannot. */
export async function startTorch(
  model: TorchModel,
  { threads, compile, device = 'cpu' }: { threads: number; compile: boolean; device?: 'cpu' | 'cuda' },
): Promise<TorchTraining | { readonly unavailable: string }> {
  const python = await preparePython(pytorchRequirements);
  const count = String(threads);
  // OPENBLAS_* may be set on a machine for older builds and slow a current one; PyTorch has MKL, but numpy comes along.
  const env = { ...process.env, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
  const child = spawn(python, [join(import.meta.dirname, 'torchTraining.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`The PyTorch process ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const started = (await ask(JSON.stringify({ ...model, threads, compile, device }))) as
    { version: string; kernel: string; startMs: number } | { unavailable: string };
  if ('unavailable' in started) return started;
  return {
    version: `PyTorch ${started.version} (${started.kernel}, ${cpus().length} cores)`,
    startMs: started.startMs,
    run: async (steps) => (await ask(String(steps))) as StepTime,
    stop: () => child.stdin.end(),
  };
}
