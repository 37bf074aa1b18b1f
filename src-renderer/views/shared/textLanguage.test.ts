import { expect, test } from 'vitest';
import { langOf } from './textLanguage.ts';

test.each([
  ['床前明月光，疑是地上霜。', 'zh'],
  ['客户说 App 打不开', 'zh'],
  ['これは日本語の文章です', 'ja'],
  ['한국어 문장입니다', 'ko'],
  ['The delivery was late', undefined],
  ['He wrote 你好 once in a long English sentence about something else entirely', undefined],
  ['', undefined],
])('%s is %s', (text, language) => {
  expect(langOf(text)).toBe(language);
});
