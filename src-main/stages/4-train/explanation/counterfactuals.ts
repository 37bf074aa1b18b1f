import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import type { ColumnLimit } from '../../../../src-shared/domain/evaluation.ts';
import type { RawColumn } from '../../3-features/api.ts';
import { quantile } from '../evaluation/residuals.ts';
import { explainable, type RowScorer } from './rowScorer.ts';

/** One cell: a number (NaN is missing) or a text ('' is missing). */
export type Cell = number | string;

export interface Change {
  column: string;
  from: Cell;
  to: Cell;
}

export interface CounterfactualSettings {
  row: number;
  /** Rows that say which values are usual. */
  rows: Int32Array;
  /** Score that is to be reached; one side may be open. */
  wanted: { min: number; max: number };
  /** Columns that may change, and how; null: every column, in any way seen in the rows. */
  limits: readonly ColumnLimit[] | null;
  mostChanges: number;
  pause(): Promise<void>;
}

export interface CounterfactualResult {
  found: { changes: Change[]; value: number; distance: number }[];
  nearest: number | null;
  tried: number;
}

const gridPoints = 24;
const mostValues = 20;
const beamWidth = 30;
const mostFound = 3;
const bisections = 12;
const changeOfValue = 0.5;
/** Every column more is a little worse, whatever its distance. */
const costOfColumn = 0.02;

/**
 * The smallest change of a row that brings its score into `wanted`: a beam search over one change, two changes, … of single cells,
 * within what the limits allow and the rows have shown. Distances are shares of rows between two numbers, so that columns of any
 * unit compare (Wachter, Mittelstadt & Russell, Harvard J. Law & Tech. 31 (2018); limits as in Ustun, Spangher & Liu, FAT* 2019).
 * What is found is then brought as close to the row as it goes: needless changes are taken back, numbers move towards their old
 * value. No proof that nothing closer exists; nothing found means that this search found nothing.
 */
export async function findCounterfactuals(scorer: RowScorer, settings: CounterfactualSettings): Promise<CounterfactualResult> {
  return new CounterfactualSearch(scorer, settings).run();
}

interface Lever {
  input: ModelInput;
  from: Cell;
  options: Cell[];
  sorted: Float64Array;
  min: number;
  max: number;
}
interface State {
  changes: ReadonlyMap<string, Cell>;
  score: number;
  distance: number;
}

class CounterfactualSearch {
  readonly #scorer: RowScorer;
  readonly #settings: CounterfactualSettings;
  readonly #levers: Map<string, Lever>;
  #tried = 0;

  constructor(scorer: RowScorer, settings: CounterfactualSettings) {
    this.#scorer = scorer;
    this.#settings = settings;
    this.#levers = new Map(leversOf(scorer, settings).map((lever) => [lever.input.name, lever]));
  }

