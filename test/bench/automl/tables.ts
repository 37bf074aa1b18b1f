// Public tables of different kinds, each cut once into rows to learn from and rows to judge by, the same for every system.
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { counterRandom } from '../../../src-main/platform/random.ts';
import { fetchDataset, type DatasetName } from '../../fixtures/fetch.ts';

export interface AutomlTable {
  name: DatasetName;
  task: 'binary' | 'multiclass' | 'regression';
  target: string;
  train: string;
  test: string;
  delimiter: string;
  rows: number;
  /** Of the test rows. */
  truth: string[];
}

export const automlTables = [
  'churn',
  'creditData',
  'creditG',
  'bankSmall',
  'bank',
  'titanic',
  'mlcChurn',
  'spamWords',
  'satellite',
  'letters',
  'shuttle',
  'dna',
  'concrete',
  'boston',
  'diamonds',
  'cpsWages',
  'sacramento',
  'income',
  'ticdata',
  'seattleWeather',
] as const satisfies readonly DatasetName[];

const testShare = 0.25;

/** Writes `train.csv` and `test.csv` (without the target) into a folder of the table's name. */
export async function cutTable(name: DatasetName, folder: string, seed: number): Promise<AutomlTable> {
  const { path, delimiter, target, task } = await fetchDataset(name);
  if (target === null || task === null) throw new Error(`${name} has no usual target.`);
  const rows: string[][] = [];
  for await (const row of createReadStream(path).pipe(parse({ delimiter, relax_quotes: true }))) rows.push(row as string[]);
  const [header, ...body] = rows as [string[], ...string[][]];
  const at = header.indexOf(target);
  const answered = body.filter((row) => row[at] !== '' && row[at] !== '?');
  // Each class keeps its share.
  const keys = answered.map((row, index) => ({
    row,
    key: (task === 'regression' ? '' : row[at]!) + counterRandom(seed, index).next().toFixed(12),
  }));
  keys.sort((a, b) => (a.key < b.key ? -1 : 1));
  const every = Math.round(1 / testShare);
  const parts = { train: [] as string[][], test: [] as string[][] };
  keys.forEach(({ row }, index) => (index % every === 0 ? parts.test : parts.train).push(row));
  const own = join(folder, name);
  await mkdir(own, { recursive: true });
  const [train, test] = [join(own, 'train.csv'), join(own, 'test.csv')];
  const lines = (table: string[][]): string => table.map((row) => row.map(quoted).join(',')).join('\n') + '\n';
  await writeFile(train, lines([header, ...parts.train]));
  const without = (row: string[]): string[] => row.filter((_, column) => column !== at);
  await writeFile(test, lines([without(header), ...parts.test.map(without)]));
  return { name, task, target, train, test, delimiter: ',', rows: answered.length, truth: parts.test.map((row) => row[at]!) };
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
