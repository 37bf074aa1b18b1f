// Texts in the chosen language. `t` is reactive: what was drawn with it is drawn again when the language changes.
import i18next, { type TFunction } from 'i18next';
import { preferences } from '../app/preferences.svelte.ts';
import type { Language } from '../app/storedPreferences.ts';
import { en } from './en/index.ts';
import { zh } from './zh/index.ts';
import type { KeyOf, ValuesOf } from './keyTypes.ts';

export type TextKey = KeyOf<typeof en>;

void i18next.init({
  initAsync: false,
  resources: { en, zh },
  fallbackLng: 'en',
  keySeparator: false,
  interpolation: { escapeValue: false }, // Svelte escapes
});

const byLanguage: Record<Language, TFunction> = { en: i18next.getFixedT('en'), zh: i18next.getFixedT('zh') };

/** `t('frame:rail.data')`, `t('components:rowsOf', { from, to, total })`. Keys and values are checked by the compiler. */
export function t<K extends TextKey>(key: K, ...values: ValuesOf<typeof en, K>): string {
  return byLanguage[preferences.language](key as never, values[0] as never) as unknown as string;
}

/** For keys that come from a table (rail, views, shortcuts) and have no values. */
export function label(key: TextKey): string {
  return byLanguage[preferences.language](key as never) as unknown as string;
}

/** For keys made of a code that came from the core (`data:finding.outliers`); null when this window does not know the code. */
export function textIfKnown(key: string, values: Record<string, unknown> = {}): string | null {
  return i18next.exists(key, values) ? (byLanguage[preferences.language](key as never, values as never) as unknown as string) : null;
}
