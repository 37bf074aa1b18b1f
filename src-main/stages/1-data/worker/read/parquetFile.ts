import { resolve } from 'node:path';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { engineErrorReason } from '../engine.ts';
import { quoteList } from '../sql.ts';
import { enginePath, type ReadContext } from './context.ts';
import type { ReadTable } from './readTable.ts';
import { typedColumns } from './typedColumns.ts';
import { writeTyped } from './typedTable.ts';

/** Errors: MK_DATA_PARQUET_BROKEN, MK_DATA_FILES_DIFFER and those of `writeTyped`. */
export async function readParquetFiles(context: ReadContext, files: readonly string[], options: ImportOptions): Promise<ReadTable> {
  const relation = parquetRelation(files);
  return explainParquet(files, context, async () => {
    const { columns, warnings } = await typedColumns(context.engine, relation, files[0]!, options);
    return writeTyped(context, relation, { file: files[0]!, columns, warnings, rowOf: (position) => position + 1 }, options);
  });
}

export function parquetRelation(files: readonly string[]): string {
  return `read_parquet(${quoteList(files.map((file) => enginePath(resolve(file))))})`;
}

/** Whatever the engine says about foreign Parquet is about the file. */
export async function explainParquet<T>(
  files: readonly string[],
  { signal }: Pick<ReadContext, 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isModelkeepError(error) || signal.aborted) throw error;
    const reason = engineErrorReason(error);
    if (/schema mismatch|schema of the/i.test(reason)) {
      throw new ModelkeepError(
        'MK_DATA_FILES_DIFFER',
        { file: files.at(-1)!, found: 'other columns', expected: 'those of the first file' },
        { cause: error },
      );
    }
    throw new ModelkeepError('MK_DATA_PARQUET_BROKEN', { file: files[0]!, reason }, { cause: error });
  }
}
