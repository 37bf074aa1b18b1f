// Real dataset versions for tests of this stage: CSV text or a file becomes a Parquet blob with a profile, by DuckDB itself.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Column, ColumnProfile, ColumnType, DatasetVersion, TableProfile } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { TestBench } from '../../testing/testBench.ts';
import type { FeatureData } from '../3-features/api.ts';
import { openDuck, quoteName, quoteText } from './worker/duck.ts';

export interface TestData extends FeatureData {
  /** `types` of columns that are not what DuckDB reads them as: VARCHAR is a category unless told otherwise. */
  addCsv(name: string, file: string, types?: Record<string, ColumnType>, delimiter?: string): Promise<VersionRef>;
  /** Rows given here; null is missing. */
  addRows(name: string, columns: Column[], rows: readonly (readonly (string | number | boolean | null)[])[]): Promise<VersionRef>;
  /** A folder of folders of files: their content and the folder's name as `label`. */
  addFolder(name: string, folder: string, kind: 'texts' | 'images'): Promise<VersionRef>;
}

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
const typeOfSql: Record<string, ColumnType> = {
  BIGINT: 'integer',
  DOUBLE: 'number',
  BOOLEAN: 'boolean',
  VARCHAR: 'category',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
};

export function openTestData(bench: TestBench): TestData {
  const versions = new Map<string, DatasetVersion>();

  async function add(
    name: string,
    source: string,
    columns: Column[],
    before: (run: (sql: string) => Promise<unknown>) => Promise<void> = async () => {},
  ): Promise<VersionRef> {
    using duck = await openDuck();
    await before((sql) => duck.connection.run(sql));
    const file = bench.blobs.tempFile('parquet');
    const select = columns.map((each) => `CAST(${quoteName(each.name)} AS ${sqlTypes[each.type]}) AS ${quoteName(each.name)}`).join(', ');
    await duck.connection.run(`COPY (SELECT ${select} FROM ${source}) TO ${quoteText(file)} (FORMAT parquet)`);
    const count = (await (await duck.connection.run(`SELECT count(*)::INTEGER AS n FROM ${quoteText(file)}`)).getRowObjectsJS())[0]!;
    const { sha256, sizeBytes } = await bench.blobs.adopt(file);
    const version = [...versions.keys()].filter((key) => key.startsWith(`${name}@`)).length + 1;
    versions.set(`${name}@${version}`, {
      dataset: name,
      version,
      kind: 'table',
      columns,
      rows: count['n'] as number,
      sizeBytes,
      sha256,
      source: { files: [], format: 'csv', options: {}, rowsSetAside: 0 },
      createdAt: 0,
      createdBy: 'ada',
    });
    return { name, version };
  }

  const require = (ref: VersionRef): DatasetVersion => {
    const found = versions.get(`${ref.name}@${ref.version}`);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'dataset', name: ref.name });
    return found;
  };

  return {
    version: require,
    profile: (ref) => profileOf(bench.blobs.path(require(ref).sha256), require(ref)),
    async addCsv(name, file, types = {}, delimiter = ',') {
      const source = `read_csv(${quoteText(file)}, delim = ${quoteText(delimiter)}, nullstr = ['', 'NA'], auto_type_candidates = ['BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP', 'VARCHAR'])`;
      using duck = await openDuck();
      const described = await (await duck.connection.run(`DESCRIBE SELECT * FROM ${source}`)).getRowObjectsJS();
      const columns = described.map((row) => {
        const column = String(row['column_name']);
        return { name: column, type: types[column] ?? typeOfSql[String(row['column_type'])]! };
      });
      return add(name, source, columns);
    },
    async addRows(name, columns, rows) {
      const cell = (value: string | number | boolean | null): string =>
        value === null
          ? 'NULL'
          : typeof value === 'string'
            ? quoteText(value)
            : typeof value === 'number'
              ? `'${value}'::DOUBLE`
              : String(value);
      return add(name, 'given', columns, async (run) => {
        await run(`CREATE TABLE given (${columns.map((each) => `${quoteName(each.name)} ${sqlTypes[each.type]}`).join(', ')})`);
        for (let start = 0; start < rows.length; start += 1000)
          await run(
            `INSERT INTO given VALUES ${rows
              .slice(start, start + 1000)
              .map((row) => `(${row.map(cell).join(', ')})`)
              .join(', ')}`,
          );
      });
    },
    async addFolder(name, folder, kind) {
      const content = kind === 'texts' ? 'text' : 'image';
      return add(
        name,
        'given',
        [
          { name: content, type: content },
          { name: 'label', type: 'category' },
        ],
        async (run) => {
          await run(`CREATE TABLE given (${content} ${kind === 'texts' ? 'VARCHAR' : 'BLOB'}, label VARCHAR)`);
          for (const label of (await readdir(folder)).sort()) {
            const files = (await readdir(join(folder, label))).sort();
            const rows = await Promise.all(
              files.map(async (file) => {
                const bytes = await readFile(join(folder, label, file));
                return kind === 'texts'
                  ? `(${quoteText(bytes.toString())}, ${quoteText(label)})`
                  : `(from_hex('${bytes.toString('hex')}'), ${quoteText(label)})`;
              }),
            );
            await run(`INSERT INTO given VALUES ${rows.join(', ')}`);
          }
        },
      );
    },
  };
}

async function profileOf(file: string, { columns, rows }: DatasetVersion): Promise<TableProfile> {
  using duck = await openDuck();
  const profiles: ColumnProfile[] = [];
  for (const { name, type } of columns) {
    const column = quoteName(name);
    const number = type === 'integer' || type === 'number';
    const quantity = number ? column : 'NULL::DOUBLE';
    const quantile = (share: number): string => `quantile_cont(${quantity}, ${share})::DOUBLE`;
    const [row] = await (
      await duck.connection.run(
        `SELECT count(*) - count(${column}) AS missing, count(DISTINCT ${column}) AS distinct_values, min(${quantity})::DOUBLE AS min,
           max(${quantity})::DOUBLE AS max, avg(${quantity})::DOUBLE AS mean, ${quantile(0.05)} AS p05, ${quantile(0.25)} AS p25,
           ${quantile(0.5)} AS p50, ${quantile(0.75)} AS p75, ${quantile(0.95)} AS p95 FROM read_parquet(${quoteText(file)})`,
      )
    ).getRowObjectsJS();
    const distinct = Number(row!['distinct_values']);
    const missing = Number(row!['missing']);
    const numeric = { min: 0, max: 0, mean: 0, p05: 0, p25: 0, p50: 0, p75: 0, p95: 0, ...(row as Record<string, number>) };
    profiles.push({
      name,
      type,
      missing,
      distinct,
      distinctExact: true,
      numeric: number && missing < rows ? { ...numeric, sd: 1, quantilesExact: true } : null,
      histogram: null,
      topValues: [],
      textLength: null,
      image: null,
      findings: distinct === rows ? [{ code: 'allUnique', severity: 'note', params: {} }] : [],
    });
  }
  return { rows, columns: profiles, tookMs: 0, findings: [] };
}
