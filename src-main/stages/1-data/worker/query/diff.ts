// What changed between two versions: columns, rows (as a multiset: a row that occurs twice counts twice), and distributions.
import type { Column, ColumnProfile, TableProfile, VersionDiff } from '../../../../../src-shared/domain/table.ts';
import type { StoredTable } from '../../operations.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';

/** A version with its profile. */
export type DiffSide = StoredTable & { profile: TableProfile };

/** Rows are compared over the columns that both versions have with one type; without such a column all rows differ. */
export async function diffVersions(engine: Engine, before: DiffSide, after: DiffSide, watch: Watch = {}): Promise<VersionDiff> {
  const names = [
    ...after.columns.map(({ name }) => name),
    ...before.columns.map(({ name }) => name).filter((name) => !after.columns.some((column) => column.name === name)),
  ];
  const typeIn = (side: DiffSide, name: string): Column['type'] | null => side.columns.find((column) => column.name === name)?.type ?? null;
  const profileIn = (side: DiffSide, name: string): ColumnProfile | null =>
    side.profile.columns.find((profile) => profile.name === name) ?? null;
  const shared = names.filter((name) => typeIn(before, name) !== null && storedAlike(typeIn(before, name)!, typeIn(after, name)));
  const columns: VersionDiff['columns'] = [];
  for (const [index, name] of names.entries()) {
    const [typeBefore, typeAfter] = [typeIn(before, name), typeIn(after, name)];
    const [old, now] = [profileIn(before, name), profileIn(after, name)];
    columns.push({
      name,
      change: typeBefore === null ? 'added' : typeAfter === null ? 'removed' : typeBefore === typeAfter ? 'same' : 'type',
      typeBefore,
      typeAfter,
      missingBefore: old?.missing ?? null,
      missingAfter: now?.missing ?? null,
      psi: shared.includes(name) && old && now ? await stability(engine, name, before, after, old, watch) : null,
      before: old,
      after: now,
    });
    watch.progress?.((0.5 * (index + 1)) / names.length);
  }
  const rows = before.file === after.file ? { added: 0, removed: 0 } : await rowChanges(engine, before, after, shared, watch);
  return { rowsBefore: before.rows, rowsAfter: after.rows, rowsAdded: rows.added, rowsRemoved: rows.removed, columns };
}

/** Category, text and text identifiers are all text. */
function storedAlike(a: Column['type'], b: Column['type'] | null): boolean {
  const kind = (type: Column['type']): string => (type === 'category' || type === 'text' || type === 'identifier' ? 'text' : type);
  return b !== null && kind(a) === kind(b);
}

async function rowChanges(
  engine: Engine,
  before: DiffSide,
  after: DiffSide,
  shared: readonly string[],
  watch: Watch,
): Promise<{ added: number; removed: number }> {
  if (shared.length === 0) return { added: after.rows, removed: before.rows };
  // An identifier can be a number in one version and text in the other: compare as text.
  const list = shared.map((name) => `CAST(${quoteName(name)} AS VARCHAR)`).join(', ');
  const image = shared.filter((name) => before.columns.some((column) => column.name === name && column.type === 'image'));
  const hashed =
    image.length > 0
      ? shared.map((name) => (image.includes(name) ? quoteName(name) : `CAST(${quoteName(name)} AS VARCHAR)`)).join(', ')
      : list;
  const counted = ({ file }: DiffSide): string => `SELECT hash(${hashed}) AS row_hash, count(*) AS count FROM ${parquet(file)} GROUP BY 1`;
  const found = await engine.one<{ added: number; removed: number }>(
    `SELECT coalesce(sum(greatest(0, coalesce(a.count, 0) - coalesce(b.count, 0))), 0)::BIGINT AS added, coalesce(sum(greatest(0, coalesce(b.count, 0) - coalesce(a.count, 0))), 0)::BIGINT AS removed
     FROM (${counted(before)}) b FULL OUTER JOIN (${counted(after)}) a USING (row_hash)`,
    watch,
  );
  return found;
}

/** Population stability index Σ (q − p) ln(q / p) over the values that are present; empty cells count half a row. Numbers: tenths of the
 *  older version (its quantiles where few values, else between its 5th and 95th percentile); categories: its 20 most frequent and the rest. */
async function stability(
  engine: Engine,
  name: string,
  before: DiffSide,
  after: DiffSide,
  profile: ColumnProfile,
  watch: Watch,
): Promise<number | null> {
  if (profile.type === 'image' || profile.type === 'text' || profile.type === 'identifier') return null;
  const bin = profile.numeric ? numberBin(name, profile) : categoryBin(name, profile);
  if (!bin) return null;
  const counts = async ({ file }: DiffSide): Promise<Map<number, number>> => {
    const rows = await engine.all<{ bin: number; count: number }>(
      `SELECT ${bin.sql} AS bin, count(*) AS count FROM ${parquet(file)} WHERE ${quoteName(name)} IS NOT NULL GROUP BY 1`,
      watch,
    );
    return new Map(rows.map((row) => [row.bin, row.count]));
  };
  const [old, now] = [await counts(before), await counts(after)];
  const total = (map: Map<number, number>): number => [...map.values()].reduce((sum, count) => sum + count, 0);
  const [oldTotal, nowTotal] = [total(old), total(now)];
  if (oldTotal === 0 || nowTotal === 0) return null;
  let index = 0;
  for (let at = 0; at < bin.bins; at++) {
    if (!old.get(at) && !now.get(at)) continue;
    const p = Math.max(0.5, old.get(at) ?? 0) / oldTotal;
    const q = Math.max(0.5, now.get(at) ?? 0) / nowTotal;
    index += (q - p) * Math.log(q / p);
  }
  return index;
}

function numberBin(name: string, { numeric, type }: ColumnProfile): { sql: string; bins: number } | null {
  const x = type === 'date' || type === 'timestamp' ? `CAST(epoch_ms(${quoteName(name)}) AS DOUBLE)` : `CAST(${quoteName(name)} AS DOUBLE)`;
  const { p05, p25, p50, p75, p95 } = numeric!;
  const between = (low: number, high: number): number[] => [low, low + (high - low) / 2];
  const cuts = [...new Set([...between(p05, p25), ...between(p25, p50), ...between(p50, p75), ...between(p75, p95), p95])].sort(
    (a, b) => a - b,
  );
  const tests = cuts.map((cut, index) => `WHEN ${x} < ${cut} THEN ${index}`);
  return { sql: `CASE ${tests.join(' ')} ELSE ${cuts.length} END`, bins: cuts.length + 1 };
}

function categoryBin(name: string, { topValues }: ColumnProfile): { sql: string; bins: number } | null {
  if (topValues.length === 0) return null;
  const x = `CAST(${quoteName(name)} AS VARCHAR)`;
  const tests = topValues.map(({ value }, index) => `WHEN ${x} = ${quoteText(value)} THEN ${index}`);
  return { sql: `CASE ${tests.join(' ')} ELSE ${topValues.length} END`, bins: topValues.length + 1 };
}
