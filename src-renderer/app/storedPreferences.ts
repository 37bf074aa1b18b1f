// Reading and writing of the preferences, apart from the page, so that it can be tested.
export const languages = ['en', 'zh'] as const;
export const themes = ['light', 'dark', 'system'] as const;
export const densities = ['compact', 'regular', 'roomy'] as const;

export type Language = (typeof languages)[number];
export type Theme = (typeof themes)[number];
export type Density = (typeof densities)[number];

export interface StoredPreferences {
  language: Language;
  theme: Theme;
  density: Density;
  railFolded: boolean;
  tourSeen: boolean;
}

const key = 'modelkeep.preferences';

/** Anything missing or unknown in the store falls back: first run, or a value of an older version. */
export function readPreferences(store: Pick<Storage, 'getItem'>, systemLanguages: readonly string[]): StoredPreferences {
  const stored = parse(store.getItem(key));
  const firstLanguage = systemLanguages.find((name) => /^(en|zh)\b/i.test(name));
  return {
    language: oneOf(languages, stored['language'], firstLanguage?.toLowerCase().startsWith('zh') ? 'zh' : 'en'),
    theme: oneOf(themes, stored['theme'], 'system'),
    density: oneOf(densities, stored['density'], 'regular'),
    railFolded: stored['railFolded'] === true,
    tourSeen: stored['tourSeen'] === true,
  };
}

export function writePreferences(store: Pick<Storage, 'setItem'>, preferences: StoredPreferences): void {
  store.setItem(key, JSON.stringify(preferences));
}

function parse(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function oneOf<T>(allowed: readonly T[], value: unknown, fallback: T): T {
  return allowed.find((candidate) => candidate === value) ?? fallback;
}
