import { pinyin } from 'pinyin-pro';

/** First letters of the pinyin, other characters as they are: `回滚到 v14` is `hgd v14`. */
export function pinyinInitials(text: string): string {
  return /\p{Script=Han}/u.test(text)
    ? pinyin(text, { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('')
    : text;
}
