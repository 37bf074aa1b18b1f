// Slices, cells and reasons in words.
import type { CellValue, RowReasons, SliceCondition } from '../../../../src-shared/domain/evaluation.ts';
import { preferences } from '../../../app/preferences.svelte.ts';
import { fmt } from '../../../format/fmt.svelte.ts';
import { t } from '../../../i18n/i18n.svelte.ts';

const msPerDay = 86_400_000;

/** `tenure from 9 to below 29`, `contract is Month-to-month`, `total_charges is missing` */
export function conditionWords({ column, kind, low, high, value }: SliceCondition, isDate: (column: string) => boolean): string {
  const number = (at: number): string => (isDate(column) ? fmt.date(at * msPerDay) : fmt.value(at));
  if (kind === 'missing') return t('evaluation:slice.missing', { column });
  if (kind === 'value') return t('evaluation:slice.value', { column, value: value ?? '' });
  if (low === null) return t('evaluation:slice.below', { column, high: number(high ?? 0) });
  if (high === null) return t('evaluation:slice.from', { column, low: number(low) });
  return t('evaluation:slice.range', { column, low: number(low), high: number(high) });
}

export function sliceWords(conditions: readonly SliceCondition[], isDate: (column: string) => boolean): string {
  return conditions.map((each) => conditionWords(each, isDate)).join(t('evaluation:slice.and'));
}

export function cellWords(cell: CellValue): string {
  if (cell === null) return t('evaluation:cell.missing');
  if (typeof cell === 'number') return fmt.value(cell);
  if (typeof cell === 'boolean') return cell ? t('evaluation:cell.yes') : t('evaluation:cell.no');
  return cell;
}

/** An answer: a probability in percent, log odds with three decimals, a number as it is. */
export function answerWords({ class: name, scale }: Pick<RowReasons, 'class' | 'scale'>, value: number): string {
  if (name === null) return fmt.value(value);
  return scale === 'answer' ? fmt.percent(value) : fmt.decimal(value);
}

/** An effect with its sign: points of probability, log odds, or units of the target. */
export function effectWords({ class: name, scale }: Pick<RowReasons, 'class' | 'scale'>, effect: number): string {
  if (name !== null) return scale === 'answer' ? fmt.points(effect) : fmt.difference(effect);
  return effect > 0 ? `+${fmt.value(effect)}` : fmt.value(effect);
}

/** `contract is Month-to-month: +18.0 pt` */
export function reasonSentence(
  reasons: Pick<RowReasons, 'class' | 'scale'>,
  { column, cell, effect }: RowReasons['reasons'][number],
): string {
  const change = effectWords(reasons, effect);
  return cell === null
    ? t('evaluation:reason.missing', { column, change })
    : t('evaluation:reason.is', { column, cell: cellWords(cell), change });
}

/** "In short": the strongest reasons for and against, as one sentence. */
export function reasonSummary(found: RowReasons): string {
  const strong = found.reasons.filter(({ effect, error }) => Math.abs(effect) > 2 * error && effect !== 0).slice(0, 3);
  const values = { value: answerWords(found, found.value), base: answerWords(found, found.base) };
  const list = strong.map((each) => reasonSentence(found, each)).join(preferences.language === 'zh' ? '；' : '; ');
  const head =
    found.class === null ? t('evaluation:reason.headNumber', values) : t('evaluation:reason.headClass', { ...values, class: found.class });
  return strong.length === 0 ? `${head}${t('evaluation:reason.nothing')}` : `${head}${t('evaluation:reason.because', { list })}`;
}
