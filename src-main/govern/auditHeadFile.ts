// A copy of the chain's head beside the database: without it, entries cut off at the end would leave a shorter chain that verifies.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { sha256Schema } from '../../src-shared/domain/names.ts';
import { writeFileDurable } from '../platform/files.ts';
import type { AuditHead, AuditLog } from './audit.ts';

const headSchema = z.object({ entries: z.number().int().min(0), hash: sha256Schema });
const intervalMs = 5000;

/** Writes the head to `file` within five seconds of a change, and when closed. */
export class AuditHeadFile implements AsyncDisposable {
  readonly #log: AuditLog;
  readonly #file: string;
  readonly #timer: NodeJS.Timeout;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(log: AuditLog, file: string) {
    this.#log = log;
    this.#file = file;
    this.#timer = setInterval(() => void this.write().catch(() => {}), intervalMs).unref(); // a full disk is told elsewhere
  }

  /** null when there is none; MK_AUDIT_BROKEN when it is no head. */
  async read(): Promise<AuditHead | null> {
    const text = await readFile(this.#file, 'utf8').catch(() => null);
    return text === null ? null : parseHead(text);
  }

  write(): Promise<void> {
    return (this.#writing = this.#writing.catch(() => {}).then(() => this.#write()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }

  async #write(): Promise<void> {
    const head = this.#log.head();
    // Never backwards: a shorter chain than the copy is what the copy is there to show.
    this.#written = Math.max(this.#written, (await this.read().catch(() => null))?.entries ?? 0);
    if (head.entries <= this.#written) return;
    await writeFileDurable(this.#file, JSON.stringify(head));
    this.#written = head.entries;
  }
}

/** The head at the end of an exported log. Errors: MK_FILE_UNREADABLE, MK_AUDIT_BROKEN. */
export async function headOfExport(file: string): Promise<AuditHead> {
  let last = '';
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) if (line) last = line;
  } catch (error) {
    throw new ModelkeepError('MK_FILE_UNREADABLE', { file, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
  return parseHead(last);
}

/** From a head file, or from the last line of an export. */
function parseHead(text: string): AuditHead {
  try {
    const value = JSON.parse(text) as { head?: unknown };
    return headSchema.parse(value.head ?? value);
  } catch {
    throw new ModelkeepError('MK_AUDIT_BROKEN', { entry: 0, problem: 'the copy of the head is not readable' });
  }
}
