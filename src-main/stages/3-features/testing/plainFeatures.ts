// Every step of the feature graph computed again in plain TypeScript, in float64, a row at a time: what the graph is held against.
import { transformed } from '../fitNumeric.ts';
import type {
  FeatureView,
  FittedColumn,
  FittedCombination,
  FittedCross,
  FittedDatetime,
  FittedEncoded,
  FittedFeatures,
  FittedNumeric,
  FittedOneHot,
  FittedText,
} from '../fittedFeatures.ts';
import { layout } from '../layout.ts';
import type { RawTable } from '../rawTable.ts';

type Cell = number | string | Uint8Array;

/** [rows, width], in the order of `layout`. */
export function plainFeatures(fitted: FittedFeatures, table: RawTable, view: FeatureView): number[][] {
  return Array.from({ length: table.rows }, (_, row) => {
    const used = new Map<object, number>();
    const own = new Map<object, number[]>();
    return layout(fitted, view).flatMap(({ from, names }) => {
      if (!own.has(from))
        own.set(
          from,
          featuresOf(from, (column) => cellOf(table, column, row), view),
        );
      const start = used.get(from) ?? 0;
      used.set(from, start + names.length);
      return own.get(from)!.slice(start, start + names.length);
    });
  });
}

function cellOf(table: RawTable, column: string, row: number): Cell {
  const raw = table.columns.get(column)!;
  if (raw.kind === 'string') return raw.dictionary[raw.codes[row]!]!;
  if (raw.kind !== 'uint8') return raw.values[row]!;
  const size = raw.shape.reduce((a, b) => a * b);
  return raw.values.subarray(row * size, (row + 1) * size);
}

function featuresOf(from: FittedColumn | FittedCombination | FittedCross, cell: (column: string) => Cell, view: FeatureView): number[] {
  switch (from.kind) {
    case 'numeric':
      return numeric(from, cell(from.column) as number, view);
    case 'product':
    case 'ratio':
    case 'since': {
      const [a, b] = [cell(from.left) as number, cell(from.right) as number];
      return numeric(from.number, Math.fround({ product: a * b, ratio: a / b, since: a - b }[from.kind]), view);
    }
    case 'oneHot':
      return oneHot(from, cell(from.column), view);
    case 'cross': {
      const place = (values: string[], x: Cell): number => values.indexOf(textOf(x));
      const [left, right] = [place(from.leftValues, cell(from.left)), place(from.rightValues, cell(from.right))];
      const pair = from.pairs.findIndex(([a, b]) => a === left && b === right);
      return view === 'codes' ? [pair < 0 ? from.pairs.length : pair] : from.pairs.map((_, at) => Number(at === pair));
    }
    case 'encoded':
      return encoded(from, cell(from.column) as string, view);
    case 'datetime':
      return datetime(from, cell(from.column) as number, view);
    case 'textNgrams':
      return text(from, cell(from.column) as string, view);
    case 'imagePixels':
      return Array.from(cell(from.column) as Uint8Array, (pixel, at) => {
        const channel = at % from.channels;
        return (pixel - from.mean[channel]!) / from.sd[channel]!;
      });
  }
}

function numeric(each: FittedNumeric, x: number, view: FeatureView): number[] {
  const missing = !Number.isFinite(x);
  if (view === 'codes') return [missing ? NaN : x];
  const limited = Math.min(Math.max(missing ? each.fill : x, each.low), each.high);
  const scaled = (transformed(each.transform)(limited) - each.centre) / each.spread;
  return each.missingFlag ? [scaled, Number(missing)] : [scaled];
}

function textOf(x: Cell): string {
  if (typeof x === 'string') return x;
  return Number.isNaN(x) ? '' : String((x as number) === 0 ? 0 : x);
}

function oneHot({ values, other }: FittedOneHot, x: Cell, view: FeatureView): number[] {
  const place = values.indexOf(textOf(x));
  if (view === 'codes') return [place < 0 ? values.length : place];
  return [...values.map((_, at) => Number(at === place)), ...(other ? [Number(place < 0)] : [])];
}

