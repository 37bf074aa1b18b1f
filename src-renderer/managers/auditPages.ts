// The audit log is read backwards from a sequence number; a grid asks by position. This knows which number stands at which position.
import type { AuditEntry } from '../../src-shared/rpc/audit.ts';

export interface AuditQuery {
  filter?: string;
  before?: number;
  limit: number;
}
export type ReadAudit = (query: AuditQuery) => Promise<{ entries: AuditEntry[]; total: number }>;

/** The most entries that the core gives at once. */
const pageLimit = 1000;

/** The log behind one filter, as it was at the first read: entries that come later do not move the rows. */
export class AuditPages {
  readonly #read: ReadAudit;
  readonly #filter: string;
  /** `before` of the entry at a position; without a filter the numbers have no gaps, so any position is known from the first. */
  readonly #before = new Map<number, number>();
  #total: number | null = null;
  #head: number | null = null;

  constructor(read: ReadAudit, filter: string) {
    this.#read = read;
    this.#filter = filter.trim();
  }

  async rows(offset: number, limit: number): Promise<{ rows: AuditEntry[]; total: number }> {
    if (this.#head === null) await this.#page(0, limit);
    if (offset >= (this.#total ?? 0)) return { rows: [], total: this.#total ?? 0 };
    let [position, before] = this.#nearest(offset);
    // Behind a filter only reading on tells where a position is.
    while (position < offset) {
      const skipped = await this.#page(position, Math.min(pageLimit, offset - position), before);
      if (skipped.length === 0) return { rows: [], total: position };
      [position, before] = this.#nearest(offset);
    }
    return { rows: await this.#page(position, limit, before), total: this.#total ?? 0 };
  }

  async #page(position: number, limit: number, before?: number): Promise<AuditEntry[]> {
    const { entries, total } = await this.#read({
      ...(this.#filter ? { filter: this.#filter } : {}),
      ...(before === undefined ? {} : { before }),
      limit,
    });
    const first = entries[0];
    if (this.#head === null) {
      this.#total = total;
      this.#head = first ? first.sequence + 1 : 0;
      this.#before.set(0, this.#head);
    }
    const last = entries.at(-1);
    if (last) this.#before.set(position + entries.length, last.sequence);
    return entries;
  }

  #nearest(offset: number): [position: number, before: number] {
    if (!this.#filter) return [offset, (this.#head ?? 0) - offset];
    let nearest = 0;
    for (const position of this.#before.keys()) if (position <= offset && position > nearest) nearest = position;
    return [nearest, this.#before.get(nearest) ?? this.#head ?? 0];
  }
}
