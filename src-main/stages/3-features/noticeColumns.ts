// Columns that may know what is not known yet when a model is asked. Noticed, not left out: a person decides.
import type { Column } from '../../../src-shared/domain/table.ts';
import { leakScore } from './association.ts';
import type { Inspection } from './inspection.ts';
import { isBirthName } from './keyNames.ts';
import type { RawColumn, RawTable } from './rawTable.ts';
import { rankCorrelation } from './structure.ts';
import type { Target } from './target.ts';

const fewestRows = 40;
/** Below a leak, above what an honest column tells as a rule. */
const nearLeakScore = 0.95;
/** A class is "filled" or "empty" beyond doubt. */
const [mostlyFilled, hardlyFilled, fewestFilled] = [0.5, 0.01, 20];

type Noticed = NonNullable<Inspection['noticed']>;

/**
 * `rowOrder`: distinct numbers that rise or fall with the rows; `filledForOneClass`: has values for one class only; `nearLeak`:
 * alone tells nearly the whole answer; `laterThan`: a date after the first date of the row. `target` by position in `table`.
 */
export function noticeColumns(
  table: RawTable & { rowNumbers: Int32Array },
  columns: readonly Column[],
  target: Target,
  associations: Inspection['associations'],
): Noticed {
  if (table.rows < fewestRows) return [];
  const found: Noticed = [];
  const first = firstDate(table, columns);
  for (const { name, type } of columns) {
    const raw = table.columns.get(name);
    if (!raw) continue;
    if ((type === 'integer' || type === 'number') && raw.kind === 'float32') {
      const order = orderOf(raw.values, table.rowNumbers);
      if (order !== null && Math.abs(order) >= 0.9999) found.push({ column: name, code: 'rowOrder', params: { order: Math.round(order) } });
    }
    const only = target.kind === 'class' ? filledFor(raw, target) : null;
    if (only) found.push({ column: name, code: 'filledForOneClass', params: only });
    const score = associations[name];
    if (typeof score === 'number' && score >= nearLeakScore && score < leakScore)
      found.push({ column: name, code: 'nearLeak', params: { score: Number(score.toPrecision(3)) } });
    if (first && first.name !== name && raw.kind === 'float64' && isAfter(raw.values, first.values))
      found.push({ column: name, code: 'laterThan', params: { other: first.name } });
  }
  return found;
}

/** Null unless all are there and distinct. */
function orderOf(values: Float32Array, rowNumbers: Int32Array): number | null {
  if (values.some((value) => !Number.isFinite(value)) || new Set(values).size < values.length) return null;
  return rankCorrelation(Float64Array.from(values), Float64Array.from(rowNumbers));
}

function filledFor(raw: RawColumn, { codes, classes }: Extract<Target, { kind: 'class' }>): { class: string; rows: number } | null {
  const [rows, filled] = [new Float64Array(classes.length), new Float64Array(classes.length)];
  codes.forEach((code, at) => {
    if (code < 0) return;
    rows[code]!++;
    filled[code]! += Number(isPresent(raw, at));
  });
  const shares = filled.map((count, code) => (rows[code]! > 0 ? count / rows[code]! : 0));
  const own = shares.indexOf(Math.max(...shares));
  const others = shares.filter((_, code) => code !== own && rows[code]! > 0);
  const fits =
    others.length > 0 && shares[own]! >= mostlyFilled && filled[own]! >= fewestFilled && others.every((share) => share <= hardlyFilled);
  return fits ? { class: classes[own]!, rows: filled[own]! } : null;
}

function isPresent(raw: RawColumn, at: number): boolean {
  if (raw.kind === 'uint8') return true;
  return raw.kind === 'string' ? raw.dictionary[raw.codes[at]!] !== '' : !Number.isNaN(raw.values[at]);
}

/** The date column that is earliest in the middle. */
function firstDate(table: RawTable, columns: readonly Column[]): { name: string; values: Float64Array } | null {
  const dates = columns.flatMap(({ name, type }) => {
    const raw = table.columns.get(name);
    if ((type !== 'date' && type !== 'timestamp') || raw?.kind !== 'float64' || isBirthName(name)) return [];
    const present = raw.values.filter((value) => !Number.isNaN(value)).sort();
    return present.length === 0 ? [] : [{ name, values: raw.values, median: present[present.length >> 1]! }];
  });
  return dates.sort((a, b) => a.median - b.median)[0] ?? null;
}

function isAfter(values: Float64Array, first: Float64Array): boolean {
  let [both, later, earlier] = [0, 0, 0];
  values.forEach((value, at) => {
    if (Number.isNaN(value) || Number.isNaN(first[at])) return;
    both++;
    later += Number(value > first[at]!);
    earlier += Number(value < first[at]!);
  });
  return both >= fewestRows && later >= 0.5 * both && earlier <= 0.001 * both;
}
