// Feature matrices of whole tables, by the graph of the model cut into its columns.
import { GraphBuilder } from '../../compiler/index.ts';
import { batches } from './batches.ts';
import { addFeatureGraph } from './featureGraph.ts';
import type { FeatureView, FittedColumn, FittedCross, FittedFeatures, FittedInteraction, FittedText } from './fittedFeatures.ts';
import { layout } from './layout.ts';
import { TermCounter } from './TermCounter.ts';
import { countFeatures } from './textGraph.ts';
import { columnFeed, type LoadModel, type ModelRunner, type RawTable, type StringColumn, type TensorLike } from './rawTable.ts';

const rowsPerBlock = 4096;
const rowsPerTextRun = 256;
/** Of the features of a dictionary's entries, which are kept only where they are not zero. */
const mostEntryCells = 64_000_000;

/**
 * Computes one view of the features with the operators that become the front of the model, but each column's by itself: a category or
 * text has its features computed once for each distinct value and then copied to its rows (1 M rows of a 12-value category: one run of
 * 12 texts instead of a million). A row's features do not depend on its neighbours, so the result is that of the whole graph, bit for
 * bit; a test holds the two together.
 */
export class FeatureTransformer {
  readonly width: number;
  readonly #groups: Group[];

  static async open(fitted: FittedFeatures, view: FeatureView, loadModel: LoadModel): Promise<FeatureTransformer> {
    const groups: Group[] = [];
    for (const { part, reported } of groupsOf(fitted)) groups.push(await Group.open(part, reported, fitted, view, loadModel));
    return new FeatureTransformer(
      layout(fitted, view).reduce((sum, { names }) => sum + names.length, 0),
      groups,
    );
  }

  private constructor(width: number, groups: Group[]) {
    this.width = width;
    this.#groups = groups;
  }

