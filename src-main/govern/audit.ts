// The audit log: a chain in which every entry's hash covers the one before, so that no entry can be changed, moved or taken out unnoticed.
// What a chain alone cannot show is a cut-off end; for that a copy of its head is kept outside the database, and in every export.
// Whoever may write the whole folder can rewrite chain and head together: only a copy kept elsewhere (an export) proves more.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntry } from '../../src-shared/rpc/audit.ts';
import type { AuditEvent, AuditWriter } from '../platform/auditWriter.ts';
import { canonicalJson } from '../platform/canonicalJson.ts';
import type { Clock } from '../platform/clock.ts';
import { writeExport } from '../platform/files.ts';
import { transaction, type WritableDb } from '../platform/sqlite.ts';

/** The end of the chain at some moment. */
export interface AuditHead {
  entries: number;
  hash: string;
}

export interface AuditVerdict {
  ok: boolean;
  entries: number;
  /** Hash of the last entry that was read. */
  head: string;
  /** Sequence number of the first entry that is wrong. */
  brokenAt: number | null;
  problem: AuditProblem | null;
}

/** `changed`: the entry or its predecessor was edited, moved or inserted; `missing`: an entry was taken out; `truncated`: entries at the end are
 *  gone; `differsFromHead`: the chain was written anew since the copy of its head. */
export type AuditProblem = 'changed' | 'missing' | 'truncated' | 'differsFromHead';

interface AuditRow extends Omit<AuditEntry, 'details'> {
  /** Canonical JSON. */
  details: string;
}

/** What the first entry follows. */
export const genesis = '0'.repeat(64);
/** About 10 ms of hashing; then others have their turn. */
const pageRows = 2000;

export class AuditLog implements AuditWriter {
  readonly #db: WritableDb;
  readonly #clock: Clock;
  readonly #statements;

  constructor(db: WritableDb, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#statements = {
      last: db.prepare<[], { sequence: number; hash: string }>('SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1'),
      insert: db.prepare<AuditRow>('INSERT INTO audit VALUES (@sequence, @at, @actor, @shell, @action, @subject, @details, @hash)'),
      after: db.prepare<[number, number], AuditRow>('SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?'),
      before: db.prepare<[number, number], AuditRow>('SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?'),
    };
  }

  append({ caller, action, subject, details = {} }: AuditEvent): void {
    assert(this.#db.inTransaction, `The audit entry “${action}” must be written in the transaction of its change`);
    const last = this.#statements.last.get();
    const row = {
      sequence: (last?.sequence ?? 0) + 1,
      at: this.#clock.now(),
      actor: caller.actor,
      shell: caller.shell,
      action,
      subject,
      details: canonicalJson(details),
    };
    this.#statements.insert.run({ ...row, hash: entryHash(last?.hash ?? genesis, row) });
  }

  /** For something that changes nothing in the database but must be told, e.g. an export. */
  record(event: AuditEvent): void {
    transaction(this.#db, () => this.append(event));
  }

  head(): AuditHead {
    const last = this.#statements.last.get();
    return { entries: last?.sequence ?? 0, hash: last?.hash ?? genesis };
  }

  /** null while the log is empty. */
  lastAt(): number | null {
    return this.#statements.before.get(Number.MAX_SAFE_INTEGER, 1)?.at ?? null;
  }

  /** Recomputes the whole chain in constant memory and compares it with copies of earlier heads. */
  async verify(heads: readonly AuditHead[] = []): Promise<AuditVerdict> {
    const open = heads.filter(({ entries }) => entries > 0);
    let hash = genesis;
    let sequence = 0;
    const broken = (problem: AuditProblem, brokenAt: number): AuditVerdict => ({
      ok: false,
      entries: sequence,
      head: hash,
      brokenAt,
      problem,
    });
    for await (const row of this.#forward()) {
      if (row.sequence !== sequence + 1) return broken('missing', sequence + 1);
      if (row.hash !== entryHash(hash, row)) return broken('changed', row.sequence);
      sequence = row.sequence;
      hash = row.hash;
      if (open.some((head) => head.entries === sequence && head.hash !== hash)) return broken('differsFromHead', sequence);
    }
    if (open.some(({ entries }) => entries > sequence)) return broken('truncated', sequence + 1);
    return { ok: true, entries: sequence, head: hash, brokenAt: null, problem: null };
  }

  /** Newest first. `filter` matches actor, action, subject and details, without regard to case; then every entry is looked at, in turns. */
  async list({
    filter,
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    filter?: string | undefined;
    before?: number | undefined;
    limit: number;
  }): Promise<{
    entries: AuditEntry[];
    total: number;
  }> {
    const wanted = filter?.trim().toLowerCase();
    if (!wanted) return { entries: this.#statements.before.all(before, limit).map(entryFromRow), total: this.head().entries };
    const entries: AuditEntry[] = [];
    let total = 0;
    let position = Number.MAX_SAFE_INTEGER;
    for (
      let page = this.#statements.before.all(position, pageRows);
      page.length > 0;
      page = this.#statements.before.all(position, pageRows)
    ) {
      for (const row of page) {
        if (!`${row.actor}\n${row.action}\n${row.subject}\n${row.details}`.toLowerCase().includes(wanted)) continue;
        total++;
        if (row.sequence < before && entries.length < limit) entries.push(entryFromRow(row));
      }
      position = page.at(-1)!.sequence;
      await nextTurn();
    }
    return { entries, total };
  }

  /** Writes all entries as JSON lines, oldest first, then one line with the head. Errors: MK_FILE_UNWRITABLE, MK_DISK_FULL. */
  async export(file: string): Promise<AuditHead> {
    let head: AuditHead = { entries: 0, hash: genesis };
    await writeExport(
      file,
      (async function* (rows) {
        for await (const row of rows) {
          head = { entries: row.sequence, hash: row.hash };
          yield `${JSON.stringify(entryFromRow(row))}\n`;
        }
        yield `${JSON.stringify({ head })}\n`;
      })(this.#forward()),
    );
    return head;
  }

  /** Oldest first. Entries that are appended meanwhile come too. */
  async *#forward(): AsyncGenerator<AuditRow> {
    let position = Number.MIN_SAFE_INTEGER;
    for (;;) {
      const page = this.#statements.after.all(position, pageRows);
      yield* page;
      if (page.length < pageRows) return;
      position = page.at(-1)!.sequence;
      await nextTurn();
    }
  }
}

/** SHA-256 over the previous hash, a line feed, and the entry as canonical JSON without its hash. */
export function entryHash(previous: string, { sequence, at, actor, shell, action, subject, details }: Omit<AuditRow, 'hash'>): string {
  const text = JSON.stringify;
  // `details` as it is stored: it is canonical already, and any other spelling of it must not pass.
  const entry = `{"action":${text(action)},"actor":${text(actor)},"at":${at},"details":${details},"sequence":${sequence},"shell":${text(shell)},"subject":${text(subject)}}`;
  return createHash('sha256').update(`${previous}\n${entry}`).digest('hex');
}

function entryFromRow({ details, ...row }: AuditRow): AuditEntry {
  return { ...row, details: JSON.parse(details) as Record<string, unknown> };
}
