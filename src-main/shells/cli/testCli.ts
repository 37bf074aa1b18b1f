// The command line as a program would call it, for tests: not interactive, what it prints caught.
import { join } from 'node:path';
import { runCli } from './runCli.ts';

export interface Called {
  status: number;
  stdout: string;
  stderr: string;
}

/** On the workspace `w` in `folder`. */
export async function callIn(folder: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Called> {
  let stdout = '';
  let stderr = '';
  const status = await runCli([...argv], {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    interactive: false,
    signal: new AbortController().signal,
    env: { MODELKEEP_WORKSPACE: join(folder, 'w'), ...env },
  });
  return { status, stdout, stderr };
}