function encoded({ values, codes, tables, hash }: FittedEncoded, x: string, view: FeatureView): number[] {
  const found = values.indexOf(x);
  const place = found < 0 ? values.length : found;
  const numbers = tables.map((table) => (view === 'codes' ? table.numbers[place]! : (table.numbers[place]! - table.centre) / table.spread));
  const bucket = hash ? (hash.bucketOf[place] ?? hash.buckets) : 0;
  if (view === 'codes') return [...(codes > 0 ? [Math.min(place, codes)] : []), ...numbers, ...(hash ? [bucket] : [])];
  return [...(hash ? Array.from({ length: hash.buckets }, (_, at) => Number(at === bucket)) : []), ...numbers];
}

const dayMs = 86_400_000;

function datetime({ parts, fillDays, sdDays, missingFlag }: FittedDatetime, x: number, view: FeatureView): number[] {
  const missing = !Number.isFinite(x);
  const days = Math.min(Math.max(missing ? fillDays : x, -719_468), 2_932_896);
  const date = new Date(Math.floor(days) * dayMs);
  const share = days - Math.floor(days);
  const weekday = (date.getUTCDay() + 6) % 7;
  const hour = Math.min(23, Math.floor(share * 24 + 1e-6));
  const hot = (index: number, depth: number): number[] => Array.from({ length: depth }, (_, at) => Number(at === index && !missing));
  const wave = (turn: number): number[] => {
    const nothing = view === 'codes' ? NaN : 0;
    return missing ? [nothing, nothing] : [Math.sin(2 * Math.PI * turn), Math.cos(2 * Math.PI * turn)];
  };
  const plain = (number: number): number[] => [missing && view === 'codes' ? NaN : number];
  const features = parts.flatMap((part): number[] => {
    switch (part) {
      case 'age':
        return plain(view === 'codes' ? days - fillDays : (days - fillDays) / sdDays);
      case 'year': {
        const spread = Math.max(1, sdDays / 365.2425);
        return plain(
          view === 'codes'
            ? date.getUTCFullYear()
            : (date.getUTCFullYear() - new Date(Math.floor(fillDays) * dayMs).getUTCFullYear()) / spread,
        );
      }
      case 'dayOfMonth':
        return plain(view === 'codes' ? date.getUTCDate() - 1 : (date.getUTCDate() - 1 - 14.5) / 8.8);
      case 'dayOfWeek':
        return view === 'codes' ? plain(weekday) : hot(weekday, 7);
      case 'month':
        return view === 'codes' ? plain(date.getUTCMonth()) : hot(date.getUTCMonth(), 12);
      case 'hour':
        return view === 'codes' ? plain(hour) : hot(hour, 24);
      case 'dayOfWeekCycle':
        return wave(weekday / 7);
      case 'dayOfMonthCycle':
        return wave((date.getUTCDate() - 1) / 31);
      case 'monthCycle':
        return wave(date.getUTCMonth() / 12);
      case 'hourCycle':
        return wave(share);
    }
  });
  return view === 'scaled' && missingFlag ? [...features, Number(missing)] : features;
}

function text({ unit, weighting, sublinear, projection, terms, minN, maxN }: FittedText, x: string, view: FeatureView): number[] {
  const lower = x.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const tokens = lower.match(unit === 'word' ? /[\p{L}\p{N}\p{M}]+/gu : /[^\s\p{Z}]/gu) ?? [];
  const counts = new Map<string, number>();
  for (let n = minN; n <= maxN; n++)
    for (let at = 0; at + n <= tokens.length; at++) {
      const key = JSON.stringify(tokens.slice(at, at + n));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  const counted = terms.map(({ forms }) => forms.reduce((sum, form) => sum + (counts.get(JSON.stringify(form)) ?? 0), 0));
  const tamed = counted.map((count) => {
    if (weighting === 'binary') return Math.min(count, 1);
    return sublinear && count > 0 ? 1 + Math.log(count) : count;
  });
  const weighted = weighting === 'tfidf' ? unitLength(tamed.map((count, at) => count * terms[at]!.idf)) : tamed;
  if (!projection || view === 'scaled') return weighted;
  const { components, matrix } = projection;
  return Array.from({ length: components }, (_, component) =>
    weighted.reduce((sum, weight, term) => sum + weight * matrix[term * components + component]!, 0),
  );
}

function unitLength(values: number[]): number[] {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}
