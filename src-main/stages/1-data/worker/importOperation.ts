// The operation of an import job: foreign files in, one Parquet file in the job's folder and its profile out.
import { rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Column, ImportOptions, TableProfile } from '../../../../src-shared/domain/table.ts';
import type { Reason } from './detect/dialect.ts';
import { Engine } from './engine.ts';
import { profileTable } from './profile/profile.ts';
import { enginePath, type ReadContext } from './read/context.ts';
import { openInput } from './read/openInput.ts';
import { readInput } from './read/readInput.ts';

export interface EngineLimits {
  memoryMb: number;
  threads: number;
}

export interface ImportRequest {
  files: string[];
  options: ImportOptions;
  /** The job's own folder; the caller removes it. */
  tmp: string;
  limits: EngineLimits;
}

export interface ImportResult {
  /** Parquet file in the job's folder. */
  file: string;
  kind: 'table' | 'images' | 'texts';
  format: 'csv' | 'parquet' | 'json' | 'jsonl' | 'excel' | 'images' | 'texts';
  columns: Column[];
  rows: number;
  rowsSetAside: number;
  sizeBytes: number;
  warnings: Reason[];
  profile: TableProfile;
  /** As used, detected or chosen. */
  options: ImportOptions;
}

export type Progress = (fraction: number | null, note?: { key: string; params: Record<string, string | number> }) => void;

export async function importOperation(
  { files, options, tmp, limits }: ImportRequest,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<ImportResult> {
  const input = await openInput(files, options);
  using engine = await openImportEngine(tmp, limits, files);
  // Reading takes most of the time for text, profiling for Parquet.
  const readShare = input.format === 'parquet' ? 0.4 : 0.65;
  const context: ReadContext = {
    engine,
    tmp,
    signal,
    progress: (fraction, step) => progress(fraction === null ? null : fraction * readShare, { key: `data.import.${step}`, params: {} }),
  };
  const { table, encoding, dialect, sheet } = await readInput(context, input, options);
  const profile = await profileTable(engine, table, {
    signal,
    progress: (fraction) => progress(readShare + fraction * (1 - readShare), { key: 'data.import.profiling', params: {} }),
  });
  const file = join(tmp, 'finished.parquet');
  await rename(table.file, file);
  return {
    file,
    kind: input.kind,
    format: input.format,
    columns: profile.columns.map(({ name, type }) => ({ name, type })),
    rows: table.rows,
    rowsSetAside: table.rowsSetAside,
    sizeBytes: (await stat(file)).size,
    warnings: table.warnings,
    profile,
    options: {
      ...options,
      ...(encoding ? { encoding: encoding.encoding } : {}),
      ...(dialect && input.format === 'csv' ? { delimiter: dialect.delimiter, quote: dialect.quote, header: dialect.header } : {}),
      ...(sheet !== null ? { sheet } : {}),
    },
  };
}

/** An engine that may read the given files and nothing else outside `tmp`. */
export function openImportEngine(tmp: string, { memoryMb, threads }: EngineLimits, files: readonly string[]): Promise<Engine> {
  const full = files.map((file) => resolve(file));
  return Engine.open({ tmp, memoryMb, threads, files: [...full, ...full.map(enginePath).filter((path) => !full.includes(path))] });
}
