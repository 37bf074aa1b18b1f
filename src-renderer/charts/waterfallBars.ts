export interface WaterfallBar {
  name: string;
  kind: 'start' | 'part' | 'end';
  from: number;
  to: number;
}

/** Bars from start to end; what the parts leave open becomes a part of its own, so that the bars always meet. */
export function waterfallBars(
  start: { name: string; value: number },
  parts: readonly { name: string; change: number }[],
  end: { name: string; value: number },
  restName: string,
): WaterfallBar[] {
  const bars: WaterfallBar[] = [{ name: start.name, kind: 'start', from: 0, to: start.value }];
  let level = start.value;
  const rest = end.value - start.value - parts.reduce((sum, { change }) => sum + change, 0);
  // Rounding of sums is no finding.
  const size = Math.max(Math.abs(start.value), Math.abs(end.value), 1e-12);
  const all = Math.abs(rest) / size > 1e-9 ? [...parts, { name: restName, change: rest }] : parts;
  for (const { name, change } of all) {
    bars.push({ name, kind: 'part', from: level, to: level + change });
    level += change;
  }
  return [...bars, { name: end.name, kind: 'end', from: 0, to: end.value }];
}
