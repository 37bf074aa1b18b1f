import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

const chunkBytes = 1 << 20;

/**
 * Records that are appended once and read in any order. The first ones stay in memory, the rest lies in a scratch file.
 *
 * No record ever leaves memory for another: a training reads every row once an epoch in random order, and there a cache of the
 * latest ones hits no more often than any fixed part does.
 */
export class ByteLog implements Disposable {
  readonly #memoryBytes: number;
  /** Null: what does not fit in memory is not kept. */
  readonly #path: string | null;
  readonly #chunks: Uint8Array[] = [];
  #used = chunkBytes;
  #file: number | undefined;
  #fileBytes = 0;

  constructor({ memoryBytes, path }: { memoryBytes: number; path: string | null }) {
    this.#memoryBytes = memoryBytes;
    this.#path = path;
  }

  get memoryBytes(): number {
    return this.#chunks.length * chunkBytes;
  }

  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** The record's address, for `read`; undefined when it was not kept. Throws MK_FILE_UNWRITABLE. */
  append(record: Uint8Array): number | undefined {
    return this.#toMemory(record) ?? (this.#path === null ? undefined : this.#toFile(record, this.#path));
  }

  /** Valid until the next call where the record is in the file, else for good. Do not change it. Throws MK_FILE_UNREADABLE. */
  read(address: number, length: number): Uint8Array {
    if (address >= 0) {
      const within = address % chunkBytes;
      return this.#chunks[Math.floor(address / chunkBytes)]!.subarray(within, within + length);
    }
    const record = new Uint8Array(length);
    let reason = 'it ends too early';
    try {
      if (readSync(this.#file!, record, 0, length, -1 - address) === length) return record;
    } catch (error) {
      reason = (error as Error).message;
    }
    throw new ModelkeepError('MK_FILE_UNREADABLE', { file: this.#path!, reason });
  }

  [Symbol.dispose](): void {
    this.#chunks.length = 0;
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    rmSync(this.#path!, { force: true });
  }

  #toMemory(record: Uint8Array): number | undefined {
    if (record.length > chunkBytes) return undefined;
    if (this.#used + record.length > chunkBytes) {
      if ((this.#chunks.length + 1) * chunkBytes > this.#memoryBytes) return undefined;
      this.#chunks.push(new Uint8Array(chunkBytes));
      this.#used = 0;
    }
    const at = this.#used;
    this.#chunks.at(-1)!.set(record, at);
    this.#used += record.length;
    return (this.#chunks.length - 1) * chunkBytes + at;
  }

  #toFile(record: Uint8Array, path: string): number {
    try {
      this.#file ??= openSync(path, 'wx+');
      for (let written = 0; written < record.length;)
        written += writeSync(this.#file, record, written, record.length - written, this.#fileBytes + written);
    } catch (error) {
      throw new ModelkeepError('MK_FILE_UNWRITABLE', { file: path, reason: (error as Error).message }, { cause: error });
    }
    const address = -1 - this.#fileBytes;
    this.#fileBytes += record.length;
    return address;
  }
}
