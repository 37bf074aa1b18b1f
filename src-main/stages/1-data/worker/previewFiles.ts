// What a person sees before an import: what was detected and why, and the first rows as they would come in.
import { rm, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { suggestName } from '../../../../src-shared/errors/requireName.ts';
import type { Column, ImportOptions } from '../../../../src-shared/domain/table.ts';
import type { Result } from '../../../../src-shared/rpc/contract.ts';
import type { OperationContext } from '../../../platform/workerMain.ts';
import type { DataOperations } from '../operations.ts';
import { copyToParquet, type Engine, type Watch } from './engine.ts';
import { openImportEngine } from './importFiles.ts';
import { profileTable } from './profile/profile.ts';
import { cellsOf } from './query/cells.ts';
import type { ReadContext } from './read/context.ts';
import { openInput, type Input } from './read/openInput.ts';
import { explainParquet, parquetRelation } from './read/parquetFile.ts';
import { readInput, type ReadInput } from './read/readInput.ts';
import type { ReadTable } from './read/readTable.ts';
import { typedColumns } from './read/typedColumns.ts';
import { parquet, quoteName } from './sql.ts';

const shownRows = 100;
/** Of a Parquet file; the other formats read a head of their own. */
const headRows = 5000;

export async function previewFiles(
  { files, options, tmp }: Parameters<DataOperations['preview']>[0],
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<Result<'data.preview'>> {
  // A preview shows what can be shown: it renames and sets aside, and says so. Chosen types wait for the import's judgement.
  const lenient: ImportOptions = { ...options, brokenRows: 'setAside', duplicateColumns: 'rename' };
  const input = await openInput(files, lenient);
  using engine = await openImportEngine(tmp, files);
  const context: ReadContext = { engine, tmp, signal, progress: () => {} };
  const [read, exactRows] =
    input.format === 'parquet'
      ? await parquetHead(context, input.files, lenient)
      : [await readInput(context, input, lenient, { headOnly: true }), null];
  const { table } = read;
  const profile = await profileTable(engine, table, { signal });
  const columns = profile.columns.map(({ name, type, topValues }) => ({
    name,
    type,
    examples: topValues.slice(0, 3).map(({ value }) => value.slice(0, 100)),
  }));
  for (const column of columns)
    if (column.examples.length === 0 && column.type !== 'image')
      column.examples = await firstValues(engine, table.file, column.name, { signal });
  const sizes = await Promise.all(
    (input.kind === 'table' ? input.files : input.files.map(({ file }) => file)).map(async (file) => (await stat(file)).size),
  );
  const result: Result<'data.preview'> = {
    kind: input.kind,
    format: input.format,
    options: optionsToUse(input, read, options, table),
    detected: {
      encoding: read.encoding?.encoding ?? null,
      encodingConfidence: read.encoding?.confidence ?? null,
      bom: (read.encoding?.bomBytes ?? 0) > 0,
      delimiter: input.format === 'csv' ? (read.dialect?.delimiter ?? null) : null,
      quote: input.format === 'csv' ? (read.dialect?.quote ?? null) : null,
      header: read.dialect?.header ?? null,
      sheets: read.sheets,
      reasons: read.reasons,
    },
    columns,
    rows: await headOf(engine, table.file, columns),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    rowsEstimated: exactRows ?? Math.round((table.rows + table.rowsSetAside) / Math.max(1e-9, read.share)),
    warnings: table.warnings,
    suggestedName: suggestName(basename(resolve(files[0]!), extname(files[0]!))),
  };
  await rm(table.file, { force: true });
  return result;
}

function optionsToUse(input: Input, { encoding, dialect, sheet }: ReadInput, given: ImportOptions, table: ReadTable): ImportOptions {
  return {
    ...given,
    format: input.format,
    ...(encoding ? { encoding: encoding.encoding } : {}),
    ...(dialect && input.format === 'csv' ? { delimiter: dialect.delimiter, quote: dialect.quote, header: dialect.header } : {}),
    ...(sheet !== null ? { sheet } : {}),
    ...(table.warnings.some(({ code }) => code === 'duplicateColumns') ? { duplicateColumns: 'rename' as const } : {}),
  };
}

async function parquetHead(context: ReadContext, files: readonly string[], options: ImportOptions): Promise<[ReadInput, number]> {
  const relation = parquetRelation(files);
  return explainParquet(files, context, async () => {
    const { rows: total } = await context.engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${relation}`);
    const { columns, warnings } = await typedColumns(context.engine, relation, files[0]!, options);
    const file = join(context.tmp, 'table.parquet');
    await context.engine.run(
      copyToParquet(
        `SELECT ${columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ')} FROM ${relation} LIMIT ${headRows}`,
        file,
      ),
      { signal: context.signal },
    );
    const { rows } = await context.engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(file)}`);
    const table: ReadTable = {
      file,
      rows,
      columns: columns.map(({ name, type }) => ({
        name,
        type: options.types?.[name] ?? type,
        chosen: options.types?.[name] !== undefined,
      })),
      warnings,
      rowsSetAside: 0,
    };
    return [{ table, encoding: null, dialect: null, sheets: [], sheet: null, reasons: [], share: 1 }, total];
  });
}

async function firstValues(engine: Engine, file: string, name: string, watch: Watch): Promise<string[]> {
  const rows = await engine.all<{ value: string }>(
    `SELECT left(CAST(${quoteName(name)} AS VARCHAR), 100) AS value FROM ${parquet(file)} WHERE ${quoteName(name)} IS NOT NULL LIMIT 3`,
    watch,
  );
  return rows.map(({ value }) => value);
}

async function headOf(engine: Engine, file: string, columns: readonly Column[]): Promise<Result<'data.preview'>['rows']> {
  // Thousands of columns: fewer rows, so that a preview stays small.
  const limit = Math.max(5, Math.min(shownRows, Math.floor(50_000 / Math.max(1, columns.length))));
  return cellsOf(engine, `SELECT * FROM ${parquet(file)} LIMIT ${limit}`, columns);
}
