// The tokenizer of the graph again, without its calls: for characters of which every Unicode table says the same.

/** Latin, Cyrillic, Chinese and their punctuation: letters, digits and marks of these blocks are what they were 20 years ago. */
const settled = /^[\t\n\r\u0020-\u007e\u00a0-\u024f\u0400-\u045f\u3000-\u303f\u4e00-\u9fa5\uff01-\uff5e]*$/;
const ascii = /^[\t\n\r\u0020-\u007e]*$/;
const asciiWords = /[a-z0-9]+/g;
const words = /[\p{L}\p{N}\p{M}]+/gu;
const characters = /[^\t\n\r \u00a0\u3000]/g;
const capitals = /[A-Z]+/g;

/** Tokens that `tokenNodes` cuts `text` into; null where the text has other characters, and only the graph can tell. */
export function settledTokens(text: string, unit: 'word' | 'character'): readonly string[] | null {
  if (ascii.test(text)) return text.toLowerCase().match(unit === 'word' ? asciiWords : characters) ?? [];
  if (!settled.test(text)) return null;
  // Only ASCII is put in lower case in the graph.
  return text.replace(capitals, (found) => found.toLowerCase()).match(unit === 'word' ? words : characters) ?? [];
}
