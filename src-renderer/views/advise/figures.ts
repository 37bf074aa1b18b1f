// Figures of a metric in its unit, and its periods in words.
import type { MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { localDay } from './localDay.ts';

export type Measured = Pick<MetricDefinition, 'aggregate' | 'unit'>;

/** `1,204 USD`, `12.4%`. */
export function figure({ aggregate, unit }: Measured, value: number | null | undefined): string {
  if (value == null) return fmt.NONE;
  if (aggregate === 'share') return fmt.percent(value);
  return [plain(value), unit].filter(Boolean).join(' ');
}

/** Without the unit, for axes and table columns. */
export function bareFigure({ aggregate }: Measured, value: number | null | undefined): string {
  return value == null ? fmt.NONE : aggregate === 'share' ? fmt.percent(value) : plain(value);
}

/** A difference with its sign: `−412 USD`, `+1.9 pt`. */
export function gapFigure(of: Measured, value: number): string {
  if (of.aggregate === 'share') return fmt.points(value);
  return value > 0 ? `+${figure(of, value)}` : figure(of, value);
}

/** Relative to what is usual, without a sign: `8.4%`; points for a share. */
export function distance(of: Measured, actual: number, expected: number): string {
  if (of.aggregate === 'share') return fmt.points(Math.abs(actual - expected)).replace('+', '');
  return expected === 0 ? figure(of, Math.abs(actual)) : fmt.percent(Math.abs(actual / expected - 1));
}

/** "on 24 Nov", "22 Nov to 24 Nov". */
export function whenWords(from: number, to: number): string {
  const [first, last] = [fmt.day(localDay(from)), fmt.day(localDay(to))];
  return first === last ? t('advise:when.one', { from: first }) : t('advise:when.span', { from: first, to: last });
}

/** "sum of Sales per day" */
export function formula({ aggregate, valueColumn, shareOf, period }: MetricDefinition): string {
  const per = t(`advise:period.${period}`);
  if (aggregate === 'count') return t('advise:formula.count', { period: per });
  const column = valueColumn ?? fmt.NONE;
  return aggregate === 'share'
    ? t('advise:formula.share', { column, value: shareOf ?? '', period: per })
    : t(`advise:formula.${aggregate}`, { column, period: per });
}

function plain(value: number): string {
  return Math.abs(value) >= 1000 ? fmt.count(value) : fmt.value(value, 4);
}
