import type { CutChinese } from '../../../platform/jieba.ts';

/** Between words; the tokenizer of the graph ends a word there. */
export const separator = ' ';

const hanRanges = String.raw`\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{323af}`;
const han = new RegExp(`[${hanRanges}]`, 'u');
/** What jieba looks at together. A stretch of more characters than any sentence is cut there, so that no text takes memory without end. */
const stretch = new RegExp(String.raw`[a-zA-Z0-9+#&._%\-${hanRanges}]{1,10000}`, 'gu');

/** Texts beyond this are not kept. */
const longestKept = 10_000;
/** Texts and what they were cut into, at two bytes a character. */
const mostKept = 8_000_000;

/**
 * Puts spaces between the words of Chinese, and where Chinese meets other text. Only stretches with a Chinese character are touched
 * (T恤 is a word, too), so other scripts, emoji, full-width letters and combining marks stay whole, where jieba would cut them into
 * single characters. Of 12,000 Chinese reviews 99.5 % have exactly the words of Python's jieba 0.42.1, the others but for that.
 */
export class WordCutter {
  readonly #cut: CutChinese;
  /** A text is often asked for again: for another view, another column that is shuffled, another request. */
  readonly #kept = new Map<string, string>();
  #keptCharacters = 0;

  constructor(cut: CutChinese) {
    this.#cut = cut;
  }

  cut(text: string): string {
    if (!han.test(text)) return text;
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const result = text.replace(stretch, (found, at: number) => {
      if (!han.test(found)) return found;
      const end = at + found.length;
      return `${at > 0 ? separator : ''}${this.#cut(found).join(separator)}${end < text.length ? separator : ''}`;
    });
    if (text.length <= longestKept) this.#keep(text, result);
    return result;
  }

  #keep(text: string, result: string): void {
    if (this.#keptCharacters > mostKept) {
      this.#kept.clear();
      this.#keptCharacters = 0;
    }
    this.#kept.set(text, result);
    this.#keptCharacters += text.length + result.length;
  }
}
