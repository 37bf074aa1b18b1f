// A column in a few words and bars, whatever its type.
import type { ColumnProfile, ColumnType } from '../../../../src-shared/domain/table.ts';
import { fmt } from '../../../format/fmt.svelte.ts';
import { t } from '../../../i18n/i18n.svelte.ts';

export function isTime(type: ColumnType): boolean {
  return type === 'date' || type === 'timestamp';
}

/** A figure of the profile in the column's own terms; dates travel as epoch ms. */
export function formatIn(type: ColumnType, value: number): string {
  return type === 'date' ? isoDay(value) : type === 'timestamp' ? isoDay(value) : fmt.value(value);
}

/** Bars for the table row; null where a shape says nothing (identifiers, empty columns). */
export function shapeOf({ type, histogram, textLength, topValues, distinct }: ColumnProfile): readonly number[] | null {
  if (type === 'identifier' || distinct === 0) return null;
  if (histogram) return histogram.counts;
  if (type === 'text' && textLength) return textLength.histogram.counts;
  return topValues.length > 0 ? topValues.slice(0, 8).map(({ count }) => count) : null;
}

/** Low · median · high for numbers and times, the most frequent value for categories, length for texts, size for images. */
export function rangeWords(profile: ColumnProfile, rows: number): string {
  const { type, numeric, textLength, image, topValues, missing } = profile;
  if (missing >= rows) return t('data:profile.noValues');
  if (image) {
    const low = t('data:profile.pixels', { width: image.widthMin, height: image.heightMin });
    const high = t('data:profile.pixels', { width: image.widthMax, height: image.heightMax });
    return low === high ? low : t('data:profile.pixelsRange', { low, high });
  }
  if (numeric && isTime(type)) return `${formatIn(type, numeric.min)} – ${formatIn(type, numeric.max)}`;
  if (numeric && type !== 'boolean') return [numeric.min, numeric.p50, numeric.max].map((value) => formatIn(type, value)).join(' · ');
  if (type === 'text' && textLength) return t('data:profile.characters', { count: textLength.median, n: fmt.value(textLength.median) });
  const [top] = topValues;
  return top
    ? type === 'identifier'
      ? top.value
      : t('data:profile.top', { value: top.value, share: fmt.percent(top.count / Math.max(1, rows - missing)) })
    : '';
}

function isoDay(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? fmt.NONE : date.toISOString().slice(0, 10);
}
