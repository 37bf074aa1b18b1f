import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { softwareGpuEnvironment } from './softwareGpu.ts';
import type { Finding, Task } from './tasks.ts';

/** A task that takes longer hangs. */
const limitMs = 120_000;

/** Runs the tasks in a child process, one by one; where it crashes or hangs, the task is named and a new child goes on. */
export async function* findings(tasks: readonly Task[]): AsyncGenerator<readonly [Task, Finding]> {
  const environment = softwareGpuEnvironment();
  if (!environment) throw new Error('There is no SwiftShader: neither Chromium nor Electron is installed (npm test installs them).');
  let child: Child | undefined;
  try {
    for (const task of tasks) {
      child ??= new Child(environment);
      const answer = await child.ask(task);
      if (answer === undefined) {
        yield [task, { error: `the process ended (${child.end()})` }];
        child = undefined;
      } else yield [task, answer];
    }
  } finally {
    child?.end();
  }
}

class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #said = '';

  constructor(environment: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [join(import.meta.dirname, 'child.ts')], { env: { ...process.env, ...environment } });
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-300)));
    // A child that has ended closes its input; the missing answer says so.
    this.#process.stdin.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined when the process ends or does not answer. */
  async ask(task: Task): Promise<Finding | undefined> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), limitMs);
    this.#process.stdin.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    return done ? undefined : (JSON.parse(value) as Finding);
  }

  /** Returns its last words. */
  end(): string {
    this.#process.kill();
    return this.#said.trim().split('\n').at(-1) ?? '';
  }
}
