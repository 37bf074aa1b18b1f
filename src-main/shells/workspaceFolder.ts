import os from 'node:os';
import { join, resolve } from 'node:path';

/** The folder to work in: `--workspace DIR` or `--workspace=DIR`, else MODELKEEP_WORKSPACE, else ~/Modelkeep. */
export function chooseWorkspace(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const index = argv.findIndex((word) => word === '--workspace' || word.startsWith('--workspace='));
  const given = index < 0 ? undefined : argv[index]!.includes('=') ? argv[index]!.slice('--workspace='.length) : argv[index + 1];
  return resolve(given || env.MODELKEEP_WORKSPACE || join(os.homedir(), 'Modelkeep'));
}

/** Who works here, for the audit log: the name of the operating system's user. */
export function currentActor(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`; // a user without an entry in the system's list, as in some containers
  }
}
