import { GraphBuilder } from '../../compiler/index.ts';
import { batches } from './batches.ts';
import { distinctCodes, distinctPairs, fillFromEntries, grown, type EntryTable } from './entryTable.ts';
import { addFeatureGraph } from './featureGraph.ts';
import type { FeatureView, FittedColumn, FittedFeatures, FittedInteraction } from './fittedFeatures.ts';
import { layout } from './layout.ts';
import { columnFeed, type LoadModel, type ModelRunner, type RawTable, type StringColumn, type TensorLike } from './rawTable.ts';
import { TextCounts } from './TextCounts.ts';
import { Preprocessing } from './words/preprocessing.ts';

const rowsPerRun = 2048;
const rowsPerTextRun = 256;
/** Features of a row from which on one copy of them is faster than one each. */
const fewestTogether = 32;
/** Of the features of a dictionary's entries, which are kept only where they are not zero. */
const mostEntryCells = 64_000_000;

export type Reported = ReadonlySet<FittedColumn | FittedInteraction>;

/** Some columns with a graph of their own, whose features go to their places in the whole matrix. */
export class ColumnGroup {
  readonly #fitted: FittedFeatures;
  readonly #model: ModelRunner;
  readonly #output: string;
  readonly #width: number;
  readonly #texts: TextCounts | null;
  readonly #preprocessing: Preprocessing;
  /** Columns of the group's own matrix that are taken, and where they stand in the whole. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Many columns that stand side by side in both matrices. */
  readonly #together: boolean;

  static async open(
    part: FittedFeatures,
    reported: Reported,
    whole: FittedFeatures,
    view: FeatureView,
    loadModel: LoadModel,
  ): Promise<ColumnGroup> {
    const g = new GraphBuilder('features');
    const output = g.output(addFeatureGraph(g, part, [view])[0]!).name;
    const model = await loadModel(g.toModelBytes({ producer: 'modelkeep' }));
    const [first] = part.columns;
    const preprocessing = await Preprocessing.open(part.columns.map(({ input }) => input));
    const texts = first?.kind === 'textNgrams' ? await TextCounts.open(first, view, preprocessing.of(first.column), loadModel) : null;
    return new ColumnGroup(
      { part, model, output, texts, preprocessing },
      placesOf(part, reported, view),
      placesOf(whole, reported, view),
      view,
    );
  }

  private constructor(
    {
      part,
      model,
      output,
      texts,
      preprocessing,
    }: { part: FittedFeatures; model: ModelRunner; output: string; texts: TextCounts | null; preprocessing: Preprocessing },
    from: number[],
    to: number[],
    view: FeatureView,
  ) {
    this.#fitted = part;
    this.#model = model;
    this.#output = output;
    this.#texts = texts;
    this.#preprocessing = preprocessing;
    this.#width = layout(part, view).reduce((sum, { names }) => sum + names.length, 0);
    this.#from = Int32Array.from(from);
    this.#to = Int32Array.from(to);
    const follow = (places: number[]): boolean => places.every((place, at) => place === places[0]! + at);
    this.#together = to.length >= fewestTogether && follow(from) && follow(to);
  }

  /** Null where the group is computed row by row: numbers, and texts of which hardly any comes twice. */
  async entryTable(table: RawTable, rows: Int32Array, pause: () => Promise<void>): Promise<EntryTable | null> {
    const columns = this.#fitted.columns.map(({ column }) => table.columns.get(column)!);
    if (!columns.every((each): each is StringColumn => each.kind === 'string')) return null;
    const { entryOf, codes, rowOf } = columns.length === 1 ? distinctCodes(columns[0]!, rows) : distinctPairs(columns, rows);
    if (rowOf.length * this.#to.length > mostEntryCells || rowOf.length > rows.length / 2) return null;
    return { entryOf, codes, ...(await this.#sparse(table, rowOf, pause)) };
  }

  /** One row of the table stands for each entry. */
  async #sparse(table: RawTable, rowOf: Int32Array, pause: () => Promise<void>): Promise<Omit<EntryTable, 'entryOf' | 'codes'>> {
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
      free(data);
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
        const source = (row - start) * own;
        const target = row * width;
        if (this.#together) data.set(found.subarray(source + from[0]!, source + from[0]! + from.length), target + to[0]!);
        else for (let at = 0; at < from.length; at++) data[target + to[at]!] = found[source + from[at]!]!;
      }
      free(found);
    }
  }

  #batches(table: RawTable, rows: Int32Array): Generator<[start: number, end: number]> {
    const wide = this.#fitted.columns.some(({ kind }) => kind === 'textNgrams' || kind === 'imagePixels');
    if (!wide) return batches(rows.length, rowsPerRun);
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
    return (await this.#model.run(this.#preprocessing.feeds(feeds)))[this.#output]!.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#model.release();
    await this.#texts?.release();
  }
}

/** An output that is not needed any more: left to the garbage collector, thousands of them took a quarter of the time. */
function free(output: Float32Array): void {
  if (output.buffer instanceof ArrayBuffer && !output.buffer.detached) output.buffer.transfer(0);
}

/** Where the features of `reported` stand. */
export function placesOf(fitted: FittedFeatures, reported: Reported, view: FeatureView): number[] {
  const places: number[] = [];
  let offset = 0;
  for (const { from, names } of layout(fitted, view)) {
    if (reported.has(from)) names.forEach((_, at) => places.push(offset + at));
    offset += names.length;
  }
  return places;
}
