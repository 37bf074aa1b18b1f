// Writing files so that a power cut leaves the old or the new content, never a mixture.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isModelkeepError, ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';

/** One write call cannot exceed 2³¹ − 1 bytes; smaller pieces also keep the loop of events going. */
const pieceBytes = 8 * 1024 * 1024;
/** Lines are gathered: one call each would take seconds for a million. */
const gatherBytes = 64 * 1024;

/** Replaces the content of `path`: temporary file → fsync → rename → fsync of the folder.
 *  Errors: MK_DISK_FULL, MK_WORKSPACE_UNWRITABLE; the old content stays. */
export async function writeFileDurable(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeNewFile(temporary, bytes);
    await rename(temporary, path);
    await fsyncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw await describeDiskError(error, dirname(path), bytes.length);
  }
}

/** Writes a file where a person asked for it: piece by piece beside its place, then renamed, so a failed export leaves what was there.
 *  Errors: MK_FILE_UNWRITABLE, MK_DISK_FULL. */
export async function writeExport(path: string, pieces: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await withFile(temporary, 'wx', async (file) => {
      let waiting: Buffer[] = [];
      let bytes = 0;
      for await (const piece of pieces) {
        waiting.push(Buffer.from(piece as string));
        bytes += waiting.at(-1)!.length;
        if (bytes < gatherBytes) continue;
        await file.writeFile(Buffer.concat(waiting));
        waiting = [];
        bytes = 0;
      }
      await file.writeFile(Buffer.concat(waiting));
      await file.sync();
    });
    await rename(temporary, path);
    await fsyncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const known = await describeDiskError(error, dirname(path));
    const reason = (error as NodeJS.ErrnoException).code;
    const ours = isModelkeepError(known) && known.code !== 'MK_WORKSPACE_UNWRITABLE';
    throw ours || reason === undefined ? known : new ModelkeepError('MK_FILE_UNWRITABLE', { file: path, reason }, { cause: error });
  }
}

/** Creates `path` (which must not exist) and brings its bytes to the disk. The caller makes the name durable. */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  await withFile(path, 'wx', async (file) => {
    for (let offset = 0; offset < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, offset, Math.min(pieceBytes, bytes.length - offset));
      offset += bytesWritten;
    }
    await file.sync();
  });
}

export async function fsyncFile(path: string): Promise<void> {
  await withFile(path, 'r+', (file) => file.sync());
}

/** Makes a rename, a creation or a removal inside `folder` survive a power cut. Windows has no such call and needs none. */
export async function fsyncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(folder, 'r', (file) => file.sync());
}

/** Bytes that this user may still write in the file system of `folder`, and its size. */
export async function freeSpace(folder: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

const unwritable = new Set(['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EISDIR', 'SQLITE_READONLY', 'SQLITE_CANTOPEN']);

/** Turns what the system says about a full or unwritable disk into our error; anything else comes back unchanged. Branches on codes, never on text. */
export async function describeDiskError(error: unknown, folder: string, neededBytes?: number): Promise<unknown> {
  if (isModelkeepError(error)) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    const { freeBytes } = await freeSpace(folder).catch(() => ({ freeBytes: 0 }));
    const params = { needed: neededBytes === undefined ? '?' : formatBytes(neededBytes), free: formatBytes(freeBytes) };
    return new ModelkeepError('MK_DISK_FULL', params, { cause: error });
  }
  if (code !== undefined && unwritable.has(code)) {
    return new ModelkeepError('MK_WORKSPACE_UNWRITABLE', { folder, reason: code }, { cause: error });
  }
  return error;
}

/** `1536` → `1.5 KB` (powers of 1,024). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
