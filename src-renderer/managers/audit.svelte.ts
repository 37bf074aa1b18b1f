// The audit log: its entries by position, the check of the chain, the export.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { AuditPages } from './auditPages.ts';
import { system } from './system.svelte.ts';

export type { AuditEntry } from '../../src-shared/rpc/audit.ts';
export type ChainVerdict = Result<'audit.verify'>;

export class AuditManager {
  #filter = $state('');
  /** Changes when the rows have to be read from the top. */
  #round = $state(0);
  #readAt = $state<number | null>(null);
  #pages = this.#fresh();
  #verdict = $state.raw<ChainVerdict | null>(null);
  #checking = $state(false);
  #problem = $state.raw<unknown>(null);

  get filter(): string {
    return this.#filter;
  }
  set filter(text: string) {
    this.#filter = text;
    this.refresh();
  }
  get version(): number {
    return this.#round;
  }
  /** What the last check of this window found. */
  get verdict(): ChainVerdict | null {
    return this.#verdict;
  }
  get checking(): boolean {
    return this.#checking;
  }
  get problem(): unknown {
    return this.#problem;
  }
  /** Entries written since the rows were read; only told without a filter. */
  get newer(): number {
    return this.#readAt === null ? 0 : Math.max(0, (system.status?.audit.entries ?? 0) - this.#readAt);
  }

  refresh(): void {
    this.#pages = this.#fresh();
    this.#round++;
  }

  #fresh(): AuditPages {
    this.#readAt = null;
    return new AuditPages((query) => client.call('audit.list', query), this.#filter);
  }

  readonly rows = async ({ offset, limit }: { offset: number; limit: number }) => {
    const answer = await this.#pages.rows(offset, limit);
    if (!this.#filter.trim()) this.#readAt ??= answer.total;
    return answer;
  };

  /** Recomputes the whole chain. `against`: an exported log to compare with. */
  async verify(against?: string): Promise<void> {
    this.#checking = true;
    this.#problem = null;
    try {
      this.#verdict = await client.call('audit.verify', against ? { against } : {});
    } catch (error) {
      this.#problem = error;
    } finally {
      this.#checking = false;
    }
  }

  exportTo(file: string): Promise<Result<'audit.export'>> {
    return client.call('audit.export', { file });
  }
}
