// A workspace is one folder that holds everything a person made; copying the folder copies the work.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BlobStore } from './blobStore.ts';
import type { Clock } from './clock.ts';
import { describeDiskError, freeSpace, fsyncFolder } from './files.ts';
import { lockWorkspace, type WorkspaceLock } from './lock.ts';
import { migrate, type Migration } from './migrate.ts';
import { openDatabase, type WritableDb } from './sqlite.ts';

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  /** The last part of the path, for people. */
  readonly name: string;
  readonly db: WritableDb;
  readonly blobs: BlobStore;
  /** For files on their way; emptied at start. */
  readonly tmp: string;
  /** Files that a browser sent, kept for a day. */
  readonly uploads: string;
  readonly logs: string;
  readonly journal: string;
  /** Sockets of the running core. */
  readonly run: string;
  readonly lock: WorkspaceLock;
  readonly createdAt: number;
  /** True when this call made it. */
  readonly firstRun: boolean;
  /** Gives back the reserved space, because on a full disk even a DELETE fails. True when there was any. */
  releaseBallast(): Promise<boolean>;
  close(): Promise<void>;
}

export interface WorkspaceOptions {
  clock: Clock;
  migrations: readonly Migration[];
  /** Reserved space, default 64 MiB: enough for SQLite to delete and check-point on a full disk. 0 for none. */
  ballastBytes?: number;
}

const day = 86_400_000;

/** Opens the workspace in `folder`, making it if need be.
 *  Errors: MK_WORKSPACE_LOCKED, MK_WORKSPACE_NEWER, MK_WORKSPACE_UNWRITABLE, MK_DISK_FULL. */
export async function openWorkspace(
  folder: string,
  { clock, migrations, ballastBytes = 64 * 1024 * 1024 }: WorkspaceOptions,
): Promise<Workspace> {
  const root = resolve(folder);
  const at = (part: string): string => join(root, part);
  let lock: WorkspaceLock | null = null;
  let db: WritableDb | null = null;
  try {
    makeFolders(root);
    lock = lockWorkspace(root, clock);
    await emptyTemporary(at('tmp'), clock.now());
    const file = at('registry.sqlite');
    const firstRun = !(await stat(file).catch(() => null));
    db = openDatabase(file);
    migrate(db, migrations);
    if (firstRun) await fsyncFolder(root);
    const ballast = new Ballast(at('ballast'), ballastBytes);
    void ballast.fill();
    return compose({ root, at, lock, db, ballast, firstRun, createdAt: await birth(file) });
  } catch (error) {
    db?.close();
    lock?.release();
    throw await describeDiskError(error, root);
  }
}

/** Not every file system knows when a file was made. */
async function birth(file: string): Promise<number> {
  const { birthtimeMs, mtimeMs } = await stat(file);
  return birthtimeMs || mtimeMs;
}

interface Parts {
  root: string;
  at(part: string): string;
  lock: WorkspaceLock;
  db: WritableDb;
  ballast: Ballast;
  firstRun: boolean;
  createdAt: number;
}

function compose({ root, at, lock, db, ballast, firstRun, createdAt }: Parts): Workspace {
  const close = async (): Promise<void> => {
    await ballast.settle();
    if (db.open) db.close();
    lock.release();
  };
  return {
    folder: root,
    name: basename(root),
    db,
    blobs: new BlobStore(at('blobs'), at('tmp')),
    tmp: at('tmp'),
    uploads: at('tmp/uploads'),
    logs: at('logs'),
    journal: at('journal'),
    run: at('run'),
    lock,
    createdAt: Math.round(createdAt),
    firstRun,
    releaseBallast: () => ballast.release(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function makeFolders(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const part of ['blobs/sha256', 'tmp/uploads', 'logs', 'journal']) mkdirSync(join(root, part), { recursive: true });
  mkdirSync(join(root, 'run'), { recursive: true, mode: 0o700 }); // sockets: for this user only
}

/** What a killed core left behind. Uploads stay for a day, because an import may come after a restart. */
async function emptyTemporary(tmp: string, now: number): Promise<void> {
  for (const entry of await readdir(tmp)) if (entry !== 'uploads') await rm(join(tmp, entry), { recursive: true, force: true });
  const uploads = join(tmp, 'uploads');
  await mkdir(uploads, { recursive: true });
  for (const entry of await readdir(uploads)) {
    if ((await stat(join(uploads, entry))).mtimeMs < now - day) await rm(join(uploads, entry), { recursive: true, force: true });
  }
}

/** A file that only takes up space. */
class Ballast {
  readonly #file: string;
  readonly #bytes: number;
  #filling: Promise<void> = Promise.resolve();
  #wanted = true;

  constructor(file: string, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** In the background. Only on a disk with ten times as much free, so that the reserve is never what fills it. */
  fill(): Promise<void> {
    return (this.#filling = this.#fill().catch(() => rm(this.#file, { force: true }))); // a start without a reserve is better than none
  }

  async release(): Promise<boolean> {
    this.#wanted = false;
    await this.#filling;
    const had = Boolean(await stat(this.#file).catch(() => null));
    await rm(this.#file, { force: true });
    return had;
  }

  async settle(): Promise<void> {
    this.#wanted = false;
    await this.#filling;
  }

  async #fill(): Promise<void> {
    const size = (await stat(this.#file).catch(() => null))?.size ?? 0;
    if (size >= this.#bytes || (await freeSpace(join(this.#file, '..'))).freeBytes < 10 * this.#bytes) return;
    // Random bytes: some file systems store zeros or repetition in no space at all.
    const piece = randomBytes(1024 * 1024);
    const file = await open(this.#file, 'w');
    try {
      for (let done = 0; done < this.#bytes && this.#wanted; done += piece.length) {
        piece.writeDoubleLE(done, 0);
        await file.write(piece, 0, Math.min(piece.length, this.#bytes - done));
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
