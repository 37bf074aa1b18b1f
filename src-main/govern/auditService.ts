import { performance } from 'node:perf_hooks';
import type { Caller, Result } from '../../src-shared/rpc/contract.ts';
import type { Clock } from '../platform/clock.ts';
import type { AuditHead, AuditLog } from './audit.ts';
import { headOfExport, type AuditHeadFile } from './auditHeadFile.ts';

type Verdict = Result<'audit.verify'>;

const firstCheckMs = 3000;
const checkEveryMs = 6 * 3_600_000;

/** The audit log with the copies of its head, and what the last check found. */
export class AuditService {
  readonly #log: AuditLog;
  readonly #heads: AuditHeadFile;
  readonly #clock: Clock;
  #last: Verdict | null = null;

  constructor(log: AuditLog, heads: AuditHeadFile, clock: Clock) {
    this.#log = log;
    this.#heads = heads;
    this.#clock = clock;
  }

  list(query: Parameters<AuditLog['list']>[0]): ReturnType<AuditLog['list']> {
    return this.#log.list(query);
  }

  /** Recomputes the chain and compares it with the copy of the head in the workspace and, if given, with an exported log. */
  async verify(against?: string): Promise<Verdict> {
    const start = performance.now();
    const heads = [await this.#heads.read(), against === undefined ? null : await headOfExport(against)];
    const verdict = await this.#log.verify(heads.filter((head): head is AuditHead => head !== null));
    return (this.#last = { ...verdict, tookMs: performance.now() - start, at: this.#clock.now() });
  }

  async export(file: string, caller: Caller): Promise<AuditHead> {
    const head = await this.#log.export(file);
    this.#log.record({ caller, action: 'audit.export', subject: 'audit log', details: { file, entries: head.entries, head: head.hash } });
    return head;
  }

  /** Verifies by itself, soon after the start and then every six hours, so that the status bar tells what is known and not what is hoped. */
  watch(onFault: (error: unknown) => void): Disposable {
    const verify = (): void => void this.verify().catch(onFault);
    const timers = [setTimeout(verify, firstCheckMs).unref(), setInterval(verify, checkEveryMs).unref()];
    return { [Symbol.dispose]: () => timers.forEach(clearTimeout) };
  }

  status(): { entries: number; verifiedAt: number | null; ok: boolean | null } {
    return { entries: this.#log.head().entries, verifiedAt: this.#last?.at ?? null, ok: this.#last?.ok ?? null };
  }

  /** Time of the newest entry: the last change that is safe on the disk. */
  lastChangeAt(): number | null {
    return this.#log.lastAt();
  }
}
