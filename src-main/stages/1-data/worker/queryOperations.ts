// Operations over stored tables. One engine for the life of the worker, a connection for each operation, so that a long one does not
// hold up a window of rows.
import type { OperationContext, Operations } from '../../../platform/workerMain.ts';
import { Engine, type Watch } from './engine.ts';
import type { EngineLimits } from './importOperation.ts';
import { profileTable, type ProfileRequest } from './profile/profile.ts';
import { columnarQuery, queryToParquet, type ColumnarRequest } from './query/columnarQuery.ts';
import { diffVersions, type DiffSide } from './query/diff.ts';
import { exportTable, type ExportRequest } from './query/exportTable.ts';
import { imageCell, type ImageRequest } from './query/imageCell.ts';
import { retype, type RetypeRequest } from './query/retype.ts';
import { RowOrders, rowsAt, rowsWindow, type RowsRequest } from './query/rows.ts';

export interface OpenRequest {
  /** The worker's own folder, inside the workspace. */
  tmp: string;
  /** Blobs and job folders. */
  folders: string[];
  limits: EngineLimits;
}

export function queryOperations(): { operations: Operations; close(): string | null } {
  let engine: Promise<Engine> | null = null;
  let tmp: string | null = null;
  const orders = new RowOrders();

  const withEngine =
    <P, R>(work: (engine: Engine, params: P, watch: Watch) => Promise<R>) =>
    async (params: P, { signal, progress }: OperationContext): Promise<R> => {
      if (!engine) throw new Error('“open” comes first');
      const connection = await (await engine).connect();
      try {
        return await work(connection, params, { signal, progress: (fraction) => progress(fraction) });
      } finally {
        connection[Symbol.dispose]();
      }
    };

  return {
    operations: {
      open: async ({ tmp: folder, folders, limits }: OpenRequest) => {
        tmp = folder;
        engine ??= Engine.open({ tmp: folder, folders, ...limits });
        await engine;
      },
      rows: withEngine((connection, request: RowsRequest, watch) => rowsWindow(connection, orders, request, watch)),
      rowsAt: withEngine(
        async (connection, { file, columns, positions }: Pick<RowsRequest, 'file' | 'columns'> & { positions: number[] }, watch) =>
          rowsAt(connection, file, columns, positions, watch, { whole: true }),
      ),
      profile: withEngine((connection, request: ProfileRequest, watch) => profileTable(connection, request, watch)),
      diff: withEngine((connection, { before, after }: { before: DiffSide; after: DiffSide }, watch) =>
        diffVersions(connection, before, after, watch),
      ),
      export: withEngine((connection, request: ExportRequest, watch) => exportTable(connection, request, watch)),
      image: withEngine((connection, request: ImageRequest, watch) => imageCell(connection, request, watch)),
      query: withEngine((connection, request: ColumnarRequest, watch) => columnarQuery(connection, request, watch)),
      queryToParquet: withEngine((connection, request: ColumnarRequest & { file: string }, watch) =>
        queryToParquet(connection, request, watch),
      ),
      retype: withEngine((connection, request: RetypeRequest, watch) => retype(connection, request, watch)),
    },
    close: () => {
      void engine?.then((open) => open[Symbol.dispose]());
      return tmp;
    },
  };
}
