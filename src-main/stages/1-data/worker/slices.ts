// Wide tables. Every statement over a Parquet file binds all of its columns, which for thousands of them costs more than the work itself;
// so their columns are worked on in slices, each copied into a narrow table of the engine first.
import type { Engine, Watch } from './engine.ts';
import { quoteName } from './sql.ts';

const sliceColumns = 100;

/** Calls `work` with a relation that has `part` (and `extra` expressions, e.g. row numbers); once with `relation` itself for narrow tables. */
export async function inSlices<T>(
  engine: Engine,
  relation: string,
  columns: readonly T[],
  { nameOf, extra = [] }: { nameOf: (column: T) => string; extra?: readonly string[] },
  work: (from: string, part: readonly T[]) => Promise<void>,
  watch: Watch = {},
): Promise<void> {
  if (columns.length <= sliceColumns) return work(relation, columns);
  for (let start = 0; start < columns.length; start += sliceColumns) {
    const part = columns.slice(start, start + sliceColumns);
    const list = [...part.map((column) => quoteName(nameOf(column))), ...extra].join(', ');
    await engine.run(`CREATE OR REPLACE TEMP TABLE slice AS SELECT ${list} FROM ${relation}`, watch.signal ? { signal: watch.signal } : {});
    await work('slice', part);
    watch.progress?.(Math.min(1, (start + sliceColumns) / columns.length));
  }
  await engine.run('DROP TABLE slice');
}
