// Content-addressed files: a blob is named by the SHA-256 of its bytes, never changes, and is written whole or not at all.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { describeDiskError, fsyncFile, fsyncFolder, writeNewFile } from './files.ts';

export interface Blob {
  /** 64 hexadecimal digits. */
  sha256: string;
  sizeBytes: number;
}

/** Caveat: write the blob first and the row that names it afterwards; a blob without a row is only wasted space. */
export class BlobStore {
  readonly #folder: string;
  readonly #temporary: string;

  /** `temporary` must be in the same file system as `folder`. */
  constructor(folder: string, temporary: string) {
    this.#folder = join(folder, 'sha256');
    this.#temporary = temporary;
  }

  /** Stores bytes. Errors: MK_DISK_FULL, MK_WORKSPACE_UNWRITABLE. */
  async put(bytes: Uint8Array): Promise<Blob> {
    const file = this.tempFile('blob');
    try {
      const sha256 = await hashBytes(bytes);
      await writeNewFile(file, bytes);
      return await this.#install(file, { sha256, sizeBytes: bytes.length });
    } catch (error) {
      await rm(file, { force: true }).catch(() => {});
      throw await describeDiskError(error, this.#temporary, bytes.length);
    }
  }

  /** Moves a finished file of the same file system in, hashing it on the way; the file is gone afterwards. */
  async adopt(file: string): Promise<Blob> {
    try {
      await fsyncFile(file);
      return await this.#install(file, await hashFile(file));
    } catch (error) {
      throw await describeDiskError(error, this.#temporary);
    }
  }

  /** Where the blob is or would be. For readers in other processes, which get it from `verify`'s caller. */
  path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('not a SHA-256'); // never a path that climbs out
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** The bytes, checked against their name. Errors: MK_BLOB_MISSING, MK_BLOB_CORRUPT. */
  async read(sha256: string): Promise<Buffer> {
    const bytes = await readFile(this.path(sha256)).catch((error: unknown) => {
      throw missing(sha256, error);
    });
    if ((await hashBytes(bytes)) !== sha256) throw new ModelkeepError('MK_BLOB_CORRUPT', { sha256 });
    return bytes;
  }

  /** Reads the whole blob and compares; constant memory. Errors: MK_BLOB_MISSING, MK_BLOB_CORRUPT. */
  async verify(sha256: string): Promise<Blob> {
    const found = await hashFile(this.path(sha256)).catch((error: unknown) => {
      throw missing(sha256, error);
    });
    if (found.sha256 !== sha256) throw new ModelkeepError('MK_BLOB_CORRUPT', { sha256 });
    return found;
  }

  async has(sha256: string): Promise<boolean> {
    return (await stat(this.path(sha256)).catch(() => null))?.isFile() ?? false;
  }

  /** A fresh path for a file on its way in. The folder is emptied when the workspace is opened. */
  tempFile(suffix: string): string {
    return join(this.#temporary, `${randomBytes(12).toString('hex')}.${suffix}`);
  }

  async *list(): AsyncGenerator<Blob> {
    for (const prefix of (await readdir(this.#folder).catch(() => [] as string[])).sort()) {
      for (const sha256 of (await readdir(join(this.#folder, prefix))).sort()) {
        yield { sha256, sizeBytes: (await stat(join(this.#folder, prefix, sha256))).size };
      }
    }
  }

  async #install(file: string, blob: Blob): Promise<Blob> {
    const target = this.path(blob.sha256);
    const folder = join(target, '..');
    if (await mkdir(folder, { recursive: true })) await fsyncFolder(this.#folder);
    const known = await hashFile(target).catch(() => null);
    if (known?.sha256 === blob.sha256) {
      await rm(file, { force: true });
      return blob;
    }
    // Absent, or damaged on the disk: then the good bytes replace it.
    if (process.platform !== 'win32') await chmod(file, 0o444);
    await rename(file, target);
    await fsyncFolder(folder);
    return blob;
  }
}

/** SHA-256 in pieces, so that a large array does not hold up the loop of events (1.7 GB/s: 8 MB is 5 ms). */
async function hashBytes(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  const pieceBytes = 8 * 1024 * 1024;
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    if (offset > 0) await nextTurn();
    hash.update(bytes.subarray(offset, offset + pieceBytes));
  }
  return hash.digest('hex');
}

/** SHA-256 and length of a file, in constant memory. */
export async function hashFile(file: string): Promise<Blob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    sizeBytes += piece.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

function missing(sha256: string, cause: unknown): unknown {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? new ModelkeepError('MK_BLOB_MISSING', { sha256 }, { cause }) : cause;
}
