// One process per workspace. The lock is the operating system's (through SQLite), so it ends with its process, also after kill -9.
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { Clock } from './clock.ts';

export interface WorkspaceLock {
  readonly holder: LockHolder;
  release(): void;
}

export interface LockHolder {
  pid: number;
  /** Milliseconds since 1970-01-01 UTC. */
  since: number;
}

/** Takes the lock of `folder` or throws MK_WORKSPACE_LOCKED, which names the holder. */
export function lockWorkspace(folder: string, clock: Clock): WorkspaceLock {
  const file = join(folder, 'lock');
  if (!existsSync(file)) closeSync(openSync(file, 'a'));
  const db = new Sqlite(file, { timeout: 0 });
  try {
    // A rollback journal, not WAL: there, EXCLUSIVE keeps other processes out entirely. In memory, because nothing is ever written.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    const holder = lockHolder(folder);
    throw new ModelkeepError('MK_WORKSPACE_LOCKED', {
      folder,
      pid: holder?.pid ?? '?',
      since: holder ? new Date(holder.since).toISOString() : '?',
    });
  }
  const holder = { pid: process.pid, since: clock.now() };
  writeFileSync(holderFile(folder), JSON.stringify(holder)); // a message for people; the lock does not depend on it
  return {
    holder,
    release: () => {
      if (db.open) db.close(); // rolls back, which frees the lock
    },
  };
}

/** Who says to hold the lock; null when nobody ever did. May be out of date: only `lockWorkspace` decides. */
export function lockHolder(folder: string): LockHolder | null {
  try {
    const { pid, since } = JSON.parse(readFileSync(holderFile(folder), 'utf8')) as LockHolder;
    return { pid: Number(pid), since: Number(since) };
  } catch {
    return null;
  }
}

function holderFile(folder: string): string {
  return join(folder, 'lock.json');
}
