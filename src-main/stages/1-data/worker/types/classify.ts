import type { Engine, Watch } from '../engine.ts';
import { inSlices } from '../slices.ts';
import { quoteName, quoteText } from '../sql.ts';
import type { ClassCounts } from './decideType.ts';
import { readingStyles, type ReadingStyle } from './readingStyles.ts';
import { valueClassSql, type ValueClass } from './valueClasses.ts';

const columnsPerStatement = 25;

/** Counts the classes of every VARCHAR column in `columns`. `relation` has them and `file_row_number`. */
export async function classify(
  engine: Engine,
  relation: string,
  columns: readonly string[],
  watch: Watch = {},
): Promise<Map<string, ClassCounts>> {
  const result = new Map<string, Map<ValueClass, { count: number; firstRow: number }>>(columns.map((name) => [name, new Map()]));
  await inSlices(
    engine,
    relation,
    columns,
    { nameOf: (name) => name, extra: ['file_row_number'] },
    async (from, slice) => {
      // One scan a column; many columns share a statement, so that its fixed cost counts once.
      for (let start = 0; start < slice.length; start += columnsPerStatement) {
        const parts = slice.slice(start, start + columnsPerStatement).map(
          (name) =>
            `SELECT ${quoteText(name)} AS name, class, count(*) AS count, min(row) AS first FROM
             (SELECT ${valueClassSql(quoteName(name))} AS class, file_row_number AS row FROM ${from}) GROUP BY class`,
        );
        for (const row of await engine.all<{ name: string; class: ValueClass; count: number; first: number }>(
          parts.join(' UNION ALL '),
          watch.signal ? { signal: watch.signal } : {},
        )) {
          result.get(row.name)!.set(row.class, { count: row.count, firstRow: row.first });
        }
      }
    },
    watch,
  );
  return result;
}

/** 31/01/2024 is a day first, 01/31/2024 a month first; 05/06/2024 is either. Tries both on all values of the column. */
export async function dayOrMonthFirst(
  engine: Engine,
  relation: string,
  name: string,
  style: ReadingStyle,
): Promise<{ style: ReadingStyle; ambiguous: boolean }> {
  const pair = { dateDmy: 'dateMdy', dateMdy: 'dateMdy', timestampDmy: 'timestampMdy', timestampMdy: 'timestampMdy' }[style.id];
  if (!pair) return { style, ambiguous: false };
  const monthFirst = readingStyles.find(({ id }) => id === pair)!;
  const dayFirst = readingStyles.find(({ id }) => id === pair.replace('Mdy', 'Dmy'))!;
  const x = `trim(${quoteName(name)})`;
  const { day, month, dots } = await engine.one<{ day: number; month: number; dots: number }>(
    `SELECT count(${dayFirst.convert(x)}) AS day, count(${monthFirst.convert(x)}) AS month, count(*) FILTER (contains(${x}, '.')) AS dots FROM ${relation}`,
  );
  if (day !== month) return { style: day > month ? dayFirst : monthFirst, ambiguous: false };
  return { style: dots > 0 ? dayFirst : monthFirst, ambiguous: true };
}
