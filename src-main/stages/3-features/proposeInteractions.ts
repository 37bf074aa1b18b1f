import type { FeatureInteraction, FeatureRule } from '../../../src-shared/domain/features.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { association } from './association.ts';
import { combined } from './fitInteractions.ts';
import type { RawColumn, RawTable, StringColumn } from './rawTable.ts';
import type { Target } from './target.ts';

/** Columns whose pairs are looked at: those that tell most by themselves. */
const mostNumbers = 8;
const mostCategories = 6;
/** Values of a category that is crossed; more would hardly have rows in common. */
const mostValues = 50;
const rowsLookedAt = 5000;
/** What a pair must tell, on rows that it was not fitted on, beyond the better of its columns. */
const fewestGain = 0.03;
const mostOfAKind = 3;

/**
 * Products, ratios and crosses that tell the target clearly better than either of their columns does (`association`, half of at most
 * 5,000 rows to fit on and half to judge), the best three numbers and the best three crosses.
 */
export function noticeInteractions(
  table: RawTable,
  columns: readonly Column[],
  target: Target,
  rows: Int32Array,
  associations: Readonly<Record<string, number | null>>,
): FeatureInteraction[] {
  const step = Math.max(1, Math.floor(rows.length / rowsLookedAt));
  const looked = rows.filter((_, at) => at % step === 0);
  const strongest = (fits: (column: Column) => boolean, most: number): string[] =>
    columns
      .filter((column) => fits(column) && associations[column.name] !== null && associations[column.name] !== undefined)
      .map(({ name }) => name)
      .sort((a, b) => associations[b]! - associations[a]!)
      .slice(0, most);
  const own = new Map<string, number>();
  const alone = (name: string): number => {
    if (!own.has(name)) own.set(name, association(table.columns.get(name)!, target, looked) ?? 0);
    return own.get(name)!;
  };
  const gain = (each: FeatureInteraction, raw: RawColumn): { each: FeatureInteraction; gain: number } => ({
    each,
    gain: (association(raw, target, looked) ?? 0) - Math.max(alone(each.left), alone(each.right)),
  });
  const numbers = strongest(({ type }) => type === 'integer' || type === 'number', mostNumbers);
  const categories = strongest(({ name, type }) => {
    const raw = table.columns.get(name);
    return type === 'category' && raw?.kind === 'string' && raw.dictionary.length <= mostValues;
  }, mostCategories);
  const combinations = pairs(numbers).flatMap(([left, right]) =>
    (
      [
        { kind: 'product', left, right },
        { kind: 'ratio', left, right },
        { kind: 'ratio', left: right, right: left },
      ] as const
    ).map((each) => gain(each, { kind: 'float32', values: combined(each.kind, table, each.left, each.right) })),
  );
  const crosses = pairs(categories).map(([left, right]) =>
    gain({ kind: 'cross', left, right, maxValues: 200, minCount: 10 }, crossed(table.columns.get(left), table.columns.get(right))),
  );
  return [onePerPair(combinations), crosses].flatMap((found) =>
    found
      .filter((each) => each.gain >= fewestGain)
      .sort((a, b) => b.gain - a.gain)
      .slice(0, mostOfAKind)
      .map(({ each }) => each),
  );
}

/** Those of them whose columns have the rules that they need. */
export function usableInteractions(rules: readonly FeatureRule[], interactions: readonly FeatureInteraction[]): FeatureInteraction[] {
  const kindOf = new Map(rules.map(({ column, kind }) => [column, kind]));
  return interactions.filter(({ kind, left, right }) =>
    [left, right].every((column) => kindOf.get(column) === (kind === 'cross' ? 'oneHot' : 'numeric')),
  );
}

function pairs(names: readonly string[]): [string, string][] {
  return names.flatMap((left, at) => names.slice(at + 1).map((right): [string, string] => [left, right]));
}

/** Of product and ratios of two columns the best. */
function onePerPair<Each extends { each: FeatureInteraction; gain: number }>(found: Each[]): Each[] {
  const best = new Map<string, Each>();
  for (const one of found) {
    const key = JSON.stringify([one.each.left, one.each.right].sort());
    if (one.gain > (best.get(key)?.gain ?? -Infinity)) best.set(key, one);
  }
  return [...best.values()];
}

function crossed(left: RawColumn | undefined, right: RawColumn | undefined): StringColumn {
  const [a, b] = [left as StringColumn, right as StringColumn];
  const stride = b.dictionary.length;
  return {
    kind: 'string',
    codes: a.codes.map((code, row) => code * stride + b.codes[row]!),
    dictionary: Array.from({ length: a.dictionary.length * stride }, (_, pair) => String(pair)),
  };
}
