// The built application in a process of its own, on a workspace of its own, as a user starts it in browser mode.
import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { roleFlag } from '../../src-main/platform/workerMessages.ts';
import { connectToCore, type CoreClient } from './coreClient.ts';

export interface App {
  /** Address of the interface, with its token. */
  url: string;
  workspaceFolder: string;
  client: CoreClient;
  /** The shell and its children that live now, by role (`shell`, `core`, `gateway` …). Linux only. */
  processes(): { role: string; pid: number }[];
  /** Ends it as a user would. */
  stop(): Promise<void>;
  /** SIGKILL to the shell. */
  kill(): Promise<void>;
  readonly exited: boolean;
}

/** The gateway takes a free port unless `env` says otherwise. */
export async function startApp(workspaceFolder: string, env: NodeJS.ProcessEnv = {}): Promise<App> {
  const child = fork(join(import.meta.dirname, 'headlessProcess.ts'), [workspaceFolder], {
    env: { ...process.env, MODELKEEP_SERVE_PORT: '0', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url));
    child.once('exit', (code) => reject(new Error(`The application ended with ${code} before it served`)));
  });
  const client = connectToCore(workspaceFolder);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    url,
    workspaceFolder,
    client,
    processes: () => [{ role: 'shell', pid: child.pid! }, ...childrenOf(child)],
    stop: async () => {
      client.close();
      if (child.connected) child.disconnect();
      await gone;
    },
    kill: async () => {
      client.close();
      child.kill('SIGKILL');
      await gone;
    },
    get exited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
  };
}

/** All descendants that carry a role in their arguments. */
function childrenOf(root: ChildProcess): { role: string; pid: number }[] {
  const parents = new Map<number, number>();
  const roles = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      const role = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .find((word) => word.startsWith(roleFlag));
      if (role) roles.set(pid, role.slice(roleFlag.length));
    } catch {
      // It ended while we looked.
    }
  }
  const isOurs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root.pid) return true;
    return false;
  };
  return [...roles].filter(([pid]) => isOurs(pid)).map(([pid, role]) => ({ pid, role }));
}
