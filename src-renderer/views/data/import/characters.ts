// Names for characters that cannot be seen or are easily confused.
import { label } from '../../../i18n/i18n.svelte.ts';

const names = {
  ',': 'data:import.char.comma',
  ';': 'data:import.char.semicolon',
  '\t': 'data:import.char.tab',
  '|': 'data:import.char.pipe',
  ':': 'data:import.char.colon',
  '~': 'data:import.char.tilde',
  '^': 'data:import.char.caret',
  ' ': 'data:import.char.space',
  '"': 'data:import.char.doubleQuote',
  "'": 'data:import.char.singleQuote',
  '': 'data:import.char.none',
} as const;

export function characterName(character: string): string {
  return character in names ? label(names[character as keyof typeof names]) : character;
}

/** The usual ones, and the one in use if it is another. */
export function delimiters(used: string | null): string[] {
  const usual = [',', ';', '\t', '|', ':', '~', '^'];
  return used === null || usual.includes(used) ? usual : [...usual, used];
}

export const quotes = ['"', "'", ''];
