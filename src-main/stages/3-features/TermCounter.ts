import { AsciiWords } from './AsciiWords.ts';
import type { FittedText } from './fittedFeatures.ts';
import { settledTokens } from './settledTokens.ts';

/** Children are keyed `node · 2²⁶ + word`, which a double holds exactly. */
const wordSpan = 2 ** 26;

/** Counts the n-grams of a fitted vocabulary as TfIdfVectorizer does: a path of words in a tree leads to the n-gram's place. */
export class TermCounter {
  readonly #unit: FittedText['unit'];
  readonly #words = new Map<string, number>();
  readonly #children = new Map<number, number>();
  /** By node; −1 where no n-gram ends. */
  readonly #termOf: number[] = [-1];
  readonly #longest: number;
  /** Terms of one word by the word's number, so that most texts need no tree. */
  readonly #single: number[] = [];
  readonly #ascii: AsciiWords;
  readonly #found = new Int32Array(10_000);

  constructor({ unit, terms }: FittedText) {
    this.#unit = unit;
    this.#longest = Math.max(1, ...terms.flatMap(({ forms }) => forms.map((form) => form.length)));
    terms.forEach(({ forms }, term) => forms.forEach((form) => this.#add(form, term)));
    this.#ascii = new AsciiWords([...this.#words].map(([word, number]) => [word, this.#single[number] ?? -1]));
  }

  /** Adds the counts of `text` to `counts` from `offset` on; false where the text must be counted by the graph. */
  count(text: string, counts: Float32Array, offset: number): boolean {
    if (this.#longest === 1 && this.#unit === 'word' && this.#countAscii(text, counts, offset)) return true;
    const tokens = settledTokens(text, this.#unit);
    if (!tokens) return false;
    if (this.#longest === 1) {
      for (const token of tokens) {
        const word = this.#words.get(token);
        if (word !== undefined) counts[offset + this.#single[word]!]!++;
      }
      return true;
    }
    const ids = tokens.map((token) => this.#words.get(token) ?? -1);
    for (let first = 0; first < ids.length; first++) {
      let node = 0;
      for (let at = first; at < ids.length && at < first + this.#longest && ids[at]! >= 0; at++) {
        const child = this.#children.get(node * wordSpan + ids[at]!);
        if (child === undefined) break;
        node = child;
        if (this.#termOf[node]! >= 0) counts[offset + this.#termOf[node]!]!++;
      }
    }
    return true;
  }

  #countAscii(text: string, counts: Float32Array, offset: number): boolean {
    const known = this.#ascii.numbersIn(text, this.#found);
    for (let at = 0; at < known; at++) counts[offset + this.#found[at]!]!++;
    return known >= 0;
  }

  #add(form: readonly string[], term: number): void {
    let node = 0;
    for (const token of form) {
      let word = this.#words.get(token);
      if (word === undefined) this.#words.set(token, (word = this.#words.size));
      const key = node * wordSpan + word;
      let child = this.#children.get(key);
      if (child === undefined) {
        this.#children.set(key, (child = this.#termOf.length));
        this.#termOf.push(-1);
      }
      node = child;
      if (form.length === 1) this.#single[word] = term;
    }
    this.#termOf[node] = term;
  }
}