  async run(): Promise<CounterfactualResult> {
    const { mostChanges, pause } = this.#settings;
    const [start] = await this.#score([new Map()]);
    if (this.#gap(start!) === 0) return { found: [{ changes: [], value: start!, distance: 0 }], nearest: start!, tried: 1 };
    let beam: State[] = [{ changes: new Map(), score: start!, distance: 0 }];
    const reached: State[] = [];
    let nearest = start!;
    for (let depth = 1; depth <= mostChanges && beam.length > 0; depth++) {
      const next = await this.#widen(beam);
      await pause();
      for (const { score } of next) if (this.#gap(score) < this.#gap(nearest)) nearest = score;
      reached.push(...next.filter(({ score }) => this.#gap(score) === 0));
      const open = next.filter(({ score }) => this.#gap(score) > 0);
      // A third by nearness to what is wanted, a third by what a step costs, and a third so that no column is forgotten where
      // single changes move nothing.
      const byGap = open.toSorted((a, b) => this.#gap(a.score) - this.#gap(b.score) || a.distance - b.distance);
      const gain = (state: State): number => (this.#gap(start!) - this.#gap(state.score)) / Math.max(1e-9, state.distance);
      const byGain = open.toSorted((a, b) => gain(b) - gain(a));
      beam = [...new Set([...byGap.slice(0, beamWidth / 3), ...byGain.slice(0, beamWidth / 3), ...inTurns(byGap, beamWidth / 3)])];
      // More changes than needed are no smaller change once several ways are known.
      if (reached.length >= 8 * mostFound) break;
    }
    const found: State[] = [];
    for (const state of reached.toSorted((a, b) => a.distance - b.distance).slice(0, 4 * mostFound)) {
      const refined = await this.#refine(state);
      const columns = columnsOf(refined);
      if (!found.some((each) => columnsOf(each) === columns)) found.push(refined);
    }
    return {
      found: found
        .toSorted((a, b) => a.distance - b.distance)
        .slice(0, mostFound)
        .map(({ changes, score, distance }) => ({
          changes: [...changes].map(([column, to]) => ({ column, from: this.#levers.get(column)!.from, to })),
          value: score,
          distance,
        })),
      nearest: found.length > 0 ? null : nearest,
      tried: this.#tried,
    };
  }

  async #widen(beam: readonly State[]): Promise<State[]> {
    const seen = new Set<string>();
    const candidates: Map<string, Cell>[] = [];
    for (const { changes } of beam)
      for (const [column, { options }] of this.#levers) {
        if (changes.has(column)) continue;
        for (const option of options) {
          const changed = new Map([...changes, [column, option]]);
          const key = JSON.stringify([...changed].toSorted(([a], [b]) => (a < b ? -1 : 1)));
          if (!seen.has(key)) candidates.push(changed);
          seen.add(key);
        }
      }
    const scores = await this.#score(candidates);
    return candidates.map((changes, at) => ({ changes, score: scores[at]!, distance: this.#distance(changes) }));
  }

  /** Takes changes back that are not needed, costliest first, and moves numbers towards their old value. */
  async #refine(state: State): Promise<State> {
    let best = state;
    const parts = [...state.changes].toSorted((a, b) => this.#distance(new Map([b])) - this.#distance(new Map([a])));
    for (const [column] of parts) {
      const without = new Map(best.changes);
      without.delete(column);
      if (without.size === 0) continue;
      const [score] = await this.#score([without]);
      if (this.#gap(score!) === 0) best = { changes: without, score: score!, distance: this.#distance(without) };
    }
    for (const [column, to] of best.changes) {
      const { from, input, min, max } = this.#levers.get(column)!;
      if (typeof from !== 'number' || typeof to !== 'number' || Number.isNaN(from) || Number.isNaN(to) || input.type === 'boolean')
        continue;
      let [near, far] = [Math.min(max, Math.max(min, from)), to];
      for (let step = 0; step < bisections; step++) {
        const middle = input.type === 'integer' || input.type === 'date' ? Math.round((near + far) / 2) : Math.fround((near + far) / 2);
        if (middle === near || middle === far) break;
        const changes = new Map(best.changes).set(column, middle);
        const [score] = await this.#score([changes]);
        if (this.#gap(score!) === 0) {
          best = { changes, score: score!, distance: this.#distance(changes) };
          far = middle;
        } else near = middle;
      }
    }
    return best;
  }

  async #score(candidates: readonly ReadonlyMap<string, Cell>[]): Promise<Float64Array> {
    const { row } = this.#settings;
    this.#tried += candidates.length;
    if (candidates.length === 0) return new Float64Array();
    const columns = new Set(candidates.flatMap((changes) => [...changes.keys()]));
    const replaced = new Map(
      [...columns].map((name) => {
        const { from } = this.#levers.get(name)!;
        const cells = candidates.map((changes) => changes.get(name) ?? from);
        return [name, { column: columnLike(this.#scorer.table.columns.get(name)!, cells), cells: Int32Array.from(cells, (_, at) => at) }];
      }),
    );
    return this.#scorer.score({ rows: new Int32Array(candidates.length).fill(row), replaced });
  }

  #gap(score: number): number {
    const { min, max } = this.#settings.wanted;
    return Math.max(0, min - score, score - max);
  }

  #distance(changes: ReadonlyMap<string, Cell>): number {
    let sum = 0;
    for (const [column, to] of changes) {
      const { from, sorted } = this.#levers.get(column)!;
      sum += costOfColumn;
      if (typeof from !== 'number' || typeof to !== 'number' || Number.isNaN(from) || sorted.length === 0) sum += changeOfValue;
      else sum += Math.abs(placeOf(sorted, to) - placeOf(sorted, from));
    }
    return sum;
  }
}

function columnsOf({ changes }: State): string {
  return JSON.stringify([...changes.keys()].toSorted());
}

/** The first of each set of columns, then the second of each, … */
function inTurns(states: readonly State[], most: number): State[] {
  const turns = new Map<string, number>();
  const placed = states.map((state) => {
    const columns = columnsOf(state);
    const turn = turns.get(columns) ?? 0;
    turns.set(columns, turn + 1);
    return { state, turn };
  });
  return placed
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, most)
    .map(({ state }) => state);
}

function leversOf(scorer: RowScorer, { row, rows, limits }: CounterfactualSettings): Lever[] {
  const limitOf = new Map(limits?.map((limit) => [limit.column, limit]));
  return explainable(scorer).flatMap((input): Lever[] => {
    const limit = limitOf.get(input.name);
    if ((limits && !limit) || input.type === 'text' || input.type === 'identifier') return [];
    const column = scorer.table.columns.get(input.name)!;
    if (column.kind === 'uint8') return [];
    if (column.kind === 'string') {
      const from = column.dictionary[column.codes[row]!]!;
      const counts = new Map<string, number>();
      for (const each of rows) {
        const text = column.dictionary[column.codes[each]!]!;
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
      const usual = [...counts].sort((a, b) => b[1] - a[1]).map(([text]) => text);
      const options = (limit?.values ?? usual.filter((text) => text !== '').slice(0, mostValues)).filter((text) => text !== from);
      return options.length === 0 ? [] : [{ input, from, options, sorted: new Float64Array(), min: -Infinity, max: Infinity }];
    }
    const from = column.values[row]!;
    const sorted = Float64Array.from(rows, (each) => column.values[each]!)
      .filter((value) => Number.isFinite(value))
      .sort();
    if (sorted.length === 0) return [];
    const { direction = 'any', min = -Infinity, max = Infinity } = limit ?? {};
    // What was seen, and where the row itself lies; nothing beyond.
    const seen = Number.isNaN(from) ? [sorted[0]!, sorted.at(-1)!] : [Math.min(sorted[0]!, from), Math.max(sorted.at(-1)!, from)];
    const allowed = (value: number): boolean =>
      value !== from &&
      value >= Math.max(min, seen[0]!) &&
      value <= Math.min(max, seen[1]!) &&
      (direction === 'any' || Number.isNaN(from) || (direction === 'up' ? value > from : value < from));
    const distinct = [...new Set(sorted)];
    const grid =
      distinct.length <= gridPoints ? distinct : Array.from({ length: gridPoints }, (_, at) => quantile(sorted, at / (gridPoints - 1)));
    const whole = input.type === 'integer' || input.type === 'boolean' || input.type === 'date';
    const ends = [min, max].filter((value) => Number.isFinite(value));
    const options = [...new Set([...grid, ...ends].map((value) => (whole ? Math.round(value) : Math.fround(value))))].filter(allowed);
    return options.length === 0 ? [] : [{ input, from, options, sorted, min, max }];
  });
}

function columnLike(like: RawColumn, cells: readonly Cell[]): RawColumn {
  if (like.kind === 'float32') return { kind: 'float32', values: Float32Array.from(cells as number[]) };
  if (like.kind === 'float64') return { kind: 'float64', values: Float64Array.from(cells as number[]) };
  const dictionary = [...new Set(cells as string[])];
  const codeOf = new Map(dictionary.map((text, code) => [text, code]));
  return { kind: 'string', codes: Int32Array.from(cells, (text) => codeOf.get(text as string)!), dictionary };
}

/** Share of rows below, ties counting half. */
function placeOf(sorted: Float64Array, value: number): number {
  const bound = (test: (each: number) => boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(sorted[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (bound((each) => each < value) + bound((each) => each <= value)) / 2 / sorted.length;
}
