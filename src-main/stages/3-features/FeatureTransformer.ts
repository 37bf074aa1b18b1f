// Feature matrices of whole tables, by the graph of the model cut into its columns.
import { ColumnGroup, type Reported } from './ColumnGroup.ts';
import type { EntryTable } from './entryTable.ts';
import type { FeatureView, FittedColumn, FittedCross, FittedFeatures, FittedInteraction, FittedNumeric } from './fittedFeatures.ts';
import { featureWidth } from './layout.ts';
import { PlainNumbers } from './PlainNumbers.ts';
import type { LoadModel, RawTable } from './rawTable.ts';

/** Their features should fit into the second cache: each group of columns writes to all of them in turn. */
const rowsPerBlock = 1024;

/**
 * Computes one view of the features with the operators that become the front of the model, but each column's by itself: a category or
 * text has its features computed once for each distinct value and then copied to its rows (1 M rows of a 12-value category: one run of
 * 12 texts instead of a million). A row's features do not depend on its neighbours, so the result is that of the whole graph, bit for
 * bit; a test holds the two together.
 */
export class FeatureTransformer {
  readonly width: number;
  readonly #groups: ColumnGroup[];
  readonly #plain: PlainNumbers;

  static async open(fitted: FittedFeatures, view: FeatureView, loadModel: LoadModel): Promise<FeatureTransformer> {
    const groups: ColumnGroup[] = [];
    const plain = fitted.columns.filter((each): each is FittedNumeric => isPlain(each, view));
    for (const { part, reported } of groupsOf(fitted, view)) groups.push(await ColumnGroup.open(part, reported, fitted, view, loadModel));
    return new FeatureTransformer(featureWidth(fitted, view), groups, new PlainNumbers(plain, fitted, view));
  }

  private constructor(width: number, groups: ColumnGroup[], plain: PlainNumbers) {
    this.width = width;
    this.#groups = groups;
    this.#plain = plain;
  }

  /** Row-major [rows, width], block by block in order; a block is written over by the next. */
  async *blocks(table: RawTable, rows: Int32Array, pause: () => Promise<void>): AsyncGenerator<{ start: number; data: Float32Array }> {
    const tables: (EntryTable | null)[] = [];
    for (const group of this.#groups) tables.push(await group.entryTable(table, rows, pause));
    const room = new Float32Array(Math.min(rows.length, rowsPerBlock) * this.width);
    for (let start = 0; start < rows.length; start += rowsPerBlock) {
      const own = rows.subarray(start, start + rowsPerBlock);
      const data = room.subarray(0, own.length * this.width);
      data.fill(0);
      this.#plain.fill(table, own, data, this.width);
      for (const [at, group] of this.#groups.entries()) await group.fill(table, own, tables[at]!, data, this.width);
      await pause();
      yield { start, data };
    }
  }

  /** [rows, width], row-major. */
  async matrix(table: RawTable, rows: Int32Array, pause: () => Promise<void> = () => Promise.resolve()): Promise<Float32Array> {
    const whole = new Float32Array(rows.length * this.width);
    for await (const { start, data } of this.blocks(table, rows, pause)) whole.set(data, start * this.width);
    return whole;
  }

  async release(): Promise<void> {
    for (const group of this.#groups) await group.release();
  }
}

function isPlain(each: FittedColumn, view: FeatureView): boolean {
  return each.kind === 'numeric' && (view === 'codes' || each.transform.kind === 'none');
}

interface Cut {
  part: FittedFeatures;
  /** Whose features are taken; interactions need their two columns beside them. */
  reported: Reported;
}

/** All other numbers, dates, pictures and combinations together; each category and text alone; each cross with its two columns. */
function groupsOf({ columns, interactions }: FittedFeatures, view: FeatureView): Cut[] {
  const isText = ({ input }: FittedColumn): boolean => input.onnxType === 'string';
  const crosses = interactions.filter((each): each is FittedCross => each.kind === 'cross');
  const combinations = interactions.filter((each) => each.kind !== 'cross');
  const own = columns.filter((each) => !isText(each) && !isPlain(each, view));
  const combined = new Set(combinations.flatMap(({ left, right }) => [left, right]));
  const cut = (of: FittedColumn[], between: FittedInteraction[], reported: (FittedColumn | FittedInteraction)[]): Cut => ({
    part: { columns: of, interactions: between },
    reported: new Set(reported),
  });
  const needed = columns.filter((each) => own.includes(each) || combined.has(each.column));
  return [
    ...(needed.length > 0 ? [cut(needed, combinations, [...own, ...combinations])] : []),
    ...columns.filter(isText).map((each) => cut([each], [], [each])),
    ...crosses.map((each) => {
      const pair = columns.filter(({ column }) => column === each.left || column === each.right);
      return cut(pair, [each], [each]);
    }),
  ];
}
