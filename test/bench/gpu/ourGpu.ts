import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CalibrationEntry } from '../../../src-main/compiler/index.ts';
import type { StepTime } from '../training/torchPeer.ts';
import type { GpuCaseName } from './gpuCases.ts';

export interface GpuTraining {
  readonly form: string;
  readonly entries: readonly CalibrationEntry[];
  run(steps: number): Promise<StepTime>;
  stop(): void;
}

export interface GpuTrainingSettings {
  readonly case: GpuCaseName;
  readonly provider: 'cuda' | 'webgpu';
  readonly software: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a process that trains on the device, or says why it cannot. */
export async function startOnGpu({ env, ...settings }: GpuTrainingSettings): Promise<GpuTraining | { readonly unavailable: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'gpuTraining.ts')], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1000)));
  // A child that has ended closes its input; the missing answer says so.
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    return done ? { unavailable: `the process ended: ${said.trim().split('\n').at(-1) ?? ''}` } : (JSON.parse(value) as unknown);
  };
  const started = (await ask(JSON.stringify(settings))) as Pick<GpuTraining, 'form' | 'entries'> | { unavailable: string };
  if ('unavailable' in started) {
    child.stdin.end();
    return started;
  }
  return {
    ...started,
    async run(steps) {
      const time = (await ask(String(steps))) as StepTime | { unavailable: string };
      if ('unavailable' in time) throw new Error(time.unavailable);
      return time;
    },
    stop: () => void child.stdin.end(),
  };
}
