import { describe, expect, test } from 'vitest';
import { en } from './en/index.ts';
import { zh } from './zh/index.ts';

type Texts = Record<string, Record<string, string>>;
const english: Texts = en;
const chinese: Texts = zh;
const base = (key: string): string => key.replace(/_(one|other)$/, '');
const keys = (texts: Record<string, string> | undefined): string[] => [...new Set(Object.keys(texts ?? {}).map(base))].sort();
const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ''))].sort();

test('both languages have the same areas', () => {
  expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
});

describe.each(Object.keys(english))('area %s', (area) => {
  const textsEn = english[area] ?? {};
  const textsZh = chinese[area] ?? {};

  test('has the same keys in both languages', () => {
    expect(keys(textsZh)).toEqual(keys(textsEn));
  });

  test('has no empty text and every plural has its general form', () => {
    for (const texts of [textsEn, textsZh]) {
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).not.toBe('');
        if (key.endsWith('_one')) expect(texts, key).toHaveProperty([`${base(key)}_other`]);
      }
    }
  });

  test('uses the same values in both languages', () => {
    for (const [key, text] of Object.entries(textsZh)) {
      if (key.endsWith('_one')) continue;
      expect(
        placeholders(text).filter((name) => name !== 'count'),
        key,
      ).toEqual(placeholders(textsEn[key] ?? '').filter((name) => name !== 'count'));
    }
  });

  test('follows the house rules: no "please", no "oops"; Chinese with full-width punctuation and 您', () => {
    for (const [key, text] of Object.entries(textsEn)) expect(text, key).not.toMatch(/\b(please|oops|sorry)\b/i);
    for (const [key, text] of Object.entries(textsZh)) {
      expect(text, key).not.toMatch(/你/);
      expect(text, key).not.toMatch(/[\u4e00-\u9fff][,;:!?]/);
      const withoutDates = text.replace(/\d+年|\d+月|\d+日/g, '');
      expect(withoutDates, key).not.toMatch(/[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/);
    }
  });
});
