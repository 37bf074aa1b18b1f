// A data stage in a real workspace, for tests.
import { readdir } from 'node:fs/promises';
import type { Job } from '../../../src-shared/domain/job.ts';
import type { ImportOptions } from '../../../src-shared/domain/table.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { DataService, type DataDependencies, type ImportResult } from './api.ts';

export interface DataBench extends TestBench {
  data: DataService;
  /** Imports and waits; the job tells how it went. */
  import(files: string | string[], options?: ImportOptions, name?: string): Promise<Job>;
  /** Imports, and throws what the job failed with. */
  mustImport(files: string | string[], options?: ImportOptions, name?: string): Promise<ImportResult>;
  /** Files that should not be there: blobs, unfinished files. */
  leftovers(): Promise<{ blobs: number; tmp: string[]; versions: number }>;
}

export async function openDataBench(more: Partial<DataDependencies> = {}): Promise<DataBench> {
  const bench = await openTestBench();
  const { db, blobs, jobs, audit, clock, emit, startWorker, workspace } = bench;
  const data = new DataService({
    db,
    blobs,
    jobs,
    audit,
    clock,
    emit,
    startWorker,
    scratch: workspace.tmp,
    jobMemoryMb: () => 1536,
    ...more,
  });
  bench.add(data);
  const importFiles = async (files: string | string[], options: ImportOptions = {}, name = 'table'): Promise<Job> => {
    const { jobId } = data.startImport({ files: [files].flat(), name, options }, bench.caller);
    return jobs.wait(jobId);
  };
  return Object.assign(bench, {
    data,
    import: importFiles,
    mustImport: async (files: string | string[], options: ImportOptions = {}, name = 'table') => {
      const job = await importFiles(files, options, name);
      if (job.state !== 'done') throw new Error(`${job.state}: ${JSON.stringify(job.error)}`);
      return job.result as ImportResult;
    },
    leftovers: async () => {
      let count = 0;
      for await (const _blob of blobs.list()) count++;
      const tmp = (await readdir(workspace.tmp)).filter((name) => name !== 'uploads' && name !== 'questions');
      return { blobs: count, tmp, versions: db.prepare<[], number>('SELECT count(*) FROM dataset_versions').pluck().get()! };
    },
  });
}
