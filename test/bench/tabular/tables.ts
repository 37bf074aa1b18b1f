// Real tables, split by a fixed shuffle, in two forms: cells for Python, standardised numbers and one-hot categories for ours.
import { counterRandom } from '../../../src-main/platform/random.ts';
import type { FeatureColumn, FitData, LabelledMatrix, LearnerTask } from '../../../src-main/stages/4-train/learners/learner.ts';
import { openDuck, quoteText } from '../../../src-main/stages/4-train/worker/table/duck.ts';
import { fetchDataset, type DatasetName } from '../../fixtures/fetch.ts';

export interface TabularTable {
  name: string;
  task: LearnerTask;
  data: Required<Pick<FitData, 'train' | 'validation'>> & Pick<FitData, 'task' | 'columns'>;
  test: LabelledMatrix;
  /** As they stand in the file; null is missing. Parts are rows of `columns` and `answers`. */
  raw: {
    columns: { name: string; categorical: boolean; cells: (number | string | null)[] }[];
    answers: number[];
    parts: Record<'train' | 'validation' | 'test', number[]>;
  };
}

interface TableSource {
  dataset: DatasetName;
  target: string;
  select?: string;
  /** Of rows; all are fewer. */
  most?: number;
}

export const tabularSources: readonly TableSource[] = [
  { dataset: 'titanic', target: 'survived', select: 'SELECT * EXCLUDE (name, ticket, cabin, boat, body, "home.dest")' },
  { dataset: 'spamWords', target: 'type' },
  { dataset: 'churn', target: 'churn' },
  { dataset: 'satellite', target: 'classes' },
  { dataset: 'diamonds', target: 'price', select: 'SELECT * REPLACE (log(price) AS price)' },
  { dataset: 'bank', target: 'y' },
];

/** 64 % to train, 16 % to choose, 20 % to judge. */
export async function readTabular({ dataset, target, select = 'SELECT *', most = Infinity }: TableSource): Promise<TabularTable> {
  const { path, delimiter } = await fetchDataset(dataset);
  using duck = await openDuck();
  const result = await duck.connection.runAndReadAll(
    `${select} FROM read_csv(${quoteText(path)}, delim=${quoteText(delimiter)}, nullstr=['', 'NA', '?'])`,
  );
  const [names, cells] = [result.columnNames(), result.getColumnsJS()];
  const answerCells = cells[names.indexOf(target)]!;
  const rows = counterRandom(11).shuffle(Array.from(answerCells.keys()).filter((row) => answerCells[row] !== null));
  const used = rows.slice(0, most);
  const isClass = answerCells.some((cell) => typeof cell === 'string' || typeof cell === 'boolean') || isFew(answerCells);
  const classes = isClass ? [...new Set(answerCells.filter((cell) => cell !== null).map(String))].sort() : [];
  const answers = answerCells.map((cell) => (cell === null ? NaN : isClass ? classes.indexOf(String(cell)) : Number(cell)));
  const columns = names
    .map((name, at) => ({ name, cells: cells[at]!.map(plain) }))
    .filter(({ name }) => name !== target)
    .map((each) => ({ ...each, categorical: each.cells.some((cell) => typeof cell === 'string') }));
  const [first, second] = [Math.floor(used.length * 0.64), Math.floor(used.length * 0.8)];
  const parts = { train: used.slice(0, first), validation: used.slice(first, second), test: used.slice(second) };
  const encoders = columns.map((column) => encoder(column, parts.train));
  const task: LearnerTask = isClass ? { kind: 'class', classes: classes.length } : { kind: 'number', objective: { kind: 'squared' } };
  const matrix = (part: number[]): LabelledMatrix => {
    const all = part.map((row) => encoders.flatMap(({ encode }) => encode(row)));
    return {
      features: { rows: part.length, width: all[0]!.length, data: Float32Array.from(all.flat()) },
      target: isClass
        ? { kind: 'class', codes: Int32Array.from(part, (row) => answers[row]!), classes: classes.length }
        : { kind: 'number', values: Float64Array.from(part, (row) => answers[row]!) },
    };
  };
  return {
    name: dataset,
    task,
    data: { task, columns: encoders.flatMap((each) => each.columns), train: matrix(parts.train), validation: matrix(parts.validation) },
    test: matrix(parts.test),
    raw: { columns, answers, parts },
  };
}

interface Encoder {
  columns: FeatureColumn[];
  encode(row: number): number[];
}

/** Numbers: median for what is missing, then mean 0 and deviation 1, and a flag where any is missing. Categories: one-hot. */
function encoder({ name, categorical, cells }: TabularTable['raw']['columns'][number], train: number[]): Encoder {
  if (categorical) {
    const known = [...new Set(train.map((row) => cells[row]!))];
    return {
      columns: known.map((value) => ({ name: `${name} = ${value}`, kind: 'flag' as const })),
      encode: (row) => known.map((value) => Number(cells[row] === value)),
    };
  }
  const numbers = train.flatMap((row) => (cells[row] === null ? [] : [Number(cells[row])])).sort((a, b) => a - b);
  const median = numbers[numbers.length >> 1] ?? 0;
  const mean = numbers.reduce((sum, each) => sum + each, 0) / (numbers.length || 1);
  const deviation = Math.sqrt(numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (numbers.length || 1)) || 1;
  const gaps = train.some((row) => cells[row] === null);
  const flag: FeatureColumn[] = gaps ? [{ name: `${name} missing`, kind: 'flag' }] : [];
  return {
    columns: [{ name, kind: 'number' }, ...flag],
    encode: (row) => [(Number(cells[row] ?? median) - mean) / deviation, ...(gaps ? [Number(cells[row] === null)] : [])],
  };
}

function plain(cell: unknown): number | string | null {
  if (cell === null) return null;
  return typeof cell === 'string' ? cell : typeof cell === 'boolean' ? String(cell) : Number(cell);
}

function isFew(cells: readonly unknown[]): boolean {
  return new Set(cells).size <= 10;
}
