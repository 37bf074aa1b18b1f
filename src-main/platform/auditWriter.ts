import type { Caller } from '../../src-shared/rpc/contract.ts';

export interface AuditEvent {
  caller: Caller;
  /** What was done, e.g. `registry.alias.set`. */
  action: string;
  /** To what, e.g. `model churn`. */
  subject: string;
  /** Figures and identifiers, as JSON. Never values of data rows. */
  details?: Record<string, unknown>;
}

/** Writes the audit log. `append` must run inside the same `transaction(db, …)` as the change it tells of, and throws outside one:
 *  so there is no change without its entry, and no entry without its change. */
export interface AuditWriter {
  append(event: AuditEvent): void;
}
