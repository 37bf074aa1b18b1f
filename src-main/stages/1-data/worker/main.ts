// The data worker: a child process with DuckDB. The only place where foreign bytes are parsed; also answers queries over stored tables.
import { rmSync } from 'node:fs';
import { serveWorker } from '../../../platform/workerMain.ts';
import { importOperation } from './importOperation.ts';
import { previewOperation } from './previewOperation.ts';
import { queryOperations } from './queryOperations.ts';

const queries = queryOperations();

serveWorker(
  { preview: previewOperation, import: importOperation, ...queries.operations },
  {
    close: () => {
      const folder = queries.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  },
);
