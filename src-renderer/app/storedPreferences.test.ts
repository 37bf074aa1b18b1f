import { expect, test } from 'vitest';
import { readPreferences, writePreferences } from './storedPreferences.ts';

const store = (text: string | null) => ({ getItem: () => text });

test('the first run takes the language of the system and follows its theme', () => {
  expect(readPreferences(store(null), ['fr', 'zh-CN', 'en'])).toEqual({
    language: 'zh',
    theme: 'system',
    density: 'regular',
    railFolded: false,
    tourSeen: false,
  });
  expect(readPreferences(store(null), ['fr']).language).toBe('en');
});

test('unknown values and broken text fall back instead of failing', () => {
  expect(readPreferences(store('{"theme":"sepia","density":"compact"}'), ['en'])).toMatchObject({ theme: 'system', density: 'compact' });
  expect(readPreferences(store('not json'), ['en']).theme).toBe('system');
  expect(readPreferences(store('[1]'), ['en']).language).toBe('en');
});

test('what was written is read back', () => {
  let kept = '';
  const written = { language: 'zh', theme: 'dark', density: 'roomy', railFolded: true, tourSeen: true } as const;
  writePreferences({ setItem: (_key, value) => void (kept = value) }, written);
  expect(readPreferences(store(kept), ['en'])).toEqual(written);
});
