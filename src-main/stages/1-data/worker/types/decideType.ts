// From the classes of a column's values to how it is read.
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import { readingStyles, textTypes, type ReadingStyle } from './readingStyles.ts';
import type { ValueClass } from './valueClasses.ts';

/** How many values of each class, and where the first stands (position among the rows, from 0). */
export type ClassCounts = ReadonlyMap<ValueClass, { count: number; firstRow: number }>;

export interface Reading {
  /** null: kept as text. */
  style: ReadingStyle | null;
  /** Values that the style does not take; the importer refuses or sets aside their rows. */
  misfits: number;
  /** Values that are neither missing nor a token. */
  values: number;
  tokens: number;
  /** True when a person chose the type. */
  chosen: boolean;
}

/** Mixed: nearly all values are of one kind and a few are not. More than that is text by nature (`85123A` among article numbers). */
function isMixed(fits: number, values: number): boolean {
  const misfits = values - fits;
  return fits * 3 >= values * 2 && (misfits <= values * 0.05 || misfits <= 2);
}

export function decideReading(counts: ClassCounts, chosen?: ColumnType): Reading {
  const countOf = (valueClass: ValueClass): number => counts.get(valueClass)?.count ?? 0;
  let values = 0;
  for (const [valueClass, { count }] of counts) if (valueClass !== 'missing' && valueClass !== 'token') values += count;
  const tokens = countOf('token');
  const fitsOf = (style: ReadingStyle): number => style.takes.reduce((sum, valueClass) => sum + countOf(valueClass), 0);
  const result = (style: ReadingStyle | null): Reading => ({
    style,
    misfits: style ? values - fitsOf(style) : 0,
    values,
    tokens,
    chosen: chosen !== undefined,
  });

  if (chosen !== undefined) {
    if (textTypes.includes(chosen)) return result(null);
    return result(
      best(
        readingStyles.filter(({ type }) => type === chosen),
        fitsOf,
      ),
    );
  }
  if (values === 0) return result(null);
  const usable = readingStyles.filter(
    ({ automatic, takes, needs }) => automatic && (needs ?? takes).some((valueClass) => countOf(valueClass) > 0),
  );
  const style = best(usable, fitsOf);
  if (!style) return result(null);
  const fits = fitsOf(style);
  if (fits === values) return result(style);
  // One leading zero or one 20-digit key says that the digits are a name.
  const names = countOf('code') + countOf('long') > 0;
  return result(!names && isMixed(fits, values) ? style : null);
}

/** Most values taken; of equals the first. */
function best(styles: readonly ReadingStyle[], fitsOf: (style: ReadingStyle) => number): ReadingStyle | null {
  let found: ReadingStyle | null = null;
  for (const style of styles) if (!found || fitsOf(style) > fitsOf(found)) found = style;
  return found;
}
