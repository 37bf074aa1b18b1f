// What the first rows show about the texts of a column: codes, numbers written as text, personal data.
import type { Column } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { inSlices } from '../slices.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';

export interface SampleSigns {
  /** Share that contains a space. */
  spaced: number;
  /** Share that looks like a code: letters, digits and joining signs, at least one digit. */
  code: number;
  number: number;
  email: number;
  phone: number;
  /** Identity card or bank account number. */
  identity: number;
}

/** Looked at by pattern; enough for a share to within 1 %. */
const sampleRows = 10_000;

const patterns: Record<Exclude<keyof SampleSigns, 'spaced'>, string> = {
  code: '[A-Za-z0-9_.:@/#+-]*[0-9][A-Za-z0-9_.:@/#+-]*',
  number: '[$€£¥]?\\s?[+-]?([0-9]{1,3}([,.][0-9]{3})+|[0-9]+)([.,][0-9]+)?\\s?[%$€£¥]?',
  email: '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}',
  phone: '(1[3-9][0-9]{9}|\\+[0-9]{1,3}[ -]?[0-9][0-9 -]{6,14}|\\(?0[0-9]{2,4}\\)?[ -][0-9]{5,9}|\\([0-9]{3}\\) ?[0-9]{3}-[0-9]{4})',
  identity: '([1-9][0-9]{16}[0-9Xx]|[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|[0-9]{3}-[0-9]{2}-[0-9]{4})',
};

/** For the text columns among `columns`, by name. */
export async function sampleSigns(
  engine: Engine,
  file: string,
  columns: readonly Column[],
  watch: Watch = {},
): Promise<Map<string, SampleSigns>> {
  const result = new Map<string, SampleSigns>();
  const texts = columns.filter(({ type }) => type === 'category' || type === 'text' || type === 'identifier');
  const head = `(SELECT * FROM ${parquet(file)} LIMIT ${sampleRows})`;
  await inSlices(
    engine,
    head,
    texts,
    { nameOf: ({ name }) => name },
    async (from, part) => {
      if (part.length === 0) return;
      const items = part.flatMap(({ name }, index) => [
        `count(${quoteName(name)}) AS n${index}`,
        `count(*) FILTER (contains(CAST(${quoteName(name)} AS VARCHAR), ' ')) AS spaced${index}`,
        ...Object.entries(patterns).map(
          ([sign, pattern]) =>
            `count(*) FILTER (length(CAST(${quoteName(name)} AS VARCHAR)) <= 100 AND regexp_full_match(trim(CAST(${quoteName(name)} AS VARCHAR)), ${quoteText(pattern)})) AS ${sign}${index}`,
        ),
      ]);
      const found = await engine.one<Record<string, number>>(`SELECT ${items.join(', ')} FROM ${from}`, watch);
      for (const [index, { name }] of part.entries()) {
        const total = Math.max(1, found[`n${index}`]!);
        const share = (sign: keyof SampleSigns): number => (found[`${sign}${index}`] ?? 0) / total;
        result.set(name, {
          spaced: share('spaced'),
          code: share('code'),
          number: share('number'),
          email: share('email'),
          phone: share('phone'),
          identity: share('identity'),
        });
      }
    },
    watch,
  );
  return result;
}
