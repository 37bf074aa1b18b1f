/** Diagonal lines that fill a rectangle from bottom left to top right, `gap` pixels apart: the sign of missing data.
 *  Each line is [x1, y1, x2, y2] inside the rectangle. */
export function hatchLines(x: number, y: number, width: number, height: number, gap = 6): [number, number, number, number][] {
  const lines: [number, number, number, number][] = [];
  // Along each line px + py is constant; it runs over the rectangle's diagonal range.
  for (let sum = x + y + gap / 2; sum < x + width + y + height; sum += gap) {
    const left = Math.max(x, sum - (y + height));
    const right = Math.min(x + width, sum - y);
    if (right > left) lines.push([left, sum - left, right, sum - right]);
  }
  return lines;
}
