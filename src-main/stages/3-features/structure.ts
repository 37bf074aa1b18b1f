// Whether rows have an order in time, or belong together in groups: random parts of such rows know each other.
import { answeredRows, labelCounts, type Target } from './target.ts';

export interface TimeFacts {
  column: string;
  moments: number;
  /** Share of rows without a time. */
  missing: number;
  /** Rank correlation with the order of the rows, −1 to 1. */
  order: number;
  /** Share of the target's variance that ten blocks of equal size in time explain, and its F. */
  drift: number;
  driftF: number;
  /** Of the present times, in days since 1970. */
  median: number;
}

export interface GroupFacts {
  column: string;
  groups: number;
  /** Of the rows that have a value. */
  rows: number;
  /** Intraclass correlation of the target, and its F. */
  correlation: number;
  correlationF: number;
  /** F above which chance is out of the question. */
  significantF: number;
  /** Columns that hardly differ within a group but do between groups. */
  constant: string[];
}

export interface Structure {
  times: TimeFacts[];
  groups: GroupFacts[];
  /** Each pair of a time and an entity is there once. */
  panel: { time: string; entity: string; entities: number; moments: number } | null;
}

const blocks = 10;

/** `values` by position of `rows`, NaN where missing; `target` by the same positions. */
export function timeFacts(column: string, values: Float64Array, rowNumbers: Int32Array, target: Target): TimeFacts {
  const present = positionsWith(values);
  const times = Float64Array.from(present, (at) => values[at]!);
  const inOrder = Int32Array.from(present, (_, place) => place).sort((a, b) => times[a]! - times[b]! || a - b);
  const order = correlation(ranks(times), ranks(Float64Array.from(present, (at) => rowNumbers[at]!)));
  const block = new Int32Array(values.length).fill(-1);
  inOrder.forEach((place, rank) => (block[present[place]!] = Math.floor((rank * blocks) / inOrder.length)));
  const { share, f } = between(block, answerScore(target));
  return {
    column,
    moments: new Set(times).size,
    missing: values.length === 0 ? 0 : 1 - present.length / values.length,
    order,
    drift: share,
    driftF: f,
    median: present.length === 0 ? Number.NaN : times[inOrder[inOrder.length >> 1]!]!,
  };
}

/** `codes`: group of each position, −1 where missing. One-way analysis of variance: Fleiss, Design and Analysis of Clinical Experiments (1986), ch. 1. */
export function groupFacts(column: string, codes: Int32Array, target: Target, constant: string[]): GroupFacts {
  const { groups, rows, f } = between(codes, answerScore(target));
  const perGroup = rows / Math.max(1, groups);
  const significantF = 1 + 5 * Math.sqrt(2 / Math.max(1, groups - 1) + 2 / Math.max(1, rows - groups));
  return { column, groups, rows, correlation: (f - 1) / (f - 1 + perGroup), correlationF: f, significantF, constant };
}

/** Between neighbours of one group (at least `fewest` pairs), and between any neighbours: how often the column is the same. */
export function sameWithin(groups: Int32Array, codeOf: (at: number) => number, fewest = 50): { within: number; overall: number } | null {
  const last = new Map<number, number>();
  let [pairs, same, others, alike] = [0, 0, 0, 0];
  for (let at = 0; at < groups.length; at++) {
    const group = groups[at]!;
    if (group < 0) continue;
    const before = last.get(group);
    if (before !== undefined) {
      pairs++;
      same += Number(codeOf(before) === codeOf(at));
    }
    last.set(group, at);
    // Anywhere, so that neither a sorted table nor one that goes round its groups looks alike.
    const other = (at * 7919 + 13) % groups.length;
    if (groups[other] !== group) {
      others++;
      alike += Number(codeOf(other) === codeOf(at));
    }
  }
  return pairs < fewest || others < fewest ? null : { within: same / pairs, overall: alike / others };
}