  /** Row-major [rows, width], block by block in order; a block's array is the caller's own. */
  async *blocks(table: RawTable, rows: Int32Array, pause: () => Promise<void>): AsyncGenerator<{ start: number; data: Float32Array }> {
    const tables: (EntryTable | null)[] = [];
    for (const group of this.#groups) tables.push(await group.entryTable(table, rows, pause));
    for (let start = 0; start < rows.length; start += rowsPerBlock) {
      const own = rows.subarray(start, start + rowsPerBlock);
      const data = new Float32Array(own.length * this.width);
      for (const [at, group] of this.#groups.entries()) await group.fill(table, own, tables[at]!, data, this.width);
      await pause();
      yield { start, data };
    }
  }

  /** [rows, width], row-major. */
  async matrix(table: RawTable, rows: Int32Array, pause: () => Promise<void> = async () => undefined): Promise<Float32Array> {
    const whole = new Float32Array(rows.length * this.width);
    for await (const { start, data } of this.blocks(table, rows, pause)) whole.set(data, start * this.width);
    return whole;
  }

  async release(): Promise<void> {
    for (const group of this.#groups) await group.release();
  }
}

interface Cut {
  part: FittedFeatures;
  /** Whose features are taken; a cross needs its two columns beside it. */
  reported: ReadonlySet<FittedColumn | FittedInteraction>;
}

/** All numbers, dates and pictures together; each category and text alone; each cross with its two columns. */
function groupsOf({ columns, interactions }: FittedFeatures): Cut[] {
  const isText = ({ input }: FittedColumn): boolean => input.onnxType === 'string';
  const crosses = interactions.filter((each): each is FittedCross => each.kind === 'cross');
  const combinations = interactions.filter((each) => each.kind !== 'cross');
  const numbers = columns.filter((each) => !isText(each));
  const cut = (own: FittedColumn[], between: FittedInteraction[], reported: (FittedColumn | FittedInteraction)[]): Cut => ({
    part: { columns: own, interactions: between },
    reported: new Set(reported),
  });
  return [
    ...(numbers.length > 0 ? [cut(numbers, combinations, [...numbers, ...combinations])] : []),
    ...columns.filter(isText).map((each) => cut([each], [], [each])),
    ...crosses.map((each) => {
      const own = columns.filter(({ column }) => column === each.left || column === each.right);
      return cut(own, [each], [each]);
    }),
  ];
}

/** Features of each distinct value: of entry e those at `places[k]` are `values[k]`, first[e] ≤ k < first[e + 1]; the others are zero. */
interface EntryTable {
  entryOf: (row: number) => number;
  first: Int32Array;
  places: Int32Array;
  values: Float32Array;
}

class Group {
  readonly #fitted: FittedFeatures;
  readonly #model: ModelRunner;
  readonly #output: string;
  readonly #width: number;
  readonly #texts: TextCounts | null;
  /** Columns of the group's own matrix that are taken, and where they stand in the whole. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;

  static async open(
    part: FittedFeatures,
    reported: Cut['reported'],
    whole: FittedFeatures,
    view: FeatureView,
    loadModel: LoadModel,
  ): Promise<Group> {
    const g = new GraphBuilder('features');
    const output = g.output(addFeatureGraph(g, part, [view])[0]!).name;
    const model = await loadModel(g.toModelBytes({ producer: 'modelkeep' }));
    const [first] = part.columns;
    const texts = first?.kind === 'textNgrams' ? await TextCounts.open(first, loadModel) : null;
    return new Group({ part, model, output, texts }, placesOf(part, reported, view), placesOf(whole, reported, view), view);
  }

  private constructor(
    { part, model, output, texts }: { part: FittedFeatures; model: ModelRunner; output: string; texts: TextCounts | null },
    from: number[],
    to: number[],
    view: FeatureView,
  ) {
    this.#fitted = part;
    this.#model = model;
    this.#output = output;
    this.#texts = texts;
    this.#width = layout(part, view).reduce((sum, { names }) => sum + names.length, 0);
    this.#from = Int32Array.from(from);
    this.#to = Int32Array.from(to);
  }

  /** Null where the group is computed row by row: numbers, and texts of which hardly any comes twice. */
  async entryTable(table: RawTable, rows: Int32Array, pause: () => Promise<void>): Promise<EntryTable | null> {
    const columns = this.#fitted.columns.map(({ column }) => table.columns.get(column)!);
    if (!columns.every((each): each is StringColumn => each.kind === 'string')) return null;
    const { entryOf, entries, rowOf } = columns.length === 1 ? distinctCodes(columns[0]!, rows) : distinctPairs(columns, rows);
    if (entries * this.#to.length > mostEntryCells || entries > rows.length / 2) return null;
    return { entryOf, ...(await this.#sparse(table, rowOf, pause)) };
  }

  /** One row of the table stands for each entry. */
  async #sparse(table: RawTable, rowOf: Int32Array, pause: () => Promise<void>): Promise<Omit<EntryTable, 'entryOf'>> {
    const first = new Int32Array(rowOf.length + 1);
    let places = new Int32Array(1024);
    let values = new Float32Array(1024);
    let count = 0;
    for (const [start, end] of this.#batches(table, rowOf)) {
      const data = await this.#run(table, rowOf.subarray(start, end));
      for (let entry = start; entry < end; entry++) {
        for (let at = 0; at < this.#from.length; at++) {
          const value = data[(entry - start) * this.#width + this.#from[at]!]!;
          // −0 is not the zero that is there already.
          if (Object.is(value, 0)) continue;
          if (count === places.length) {
            places = grown(places, new Int32Array(2 * count));
            values = grown(values, new Float32Array(2 * count));
          }
          places[count] = this.#to[at]!;
          values[count++] = value;
        }
        first[entry + 1] = count;
      }
      await pause();
    }
    return { first, places, values };
  }

  /** `data` [rows, width] holds zeros where this group's features go. */
  async fill(table: RawTable, rows: Int32Array, entries: EntryTable | null, data: Float32Array, width: number): Promise<void> {
    if (entries) return fillFromEntries(rows, entries, data, width);
    const [from, to, own] = [this.#from, this.#to, this.#width];
    for (const [start, end] of this.#batches(table, rows)) {
      const found = await this.#run(table, rows.subarray(start, end));
      for (let row = start; row < end; row++) {
        const [source, target] = [(row - start) * own, row * width];
        for (let at = 0; at < from.length; at++) data[target + to[at]!] = found[source + from[at]!]!;
      }
    }
  }

  #batches(table: RawTable, rows: Int32Array): Generator<[start: number, end: number]> {
    const wide = this.#fitted.columns.some(({ kind }) => kind === 'textNgrams' || kind === 'imagePixels');
    if (!wide) return batches(rows.length, rowsPerBlock);
    const texts = this.#fitted.columns.map(({ column }) => table.columns.get(column)!).filter((each) => each.kind === 'string');
    return batches(rows.length, rowsPerTextRun, (at) => Math.max(0, ...texts.map((raw) => raw.dictionary[raw.codes[rows[at]!]!]!.length)));
  }

  async #run(table: RawTable, rows: Int32Array): Promise<Float32Array> {
    if (!this.#texts) return this.#byGraph(table, rows);
    const raw = table.columns.get(this.#fitted.columns[0]!.column) as StringColumn;
    return this.#texts.run(raw, rows, (own) => this.#byGraph(table, own));
  }

  async #byGraph(table: RawTable, rows: Int32Array): Promise<Float32Array> {
    const feeds: Record<string, TensorLike> = {};
    for (const { column } of this.#fitted.columns) feeds[column] = columnFeed(table.columns.get(column)!, rows);
    return (await this.#model.run(feeds))[this.#output]!.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#model.release();
    await this.#texts?.release();
  }
}

/**
 * A text column whose tokens are cut and counted here and weighted by the graph's own operators: a call of the tokenizer costs ten
 * times as much. Texts with characters that the two might see differently are left to the whole graph.
 */
class TextCounts {
  readonly #counter: TermCounter;
  readonly #model: ModelRunner;
  readonly #terms: number;
  readonly #width: number;

  static async open(column: FittedText, loadModel: LoadModel): Promise<TextCounts> {
    const g = new GraphBuilder('weights');
    g.output(countFeatures(g, column, g.input('counts', 'float32', ['N', column.terms.length])), 'features');
    return new TextCounts(column, await loadModel(g.toModelBytes({ producer: 'modelkeep' })));
  }

  private constructor(column: FittedText, model: ModelRunner) {
    this.#counter = new TermCounter(column);
    this.#model = model;
    this.#terms = column.terms.length;
    this.#width = column.projection?.components ?? column.terms.length;
  }

  async run(raw: StringColumn, rows: Int32Array, byGraph: (rows: Int32Array) => Promise<Float32Array>): Promise<Float32Array> {
    const counts = new Float32Array(rows.length * this.#terms);
    const left: number[] = [];
    for (let at = 0; at < rows.length; at++)
      if (!this.#counter.count(raw.dictionary[raw.codes[rows[at]!]!]!, counts, at * this.#terms)) left.push(at);
    const found = await this.#model.run({ counts: { type: 'float32', data: counts, dims: [rows.length, this.#terms] } });
    const data = found['features']!.data as Float32Array;
    if (left.length === 0) return data;
    const others = await byGraph(Int32Array.from(left, (at) => rows[at]!));
    left.forEach((at, place) => data.set(others.subarray(place * this.#width, (place + 1) * this.#width), at * this.#width));
    return data;
  }

  release(): Promise<void> {
    return this.#model.release();
  }
}

function fillFromEntries(rows: Int32Array, { entryOf, first, places, values }: EntryTable, data: Float32Array, width: number): void {
  for (let row = 0; row < rows.length; row++) {
    const entry = entryOf(rows[row]!);
    const start = row * width;
    for (let at = first[entry]!; at < first[entry + 1]!; at++) data[start + places[at]!] = values[at]!;
  }
}

function placesOf(fitted: FittedFeatures, reported: Cut['reported'], view: FeatureView): number[] {
  const places: number[] = [];
  let offset = 0;
  for (const { from, names } of layout(fitted, view)) {
    if (reported.has(from)) names.forEach((_, at) => places.push(offset + at));
    offset += names.length;
  }
  return places;
}

interface Distinct {
  entryOf: (row: number) => number;
  entries: number;
  /** A row that has the entry. */
  rowOf: Int32Array;
}

function distinctCodes({ codes, dictionary }: StringColumn, rows: Int32Array): Distinct {
  const entryOfCode = new Int32Array(dictionary.length).fill(-1);
  const rowOf: number[] = [];
  for (let at = 0; at < rows.length; at++) {
    const code = codes[rows[at]!]!;
    if (entryOfCode[code]! >= 0) continue;
    entryOfCode[code] = rowOf.length;
    rowOf.push(rows[at]!);
  }
  return { entryOf: (row) => entryOfCode[codes[row]!]!, entries: rowOf.length, rowOf: Int32Array.from(rowOf) };
}

function distinctPairs([left, right]: StringColumn[], rows: Int32Array): Distinct {
  const stride = right!.dictionary.length;
  const entries = new Map<number, number>();
  const rowOf: number[] = [];
  const keyOf = (row: number): number => left!.codes[row]! * stride + right!.codes[row]!;
  for (let at = 0; at < rows.length; at++) {
    const key = keyOf(rows[at]!);
    if (entries.has(key)) continue;
    entries.set(key, rowOf.length);
    rowOf.push(rows[at]!);
  }
  return { entryOf: (row) => entries.get(keyOf(row))!, entries: rowOf.length, rowOf: Int32Array.from(rowOf) };
}

function grown<Numbers extends Int32Array | Float32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
