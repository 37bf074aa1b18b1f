/** Colour of the class at this place of its list; it follows the class, not its rank. From the ninth on grey: the word tells them apart. */
export function classColor(index: number): string {
  return `var(--c${index >= 0 && index < 8 ? index + 1 : 8})`;
}
