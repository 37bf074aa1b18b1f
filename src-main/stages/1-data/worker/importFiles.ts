// An import: foreign files in, one Parquet file in the job's folder and its profile out.
import { rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { OperationContext } from '../../../platform/workerMain.ts';
import type { DataOperations, FinishedTable } from '../operations.ts';
import { Engine } from './engine.ts';
import { engineLimits } from './limits.ts';
import { profileTable } from './profile/profile.ts';
import { enginePath, type ReadContext } from './read/context.ts';
import { openInput } from './read/openInput.ts';
import { readInput } from './read/readInput.ts';

/** Errors: everything in src-shared/errors/data.ts that a file can cause. */
export async function importFiles(
  { files, options, tmp }: Parameters<DataOperations['import']>[0],
  { signal, progress }: OperationContext,
): Promise<FinishedTable> {
  const input = await openInput(files, options);
  using engine = await openImportEngine(tmp, files);
  // Reading takes most of the time for text, profiling for Parquet.
  const readShare = input.format === 'parquet' ? 0.4 : 0.65;
  const context: ReadContext = {
    engine,
    tmp,
    signal,
    progress: (fraction, step) => progress(fraction === null ? null : fraction * readShare, { key: step, params: {} }),
  };
  const { table, encoding, dialect, sheet } = await readInput(context, input, options);
  const profile = await profileTable(engine, table, {
    signal,
    progress: (fraction) => progress(readShare + fraction * (1 - readShare), { key: 'profiling', params: {} }),
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
    warnings: table.warnings,
    profile,
    options: {
      ...options,
      format: input.format,
      ...(encoding ? { encoding: encoding.encoding } : {}),
      ...(dialect && input.format === 'csv' ? { delimiter: dialect.delimiter, quote: dialect.quote, header: dialect.header } : {}),
      ...(sheet !== null ? { sheet } : {}),
    },
  };
}

/** An engine that may read the given files and nothing else outside `tmp`. */
export function openImportEngine(tmp: string, files: readonly string[]): Promise<Engine> {
  const full = files.map((file) => resolve(file));
  return Engine.open({ tmp, ...engineLimits(), files: [...full, ...full.map(enginePath).filter((path) => !full.includes(path))] });
}
