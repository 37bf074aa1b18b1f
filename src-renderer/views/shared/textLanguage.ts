// The `lang` of a text inside a page, so that it gets the right glyphs and is read aloud right.

/** `zh` when Chinese characters prevail, `ja` with kana, `ko` with hangul; undefined when the script does not tell. */
export function langOf(text: string): string | undefined {
  const head = text.slice(0, 400);
  const count = (script: RegExp): number => head.match(script)?.length ?? 0;
  const han = count(/\p{Script=Han}/gu);
  if (count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu) > han / 10 && han + count(/\p{Script=Hiragana}/gu) > 0) return 'ja';
  if (count(/\p{Script=Hangul}/gu) > head.length / 4) return 'ko';
  return han > 0 && han >= count(/\p{Script=Latin}/gu) / 4 ? 'zh' : undefined;
}
