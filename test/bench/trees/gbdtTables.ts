import { openDuck, quoteText } from '../../../src-main/stages/4-train/worker/table/duck.ts';
import { uniform } from '../../../src-main/trees/testing/randomEnsemble.ts';
import { fetchDataset, type DatasetName } from '../../fixtures/fetch.ts';

/** What is learned, in both implementations' words. */
export interface GbdtCase {
  name: string;
  table(): Promise<GbdtTable>;
  objective: 'logistic' | 'squared' | 'softmax';
  leaves: number;
  rounds: number;
  classes?: number;
  weighted?: boolean;
  /** Of rows and features. */
  sample?: number;
  monotone?: boolean;
}

export interface GbdtTable {
  width: number;
  categorical: Uint8Array;
  /** Row-major float32; NaN is missing, categories are codes. */
  train: { rows: number; data: Float32Array; target: Float32Array };
  test: { rows: number; data: Float32Array; target: Float32Array };
}

const million = (): Promise<GbdtTable> => Promise.resolve(synthetic(1_000_000, 200_000, 28, (score) => Number(score > 1)));
const part =
  (kind: (score: number) => number): (() => Promise<GbdtTable>) =>
  () =>
    Promise.resolve(synthetic(200_000, 50_000, 28, kind));
const fives = (score: number): number => Math.max(0, Math.min(4, Math.floor(score + 1.5)));

export const gbdtCases: readonly GbdtCase[] = [
  { name: '1 M x 28', table: million, objective: 'logistic', leaves: 63, rounds: 15 },
  { name: '1 M x 28, 255 leaves', table: million, objective: 'logistic', leaves: 255, rounds: 10 },
  {
    name: 'flights-3m',
    table: () =>
      read('flights', 'delay', `SELECT epoch(date) % 86400, dayofyear(date), dayofweek(date), distance, origin, destination, delay`),
    objective: 'squared',
    leaves: 63,
    rounds: 15,
  },
  { name: 'bank-full', table: () => read('bank', 'y', 'SELECT *'), objective: 'logistic', leaves: 31, rounds: 100 },
  {
    name: 'diamonds',
    table: () => read('diamonds', 'price', 'SELECT * REPLACE (log(price) AS price)'),
    objective: 'squared',
    leaves: 31,
    rounds: 100,
  },
  {
    name: '1,000 rows',
    table: () => Promise.resolve(synthetic(1000, 20_000, 10, (score) => Number(score > 1))),
    objective: 'logistic',
    leaves: 31,
    rounds: 100,
  },
  { name: 'weights', table: part((score) => score), objective: 'squared', leaves: 63, rounds: 20, weighted: true },
  {
    name: 'half of rows and features',
    table: part((score) => Number(score > 1)),
    objective: 'logistic',
    leaves: 63,
    rounds: 20,
    sample: 0.5,
  },
  { name: '5 classes', table: part(fives), objective: 'softmax', classes: 5, leaves: 31, rounds: 10 },
  { name: 'monotone', table: part((score) => score), objective: 'squared', leaves: 63, rounds: 20, monotone: true },
];

/** Numbers that say something together, with noise; one in twenty of a few columns is missing. */
function synthetic(rows: number, testRows: number, width: number, kind: (score: number) => number): GbdtTable {
  const random = uniform(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
  const make = (count: number): GbdtTable['train'] => {
    const data = new Float32Array(count * width);
    const target = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      const first = row * width;
      for (let at = 0; at < width; at++) data[first + at] = normal();
      const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((at) => data[first + at]!) as [number, number, number, number, number];
      const score = Math.sin(2 * a) + 0.5 * b * b + Number(c > 0.3) + 0.3 * d * e + 0.2 * data[first + 5]! + 0.7 * normal();
      target[row] = kind(score);
      for (let at = 6; at < Math.min(width, 10); at++) if (random() < 0.05) data[first + at] = NaN;
    }
    return { rows: count, data, target };
  };
  return { width, categorical: new Uint8Array(width), train: make(rows), test: make(testRows) };
}

/** A real table: text columns become categories, every fifth row is for the test. */
async function read(name: DatasetName, target: string, select: string): Promise<GbdtTable> {
  const { path, delimiter } = await fetchDataset(name);
  using duck = await openDuck({ memoryMb: 4096 });
  const from = path.endsWith('.parquet')
    ? `read_parquet(${quoteText(path)})`
    : `read_csv(${quoteText(path)}, delim=${quoteText(delimiter)})`;
  const result = await duck.connection.runAndReadAll(`${select} FROM ${from}`);
  const columns = result.getColumnsJS();
  const names = result.columnNames();
  const answer = names.indexOf(target);
  const features = columns.filter((_, at) => at !== answer);
  const categorical = Uint8Array.from(features, (column) => Number(column.some((cell) => typeof cell === 'string')));
  const encoded = features.map((column, at) => (categorical[at] ? codes(column) : Float32Array.from(column, numberOf)));
  const answers = columns[answer]!.some((cell) => typeof cell === 'string')
    ? codes(columns[answer]!)
    : Float32Array.from(columns[answer]!, numberOf);
  const pick = (wanted: (row: number) => boolean): GbdtTable['train'] => {
    const rows = Array.from(answers.keys()).filter((row) => wanted(row) && !Number.isNaN(answers[row]));
    const data = new Float32Array(rows.length * encoded.length);
    rows.forEach((row, to) => {
      for (let at = 0; at < encoded.length; at++) data[to * encoded.length + at] = encoded[at]![row]!;
    });
    return { rows: rows.length, data, target: Float32Array.from(rows, (row) => answers[row]!) };
  };
  return { width: encoded.length, categorical, train: pick((row) => row % 5 !== 0), test: pick((row) => row % 5 === 0) };
}

function codes(column: readonly unknown[]): Float32Array {
  const known = new Map<unknown, number>();
  return Float32Array.from(column, (cell) => {
    if (cell === null) return NaN;
    if (!known.has(cell)) known.set(cell, known.size);
    return known.get(cell)!;
  });
}

function numberOf(cell: unknown): number {
  return cell === null ? NaN : Number(cell);
}
