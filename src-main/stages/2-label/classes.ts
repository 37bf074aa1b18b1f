import type { z } from 'zod';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { labelClass } from '../../../src-shared/rpc/label.ts';

export type LabelClass = z.infer<typeof labelClass>;

/** Refuses two classes with one name or one key. Keys are compared as typed, so `a` and `A` are two keys. */
export function requireDistinct(classes: LabelClass[]): void {
  for (const what of ['name', 'key'] as const) {
    const seen = new Set<string>();
    for (const one of classes) {
      const value = one[what].normalize('NFC');
      if (seen.has(value)) throw new ModelkeepError('MK_LABEL_CLASSES_DUPLICATE', { what, value });
      seen.add(value);
    }
  }
}

/** The class that a cell of the suggestion column names, if any: compared without case and outer blanks. */
export function classNamed(value: unknown, classes: LabelClass[]): string | null {
  if (value === null || value === undefined) return null;
  const wanted = fold(String(value));
  return classes.find((one) => fold(one.name) === wanted)?.name ?? null;
}

function fold(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
