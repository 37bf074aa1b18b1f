/** `Lin Yue` is `LY`, `maria.novak` is `MN`, `林悦` is `林`, `root` is `R`. */
export function initialsOf(name: string): string {
  const trimmed = name.trim();
  const first = [...trimmed][0] ?? '';
  if (/\p{Script=Han}/u.test(first)) return first;
  const words = trimmed.split(/[\s._@-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
}
