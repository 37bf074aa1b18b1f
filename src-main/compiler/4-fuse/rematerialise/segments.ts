import type { GraphNode } from '../../onnx/graph.ts';
import type { StepParts } from './stepParts.ts';

/**
 * Cuts the forward half into stretches of which each keeps about `bytes` for the backward half, at the places nearby where the
 * least is handed on: between the layers of a network one tensor. Gives for each what it makes and no later one reads; what
 * crosses its end is kept.
 *
 * Source: Chen et al. (2016), Training deep nets with sublinear memory cost, https://arxiv.org/abs/1604.06174 §4.2, algorithm 3.
 */
export function segments(parts: StepParts, bytes: number): readonly (readonly string[])[] {
  const { forward, sizes, reads, kept, mayRepeat } = parts;
  const lastRead = new Map<string, number>();
  forward.forEach((node, at) => {
    for (const name of reads(node)) lastRead.set(sizes.ownerOf(name), at);
  });
  const lastOf = (name: string): number => lastRead.get(sizes.ownerOf(name)) ?? -1;
  const crossing = crossingBytes(parts, lastOf);
  const keptBy = (nodes: readonly GraphNode[]): number =>
    nodes.flatMap((node) => node.outputs).reduce((sum, name) => sum + (kept.has(name) ? sizes.bytesOf(name) : 0), 0);

  const cuts: number[] = [];
  let [held, best] = [0, -1];
  forward.forEach((node, at) => {
    held += keptBy([node]);
    // The second half of a stretch may end it.
    if (held * 2 >= bytes && (best < 0 || crossing[at]! <= crossing[best]!)) best = at;
    if (held < bytes || best < 0) return;
    cuts.push(best);
    held = keptBy(forward.slice(best + 1, at + 1));
    best = -1;
  });
  const starts = [0, ...cuts.map((each) => each + 1)];
  return starts.map((start, number) => {
    const end = starts[number + 1] ?? forward.length;
    const nodes = forward.slice(start, end).filter(mayRepeat);
    return nodes.flatMap((node) => node.outputs.filter((name) => name !== '' && lastOf(name) < end));
  });
}

/** After each node of the forward half: what it has made so far and still reads. */
function crossingBytes({ forward, sizes }: StepParts, lastOf: (name: string) => number): readonly number[] {
  const ending = new Map<number, number>();
  let live = 0;
  return forward.map((node, at) => {
    for (const name of node.outputs) {
      const last = lastOf(name);
      if (last <= at) continue;
      live += sizes.bytesOf(name);
      ending.set(last, (ending.get(last) ?? 0) + sizes.bytesOf(name));
    }
    live -= ending.get(at) ?? 0;
    return live;
  });
}
