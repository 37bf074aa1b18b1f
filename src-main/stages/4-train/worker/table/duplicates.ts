// Rows that are there twice, and columns that say the same.
import type { Column } from '../../../../../src-shared/domain/table.ts';
import type { RawColumn, RawTable, Target } from '../../../3-features/api.ts';
import { parquetRows, quoteName, type openDuck } from './duck.ts';
import type { DatasetFile, Findings } from '../order.ts';

type Connection = Awaited<ReturnType<typeof openDuck>>['connection'];

const [fewestRows, smallestShare] = [5, 0.01];

/**
 * Test rows that are equal to some training row in every column of `table` and in their answer: a model may know those by heart.
 * Rows are compared by 53 bits of a hash.
 */
export function duplicateRows(table: RawTable, target: Target, train: Int32Array, test: Int32Array): Findings {
  const keys = rowKeys(table, target);
  const trained = new Set<number>();
  for (const row of train) trained.add(keys[row]!);
  const rows = test.reduce((count, row) => count + Number(trained.has(keys[row]!)), 0);
  if (rows < fewestRows || rows < smallestShare * test.length) return [];
  return [{ code: 'duplicateRows', params: { rows, test: test.length, share: Number((rows / test.length).toPrecision(3)) } }];
}

function rowKeys(table: RawTable, target: Target): Float64Array {
  const [high, low] = [new Int32Array(table.rows).fill(0x2545f491), new Int32Array(table.rows).fill(0x1b873593)];
  const add = (words: Int32Array, perRow: number): void => {
    for (let row = 0; row < table.rows; row++)
      for (let word = row * perRow; word < (row + 1) * perRow; word++) {
        high[row] = mixed(high[row]! ^ words[word]!, 0x85ebca6b);
        low[row] = mixed(low[row]! + words[word]!, 0xc2b2ae35);
      }
  };
  for (const column of table.columns.values()) add(...wordsOf(column));
  if (target.kind === 'class') add(target.codes, 1);
  else if (target.kind === 'labels') add(Int32Array.from(target.flags), target.labels.length);
  else add(new Int32Array(target.values.buffer, target.values.byteOffset, 2 * target.values.length), 2);
  return Float64Array.from(high, (each, row) => (each >>> 11) * 2 ** 32 + (low[row]! >>> 0));
}

/** Rounds of MurmurHash3 (Appleby, 2011). */
function mixed(word: number, factor: number): number {
  const once = Math.imul(word ^ (word >>> 16), factor);
  return Math.imul(once ^ (once >>> 13), 0x9e3779b1) ^ (once >>> 16);
}

function wordsOf(column: RawColumn): [words: Int32Array, perRow: number] {
  switch (column.kind) {
    case 'string':
      return [column.codes, 1];
    case 'float32':
      return [new Int32Array(column.values.buffer, column.values.byteOffset, column.values.length), 1];
    case 'float64':
      return [new Int32Array(column.values.buffer, column.values.byteOffset, 2 * column.values.length), 2];
    case 'uint8':
      return [Int32Array.from(column.values), column.shape[0] * column.shape[1] * column.shape[2]];
  }
}

/** Column → an earlier one of the same type that is equal in every row: found in the sample, checked on all rows. */
export async function duplicateColumns(
  connection: Connection,
  dataset: DatasetFile,
  columns: readonly Column[],
  table: RawTable,
): Promise<Record<string, string>> {
  const firstOf = new Map<string, string>();
  const same: [name: string, other: string][] = [];
  for (const { name, type } of columns) {
    const raw = table.columns.get(name);
    if (!raw || raw.kind === 'uint8') continue;
    const key = `${type} ${fingerprint(raw)}`;
    const other = firstOf.get(key);
    if (other === undefined) firstOf.set(key, name);
    else same.push([name, other]);
  }
  if (same.length === 0) return {};
  const differ = same.map(([a, b]) => `count(*) FILTER (${quoteName(a)} IS DISTINCT FROM ${quoteName(b)})`);
  const result = await connection.runAndReadAll(`SELECT ${differ.join(', ')} FROM ${parquetRows(dataset.file)}`);
  const counts = result.getRows()[0]!;
  return Object.fromEntries(same.filter((_, at) => Number(counts[at]) === 0));
}

function fingerprint(raw: Exclude<RawColumn, { kind: 'uint8' }>): string {
  let [high, low] = [raw.kind.length, 0x1b873593];
  const add = (word: number): void => {
    high = mixed(high ^ word, 0x85ebca6b);
    low = mixed(low + word, 0xc2b2ae35);
  };
  if (raw.kind === 'string') {
    const texts = raw.dictionary.map(textHash);
    for (const code of raw.codes) add(texts[code]!);
  } else for (const word of wordsOf(raw)[0]) add(word);
  return `${high >>> 0} ${low >>> 0}`;
}

function textHash(text: string): number {
  let hash = text.length;
  for (let at = 0; at < text.length; at++) hash = mixed(hash ^ text.charCodeAt(at), 0x85ebca6b);
  return hash;
}
