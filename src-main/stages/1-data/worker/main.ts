// The data worker: a child process with DuckDB. The only place where foreign bytes are parsed; also answers questions about stored tables.
import { serveWorker, type OperationContext } from '../../../platform/workerMain.ts';
import type { DataOperation, DataOperations } from '../operations.ts';
import { importFiles } from './importFiles.ts';
import { previewFiles } from './previewFiles.ts';
import { profileTable } from './profile/profile.ts';
import { appendRows } from './query/appendRows.ts';
import { diffVersions } from './query/diff.ts';
import { exportTable } from './query/exportTable.ts';
import { imageCell } from './query/imageCell.ts';
import { retype } from './query/retype.ts';
import { RowOrders, rowsAt, rowsWindow } from './query/rows.ts';
import { tableQuery } from './query/tableQuery.ts';
import { StoredTables } from './storedTables.ts';

type Served = {
  [O in DataOperation]: (params: Parameters<DataOperations[O]>[0], context: OperationContext) => Promise<ReturnType<DataOperations[O]>>;
};

const tables = new StoredTables();
const orders = new RowOrders();

const operations: Served = {
  preview: previewFiles,
  import: importFiles,
  retype: (params, context) => tables.ask(params.tmp, context, (engine, watch) => retype(engine, params, profiling(watch, context))),
  appendRows: (params, context) =>
    tables.ask(params.tmp, context, (engine, watch) => appendRows(engine, params, profiling(watch, context))),
  profile: ({ tmp, table }, context) =>
    tables.ask(tmp, context, (engine, watch) =>
      profileTable(engine, { ...table, columns: table.columns.map((column) => ({ ...column, chosen: true })) }, profiling(watch, context)),
    ),
  rows: ({ tmp, ...request }, context) => tables.ask(tmp, context, (engine, watch) => rowsWindow(engine, orders, request, watch)),
  rowsAt: ({ tmp, table, rows }, context) => tables.ask(tmp, context, (engine, watch) => rowsAt(engine, table, rows, watch)),
  query: ({ tmp, ...request }, context) => tables.ask(tmp, context, (engine, watch) => tableQuery(engine, request, watch)),
  image: ({ tmp, ...request }, context) => tables.ask(tmp, context, (engine, watch) => imageCell(engine, request, watch)),
  diff: ({ tmp, before, after }, context) => tables.ask(tmp, context, (engine, watch) => diffVersions(engine, before, after, watch)),
  export: (params, context) =>
    tables.ask(params.tmp, context, (engine, watch) =>
      exportTable(engine, params, { ...watch, progress: (fraction) => context.progress(fraction, { key: 'writing', params: {} }) }),
    ),
};

serveWorker(operations, { close: () => tables.close() });

function profiling<W>(watch: W, { progress }: OperationContext): W & { progress: (fraction: number) => void } {
  return { ...watch, progress: (fraction) => progress(fraction, { key: 'profiling', params: {} }) };
}
