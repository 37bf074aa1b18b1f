// A SELECT of the stages above over one version, which stands in the text as `{table}`.
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { DataOperations } from '../../operations.ts';
import { engineErrorReason, type Engine, type Row, type Watch } from '../engine.ts';
import { parquet } from '../sql.ts';

/** An answer is held whole and crosses to the core: more rows belong into a file. */
const rowLimit = 1_000_000;

/** Integers as numbers, dates and times as ISO text. Error: MK_DATA_QUERY. */
export async function tableQuery(
  engine: Engine,
  { table, sql }: Omit<Parameters<DataOperations['query']>[0], 'tmp'>,
  watch: Watch = {},
): Promise<Row[]> {
  // The engine's own limits hold as well: no file outside the workspace, no setting can be changed.
  const text = sql.trim().replace(/;\s*$/, '');
  if (!/^(select|with|from|\()/i.test(text)) throw new ModelkeepError('MK_DATA_QUERY', { reason: 'only one SELECT is allowed' });
  const filled = text.replaceAll('{table}', parquet(table.file));
  try {
    const described = await engine.all<{ column_name: string; column_type: string }>(`DESCRIBE ${filled}`, watch);
    const list = described.map(({ column_name: name, column_type: type }) => asText(`"${name.replaceAll('"', '""')}"`, type));
    const rows = await engine.all(`SELECT ${list.join(', ')} FROM (${filled}) LIMIT ${rowLimit + 1}`, watch);
    if (rows.length > rowLimit) throw new ModelkeepError('MK_DATA_QUERY', { reason: `more than ${rowLimit} rows` });
    return rows;
  } catch (error) {
    if ((error as Error).name === 'ModelkeepError') throw error;
    throw new ModelkeepError('MK_DATA_QUERY', { reason: engineErrorReason(error) }, { cause: error });
  }
}

function asText(x: string, type: string): string {
  if (type === 'DATE') return `strftime(${x}, '%Y-%m-%d') AS ${x}`;
  if (type.startsWith('TIMESTAMP')) return `strftime(${x}, '%Y-%m-%dT%H:%M:%S') AS ${x}`;
  return x;
}
