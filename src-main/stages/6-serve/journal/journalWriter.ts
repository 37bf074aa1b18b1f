// The gateway's side of the journal: a record is with the system before the answer leaves, and on the disk within 200 ms.
import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../platform/clock.ts';
import { fsyncFolder } from '../../../platform/files.ts';
import { encodeRecord, segmentMagic, type JournalRecord } from './record.ts';
import { segmentName } from './segmentNames.ts';

export interface JournalOptions {
  /** A segment that is larger is followed by a new one. Default 16 MiB. */
  segmentBytes?: number;
  /** A segment that is older is followed by a new one, so that what was stored elsewhere can be deleted here. Default 60 s. */
  segmentAgeMs?: number;
  /** Default 200: what a power cut may cost. The death of a process costs nothing. */
  syncEveryMs?: number;
  /** After a failed write, how long until the next attempt. Default 1,000. */
  retryAfterMs?: number;
}

export class JournalWriter {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #segmentBytes: number;
  readonly #segmentAgeMs: number;
  readonly #retryAfterMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #writer = randomBytes(6).toString('hex');
  #fd: number | null = null;
  #bytes = 0;
  #begunAt = 0;
  #order = 0;
  #dirty = false;
  #syncing = false;
  #retryAt = 0;
  /** Records that could not be written, because the disk was full or failed: answered, but not stored. */
  dropped = 0;
  lastError: string | null = null;

  constructor(
    folder: string,
    clock: Clock,
    { segmentBytes = 16 * 1024 * 1024, segmentAgeMs = 60_000, syncEveryMs = 200, retryAfterMs = 1000 }: JournalOptions = {},
  ) {
    this.#folder = folder;
    this.#clock = clock;
    this.#segmentBytes = segmentBytes;
    this.#segmentAgeMs = segmentAgeMs;
    this.#retryAfterMs = retryAfterMs;
    this.#timer = setInterval(() => this.#sync(), syncEveryMs).unref();
  }

  /** True when the record is with the operating system: it survives the death of every process of ours. Never throws: serving goes on. */
  append(record: JournalRecord): boolean {
    return this.appendAll([record]);
  }

  /** Several records in one system call: all of them are there afterwards, or none. */
  appendAll(records: readonly JournalRecord[]): boolean {
    const parts = records.flatMap(encodeRecord);
    let totalBytes = 0;
    for (const part of parts) totalBytes += part.length;
    try {
      if (this.#fd === null && !this.#open()) throw new Error(this.lastError ?? 'waiting to try again');
      writeAll(this.#fd!, parts, totalBytes);
      this.#bytes += totalBytes;
      this.#dirty = true;
      if (this.#bytes >= this.#segmentBytes) this.#finishSegment();
      return true;
    } catch (error) {
      this.#abandonSegment(error);
      this.dropped += records.length;
      return false;
    }
  }

  /** Everything to the disk. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#fd !== null) this.#finishSegment();
  }

  #open(): boolean {
    const now = this.#clock.now();
    if (now < this.#retryAt) return false;
    const fd = openSync(
      join(this.#folder, segmentName({ now, writer: this.#writer, pid: process.pid, order: this.#order++ })),
      'ax',
      0o600,
    );
    this.#fd = fd;
    this.#begunAt = now;
    this.#bytes = 0;
    writeAll(fd, [segmentMagic], segmentMagic.length);
    this.#bytes = segmentMagic.length;
    this.lastError = null;
    void fsyncFolder(this.#folder).catch(() => {});
    return true;
  }

  #finishSegment(): void {
    const fd = this.#fd!;
    this.#fd = null;
    this.#dirty = false;
    try {
      fdatasyncSync(fd);
    } catch (error) {
      this.lastError = codeOf(error);
    }
    closeSync(fd);
  }

  /** A half-written record is cut off, and nothing more is written to that file: after a failed write or sync, a retry proves nothing. */
  #abandonSegment(error: unknown): void {
    this.lastError = codeOf(error);
    const fd = this.#fd;
    if (fd === null) return; // still waiting, or could not be opened
    this.#fd = null;
    this.#dirty = false;
    this.#retryAt = this.#clock.now() + this.#retryAfterMs;
    try {
      ftruncateSync(fd, this.#bytes);
    } catch {
      // The reader stops at a record that is not whole.
    }
    closeSync(fd);
  }

  #sync(): void {
    const fd = this.#fd;
    if (fd === null || this.#syncing) return;
    if (this.#clock.now() - this.#begunAt > this.#segmentAgeMs) return this.#finishSegment();
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#syncing = true;
    fdatasync(fd, (error) => {
      this.#syncing = false;
      // EBADF: the segment was finished, with its own sync, meanwhile.
      if (error && error.code !== 'EBADF' && this.#fd === fd) this.#abandonSegment(error);
    });
  }
}

/** Small parts are joined first: one buffer is written faster than many. */
const joinBelowBytes = 256 * 1024;

function writeAll(fd: number, parts: readonly Uint8Array[], totalBytes: number): void {
  let written = totalBytes < joinBelowBytes ? writeSync(fd, Buffer.concat(parts, totalBytes)) : writevSync(fd, parts);
  if (written === totalBytes) return;
  // A short write: the rest once more, which then gives the reason if there is one.
  const rest = Buffer.concat(parts, totalBytes);
  while (written < totalBytes) written += writeSync(fd, rest, written);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
