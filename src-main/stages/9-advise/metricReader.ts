import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';

/** What advice needs from the data stage, and no more. */
export interface MetricReader {
  /** Throws MK_NOT_FOUND. */
  newest(dataset: string): DatasetVersion;
  /** Runs a SELECT over one version, which stands in the text as `{table}`; rows by column name, numbers as numbers. */
  query(ref: VersionRef, sql: string, signal?: AbortSignal): Promise<Record<string, unknown>[]>;
}

/** `say "hi"` → `"say ""hi"""`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `it's` → `'it''s'`; a NUL cannot stand in a statement. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\0', '')}'`;
}