/** A panel (forecasting table): nearly each (entity, moment) once, several entities, and at least `fewest` moments each. */
export function isPanel(times: Float64Array, entities: Int32Array, fewest = 8): { entities: number; moments: number } | null {
  const seen = new Set<string>();
  let rows = 0;
  const [ids, moments] = [new Set<number>(), new Set<number>()];
  for (let at = 0; at < times.length; at++) {
    if (Number.isNaN(times[at]) || entities[at]! < 0) continue;
    rows++;
    seen.add(`${entities[at]} ${times[at]}`);
    ids.add(entities[at]!);
    moments.add(times[at]!);
  }
  const fits = rows > 0 && seen.size >= 0.999 * rows && ids.size >= 2 && rows / ids.size >= fewest && moments.size < 0.9 * rows;
  return fits ? { entities: ids.size, moments: moments.size } : null;
}

/** Spearman's, with the order of equal values as it comes. */
export function rankCorrelation(a: Float64Array, b: Float64Array): number {
  return correlation(ranks(a), ranks(b));
}

function ranks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values, (_, at) => at).sort((a, b) => values[a]! - values[b]! || a - b);
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[start]!]) end++;
    for (let at = start; at <= end; at++) result[order[at]!] = (start + end) / 2;
    start = end + 1;
  }
  return result;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [aa, bb, ab] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    aa += (a[at]! - meanA) ** 2;
    bb += (b[at]! - meanB) ** 2;
    ab += (a[at]! - meanA) * (b[at]! - meanB);
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** A number for each answer: the number itself, whether it is the most frequent class, or has the label nearest to half of all; NaN where there is none. */
function answerScore(target: Target): (at: number) => number {
  if (target.kind === 'number') return (at) => target.values[at]!;
  if (target.kind === 'labels') {
    const { flags, known, labels } = target;
    const rows = answeredRows(target);
    const distances = labelCounts(target, rows).map((count) => Math.abs(count / Math.max(1, rows.length) - 0.5));
    const label = distances.indexOf(Math.min(...distances));
    return (at) => (known[at] ? flags[at * labels.length + label]! : Number.NaN);
  }
  const counts = new Float64Array(target.classes.length);
  for (const code of target.codes) if (code >= 0) counts[code]!++;
  const usual = counts.indexOf(Math.max(...counts));
  return (at) => (target.codes[at]! < 0 ? Number.NaN : Number(target.codes[at] === usual));
}

/** Analysis of variance of `score` over groups (−1: none): share of the sum of squares between groups, and F. */
function between(codes: Int32Array, score: (at: number) => number): { groups: number; rows: number; share: number; f: number } {
  const sums = new Map<number, { count: number; sum: number }>();
  let [rows, sum, squares] = [0, 0, 0];
  for (let at = 0; at < codes.length; at++) {
    const value = score(at);
    if (codes[at]! < 0 || !Number.isFinite(value)) continue;
    let own = sums.get(codes[at]!);
    if (!own) sums.set(codes[at]!, (own = { count: 0, sum: 0 }));
    own.count++;
    own.sum += value;
    rows++;
    sum += value;
    squares += value * value;
  }
  const groups = sums.size;
  const total = squares - (sum * sum) / Math.max(1, rows);
  const among = [...sums.values()].reduce((part, own) => part + (own.sum * own.sum) / own.count, 0) - (sum * sum) / Math.max(1, rows);
  const within = Math.max(0, total - among);
  if (!(total > 0) || groups < 2 || rows <= groups) return { groups, rows, share: 0, f: 1 };
  const f = among / (groups - 1) / Math.max(within / (rows - groups), 1e-12 * (total / rows));
  return { groups, rows, share: among / total, f: Number.isFinite(f) ? f : 1 };
}

function positionsWith(values: Float64Array): Int32Array {
  const positions: number[] = [];
  values.forEach((value, at) => {
    if (!Number.isNaN(value)) positions.push(at);
  });
  return Int32Array.from(positions);
}
