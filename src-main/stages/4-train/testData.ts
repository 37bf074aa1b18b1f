// Datasets for tests of this stage, imported as a person would import them.
import { join } from 'node:path';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Column, ColumnType, ImportOptions } from '../../../src-shared/domain/table.ts';
import type { TestBench } from '../../testing/testBench.ts';
import { DataService } from '../1-data/api.ts';
import { openDuck, quoteName, quoteText } from './worker/table/duck.ts';

export type TestCell = string | number | boolean | null;

const sqlTypes: Record<ColumnType, string> = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  category: 'VARCHAR',
  text: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  identifier: 'VARCHAR',
  image: 'BLOB',
};

export class TestData {
  readonly service: DataService;
  readonly #bench: TestBench;

  constructor(bench: TestBench) {
    const { db, blobs, jobs, audit, clock, emit, startWorker, workspace } = bench;
    const dependencies = { db, blobs, jobs, audit, clock, emit, startWorker, scratch: workspace.tmp, jobMemoryMb: () => 1024 };
    this.service = bench.add(new DataService(dependencies));
    this.#bench = bench;
  }

  async import(name: string, file: string, options: ImportOptions = {}): Promise<VersionRef> {
    const { jobs, caller } = this.#bench;
    const job = await jobs.wait(this.service.startImport({ name, files: [file], options }, caller).jobId);
    if (job.state !== 'done') throw new Error(`import of ${name}: ${JSON.stringify(job.error)}`);
    return { name, version: (job.result as { version: number }).version };
  }

  /** Rows given here, by way of a Parquet file, which can hold NaN and infinities. */
  async rows(name: string, columns: Column[], rows: readonly (readonly TestCell[])[]): Promise<VersionRef> {
    using duck = await openDuck();
    const file = join(this.#bench.folder, `${name}.parquet`);
    const fields = columns.map((each) => `${quoteName(each.name)} ${sqlTypes[each.type]}`);
    await duck.connection.run(`CREATE TABLE given (${fields.join(', ')})`);
    for (let start = 0; start < rows.length; start += 1000) {
      const tuples = rows.slice(start, start + 1000).map((row) => `(${row.map(sqlCell).join(', ')})`);
      await duck.connection.run(`INSERT INTO given VALUES ${tuples.join(', ')}`);
    }
    await duck.connection.run(`COPY given TO ${quoteText(file)} (FORMAT parquet)`);
    return this.import(name, file, { types: Object.fromEntries(columns.map((each) => [each.name, each.type])) });
  }
}

function sqlCell(value: TestCell): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoteText(value);
  return typeof value === 'number' ? `'${value}'::DOUBLE` : String(value);
}
