// Reads what the structure of the rows is judged by: dates of the sample, and repeated keys of all rows.
import type { Column } from '../../../../../src-shared/domain/table.ts';
import {
  groupFacts,
  isEntityName,
  isPanel,
  sameWithin,
  timeFacts,
  type RawTable,
  type Structure,
  type Target,
} from '../../../3-features/api.ts';
import type { openDuck } from './duck.ts';
import type { DatasetFile } from '../order.ts';
import { columnOf, readTexts, readTimes } from './readColumn.ts';

type Connection = Awaited<ReturnType<typeof openDuck>>['connection'];

/** Keys and categories that are read in full, at most. */
const mostKeys = 6;
const rowsForPanel = 200_000;

interface Sampled {
  /** Columns of the sample by position, with the numbers of its rows. */
  table: RawTable & { rowNumbers: Int32Array };
  target: Target;
}

/** `whole` and what is read here count by row of the dataset version. */
export async function inspectStructure(
  connection: Connection,
  dataset: DatasetFile,
  columns: readonly Column[],
  whole: Target,
  { table, target }: Sampled,
): Promise<Structure> {
  const dates = columns.filter(({ type }) => type === 'date' || type === 'timestamp');
  const times = dates.flatMap(({ name }) => {
    const raw = table.columns.get(name);
    return raw?.kind === 'float64' ? [timeFacts(name, raw.values, table.rowNumbers, target)] : [];
  });
  const keys = columns
    .filter(({ name, type }) => type === 'identifier' || ((type === 'category' || type === 'integer') && isEntityName(name)))
    .slice(0, mostKeys);
  const groups: Structure['groups'] = [];
  let panel: Structure['panel'] = null;
  const moments = dates.length > 0 && keys.length > 0 ? await readTimes(connection, dataset, dates[0]!.name) : null;
  for (const { name } of keys) {
    const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, name));
    const present = codes.map((code) => (dictionary[code] === '' ? -1 : code));
    const own = table.rowNumbers.length === dataset.rows ? present : Int32Array.from(table.rowNumbers, (row) => present[row]!);
    const others = columns.filter(
      (column) => column.name !== name && column.type !== 'date' && column.type !== 'timestamp' && column.type !== 'identifier',
    );
    groups.push(groupFacts(name, present, whole, constantWithin(table, own, others)));
    const found = moments && isPanel(moments.subarray(0, rowsForPanel), present.subarray(0, rowsForPanel));
    if (found && (!panel || found.entities > panel.entities)) panel = { time: dates[0]!.name, entity: name, ...found };
  }
  return { times, groups, panel };
}

/** Columns that are the same in nearly every pair of rows of one group, and often differ otherwise. */
function constantWithin(table: RawTable, groups: Int32Array, columns: readonly Column[]): string[] {
  return columns.flatMap(({ name }) => {
    const raw = table.columns.get(name);
    if (!raw || raw.kind === 'uint8') return [];
    const codeOf = raw.kind === 'string' ? (at: number) => raw.codes[at]! : (at: number) => raw.values[at]!;
    const same = sameWithin(groups, codeOf);
    return same && same.within >= 0.99 && same.overall <= 0.8 ? [name] : [];
  });
}
