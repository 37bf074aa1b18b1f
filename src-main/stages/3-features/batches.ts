/** Characters of one batch, padding included: tokens of a batch form a matrix as wide as its longest text. */
const mostCharacters = 2_000_000;

/**
 * Cuts `count` rows into batches of at most `mostRows`, shorter where long texts would make the token matrix large: one 100,000
 * character mail among 256 short ones must not reserve room for 256 of its kind. Yields [start, end).
 */
export function* batches(count: number, mostRows: number, textLengthAt?: (row: number) => number): Generator<[start: number, end: number]> {
  for (let start = 0; start < count;) {
    let end = Math.min(start + 1, count);
    let longest = textLengthAt?.(start) ?? 0;
    while (end < count && end - start < mostRows) {
      longest = Math.max(longest, textLengthAt?.(end) ?? 0);
      if (longest * (end + 1 - start) > mostCharacters) break;
      end++;
    }
    yield [start, end];
    start = end;
  }
}
