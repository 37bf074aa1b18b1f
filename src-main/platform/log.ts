// Structured log: JSON lines in the workspace's logs folder. Never values of data rows: identifiers, counts and codes only.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';

export type Log = pino.Logger;

export interface LogOptions {
  /** One file is at most this long. */
  maxBytes?: number;
  /** Older files that are kept: name.1.log is the youngest of them. */
  keep?: number;
  level?: pino.LevelWithSilent;
}

/** Opens `<folder>/<name>.log`. One process writes one file. A log that cannot be written never stops the work. */
export function openLog(folder: string, name: string, { maxBytes = 10 * 1024 * 1024, keep = 5, level = 'info' }: LogOptions = {}): Log {
  mkdirSync(folder, { recursive: true });
  const destination = new RotatingFile(folder, name, maxBytes, keep);
  return pino({ level, base: { process: name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

class RotatingFile {
  readonly #folder: string;
  readonly #name: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #descriptor: number | null = null;
  #bytes = 0;

  constructor(folder: string, name: string, maxBytes: number, keep: number) {
    this.#folder = folder;
    this.#name = name;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  write(line: string): void {
    try {
      if (this.#bytes > this.#maxBytes) this.#rotate();
      this.#descriptor ??= this.#open();
      this.#bytes += writeSync(this.#descriptor, line);
    } catch {
      this.#close(); // disk full, folder gone: try again with the next line
    }
  }

  #open(): number {
    const descriptor = openSync(this.#path(0), 'a');
    this.#bytes = statSync(this.#path(0)).size;
    return descriptor;
  }

  #rotate(): void {
    this.#close();
    rmSync(this.#path(this.#keep), { force: true });
    for (let age = this.#keep - 1; age >= 0; age--) if (existsSync(this.#path(age))) renameSync(this.#path(age), this.#path(age + 1));
    this.#bytes = 0;
  }

  #close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #path(age: number): string {
    return join(this.#folder, age === 0 ? `${this.#name}.log` : `${this.#name}.${age}.log`);
  }
}
