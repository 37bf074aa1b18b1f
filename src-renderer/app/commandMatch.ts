// Ranking of the palette: verbs, then objects, then guides; within a kind by how well the words fit.
import type { CommandKind } from './commands.svelte.ts';

/** What a title is found by besides itself, e.g. its pinyin initials. */
export interface Searchable {
  title: string;
  detail?: string;
  kind: CommandKind;
}

export type Initials = (text: string) => string;

const kindOrder: Record<CommandKind, number> = { verb: 0, object: 1, guide: 2 };

/** Every word of the query must fit the title, its pinyin initials or the detail. Returns a new, ranked list. */
export function rankCommands<C extends Searchable>(all: readonly C[], query: string, initials: Initials): C[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return all
    .map((command, index) => ({ command, index, points: pointsOf(command, words, initials) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => kindOrder[a.command.kind] - kindOrder[b.command.kind] || b.points - a.points || a.index - b.index)
    .map(({ command }) => command);
}

function pointsOf({ title, detail = '' }: Searchable, words: string[], initials: Initials): number {
  const name = title.toLowerCase();
  const letters = initials(title).toLowerCase().replace(/\s/g, '');
  const more = detail.toLowerCase();
  let sum = 1;
  for (const word of words) {
    const points = fit(name, word) * 4 || (letters.includes(word) ? (letters.startsWith(word) ? 3 : 2) : 0) || fit(more, word);
    if (points === 0) return 0;
    sum += points;
  }
  return sum;
}

/** 3 at the start, 2 at the start of a word, 1 inside, 0 not at all. */
function fit(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at < 0) return 0;
  if (at === 0) return 3;
  return new RegExp(`[^\\p{L}\\p{N}]${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'u').test(text) ? 2 : 1;
}
