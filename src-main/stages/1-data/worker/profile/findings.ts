// What a person should look at, in figures; the interface words it.
import type { z } from 'zod';
import type { finding } from '../../../../../src-shared/domain/table.ts';
import type { SampleSigns } from './sampleSigns.ts';
import type { ColumnStats } from './tableStats.ts';

export type Finding = z.infer<typeof finding>;

const personalNames =
  /(e-?mail|phone|mobile|passport|ssn|birth|first_?name|last_?name|surname|full_?name|address|姓名|手机|电话|身份证|邮箱|住址|地址|生日|出生)/i;
/** A quarter of the values: below, a pattern is chance. */
const personalShare = 0.25;

export function columnFindings(
  { column, missing, distinct, distinctExact, numeric, topValues, blank, outliers }: ColumnStats,
  rows: number,
  signs: SampleSigns | undefined,
): Finding[] {
  const found: Finding[] = [];
  const values = rows - missing;
  const say = (code: Finding['code'], severity: Finding['severity'], params: Finding['params'] = {}): void => {
    found.push({ code, severity, params: { column: column.name, ...params } });
  };
  if (values === 0) {
    say('allMissing', 'critical');
    return found;
  }
  if (missing > rows * 0.5) say('mostlyMissing', 'watch', { missing, share: missing / rows });
  if (column.type === 'image') return found;
  if (distinct === 1) say('constant', 'watch', { value: topValues[0]?.value ?? '' });
  const discrete = column.type === 'category' || column.type === 'boolean';
  const textual = discrete || column.type === 'text' || column.type === 'identifier';
  if (textual && column.type !== 'text' && values >= 20 && distinct >= (distinctExact ? values : 0.98 * values))
    say('allUnique', 'note', { distinct });
  else if (column.type === 'category' && distinct > 1000) say('highCardinality', 'watch', { distinct });
  if (discrete && distinct >= 2 && distinct <= 20 && topValues[0] && topValues[0].count > 0.95 * values) {
    say('imbalanced', 'note', { value: topValues[0].value, share: topValues[0].count / values });
  }
  if (blank > 0) say('blankText', 'note', { count: blank });
  if (column.type === 'category' || column.type === 'text') {
    const share = signs?.number ?? 0;
    if (share >= 0.5) say('numbersInText', 'watch', { share });
  }
  if ((column.type === 'number' || column.type === 'integer') && numeric && distinct > 10) {
    if (outliers > 0) say('outliers', 'note', { count: outliers, share: outliers / values });
    if (numeric.sd > 0 && Math.abs(numeric.mean - numeric.p50) > 0.5 * numeric.sd)
      say('skewed', 'note', { mean: numeric.mean, median: numeric.p50 });
  }
  const kind = personalKind(column.name, signs);
  if (kind && distinct > 10) say('possiblePersonalData', 'watch', { kind });
  return found;
}

function personalKind(name: string, signs: SampleSigns | undefined): string | null {
  if (signs && signs.email >= personalShare) return 'email';
  if (signs && signs.phone >= personalShare) return 'phone';
  if (signs && signs.identity >= personalShare) return 'identity';
  return personalNames.test(name) ? 'name' : null;
}
