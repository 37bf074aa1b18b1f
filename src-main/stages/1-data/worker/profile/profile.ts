import type { Column, ColumnProfile, TableProfile } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';
import { columnFindings, type Finding } from './findings.ts';
import { imageProfile } from './imageProfile.ts';
import { sampleSigns } from './sampleSigns.ts';
import { semanticType } from './semanticTypes.ts';
import { tableStats } from './tableStats.ts';

/** Beyond this many cells equal rows are not counted: it would take longer than all the rest. */
const duplicateCells = 20_000_000;

export interface ProfileRequest {
  file: string;
  rows: number;
  /** Columns whose type was chosen keep it; text columns (`category`) and integers of the others get their meaning here. */
  columns: readonly (Column & { chosen: boolean })[];
}

/** Profiles a Parquet file; the columns of the result carry the final types. */
export async function profileTable(engine: Engine, { file, rows, columns }: ProfileRequest, watch: Watch = {}): Promise<TableProfile> {
  const started = performance.now();
  const inner: Watch = watch.signal ? { signal: watch.signal } : {};
  const stats = await tableStats(engine, file, columns, rows, {
    ...inner,
    ...(watch.progress ? { progress: (fraction: number) => watch.progress!(fraction * 0.9) } : {}),
  });
  const signs = await sampleSigns(engine, file, columns, inner);
  const chosen = new Set(columns.filter((column) => column.chosen).map(({ name }) => name));
  const profiles: ColumnProfile[] = [];
  for (const entry of stats) {
    const { column } = entry;
    const type = chosen.has(column.name) ? column.type : semanticType(entry, rows, signs.get(column.name));
    entry.column = { ...column, type };
    const image = type === 'image' ? await imageProfile(engine, file, column.name, columns, rows, inner) : null;
    profiles.push({
      name: column.name,
      type,
      missing: entry.missing,
      distinct: entry.distinct,
      distinctExact: entry.distinctExact,
      numeric: entry.numeric,
      histogram: entry.histogram,
      topValues: entry.topValues,
      textLength: entry.length && {
        min: entry.length.min,
        median: entry.length.median,
        max: entry.length.max,
        histogram: entry.length.histogram,
      },
      image: image?.profile ?? null,
      findings: [...columnFindings(entry, rows, signs.get(column.name)), ...(image?.findings ?? [])],
    });
  }
  const findings: Finding[] = await duplicateRows(engine, file, columns, rows, inner);
  watch.progress?.(1);
  return { rows, columns: profiles, tookMs: performance.now() - started, findings };
}

async function duplicateRows(engine: Engine, file: string, columns: readonly Column[], rows: number, watch: Watch): Promise<Finding[]> {
  const compared = columns.filter(({ type }) => type !== 'image');
  if (compared.length === 0 || rows * compared.length > duplicateCells) return [];
  const { count } = await engine.one<{ count: number }>(
    `SELECT count(*) - count(DISTINCT hash(${compared.map(({ name }) => quoteName(name)).join(', ')})) AS count FROM ${parquet(file)}`,
    watch,
  );
  return count > 0 && columns.length === compared.length
    ? [{ code: 'duplicateRows', severity: 'watch', params: { count, share: count / rows } }]
    : [];
}
