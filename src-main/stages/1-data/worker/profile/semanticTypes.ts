// What a column means, from its name and all its values: the same bytes are a category, a text or an identifier.
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import type { SampleSigns } from './sampleSigns.ts';
import type { ColumnStats } from './tableStats.ts';

const identifierName =
  /^(id|uuid|guid|key|rowid|index|unnamed: 0|row)$|[_\s.-](id|uuid|guid|key|no|nr|number)$|[a-z](Id|ID|No|Nr)$|(编号|序号|单号|流水号|账号|工号|身份证号)$/;
const identifierNameAnyCase = /^(id|uuid|guid|key|rowid|row|index)$|[_\s.-](id|uuid|guid)$/i;

/** With fewer values nothing can be said about uniqueness. */
const fewValues = 20;

/** The type that text and integer columns get; other columns keep theirs. Rules, in order:
 *  identifier – nearly every value occurs once and is a short code; an integer that counts 0 or 1 upward; a name ending in `id` over many values;
 *  text – long, or several words and mostly different; category – the rest. */
export function semanticType(stats: ColumnStats, rows: number, signs: SampleSigns | undefined): ColumnType {
  const { column, distinct, missing } = stats;
  const values = rows - missing;
  if (values === 0) return column.type;
  const named = identifierName.test(column.name) || identifierNameAnyCase.test(column.name);
  const different = distinct / values;
  if (column.type === 'integer') {
    const { min, max, mean } = stats.numeric!;
    const countsUp = (min === 0 || min === 1) && max - min + 1 === values && Math.abs(mean - (min + max) / 2) < 1e-6 * Math.max(1, max);
    if (values >= fewValues && different > 0.9 && (countsUp || named)) return 'identifier';
    return named && distinct > 50 ? 'identifier' : 'integer';
  }
  if (column.type !== 'category') return column.type;
  const { length } = stats;
  const spacedShare = signs?.spaced ?? 0;
  const meanLength = length?.mean ?? 0;
  if (values >= fewValues && different > 0.97 && (signs?.code ?? 0) > 0.9 && (length?.max ?? 0) <= 64) return 'identifier';
  if (named && distinct > 50 && spacedShare < 0.1 && meanLength <= 64) return 'identifier';
  if (meanLength >= 50) return 'text';
  if (spacedShare > 0.5 && meanLength > 20 && different > 0.2 && distinct > 50) return 'text';
  if (different > 0.5 && distinct >= fewValues && (spacedShare > 0.3 || meanLength > 15) && (signs?.code ?? 0) < 0.5) return 'text';
  return 'category';
}
