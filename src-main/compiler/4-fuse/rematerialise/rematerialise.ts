import { runtimeOrder } from '../../5-emit/runtimeOrder.ts';
import { executionOrder } from '../../onnx/executionOrder.ts';
import type { Graph } from '../../onnx/graph.ts';
import { cheapValues, isCheap } from './cheapValues.ts';
import { peakInOrder } from './peakBytes.ts';
import { segments } from './segments.ts';
import { stepParts, type StepParts } from './stepParts.ts';
import { withRecomputing } from './withRecomputing.ts';

/** What became of a memory budget. */
export interface MemoryPlan {
  readonly budgetBytes: number;
  /** The most that computed values take at once when everything is kept until it is used. */
  readonly keptBytes: number;
  /** The same of the step as it is now. */
  readonly activationBytes: number;
  /** False: this is the least that was found, and it is more than the budget. */
  readonly fits: boolean;
  /** Nodes that run twice, and which share of the forward half's work they are. */
  readonly repeatedNodes: number;
  readonly repeatedShare: number;
}

/** How fine the forward half is cut: a stretch keeps at most this share of everything. */
const finest = 64;

/**
 * Makes a step fit into `budgetBytes` by computing values a second time for the backward half instead of keeping them: first
 * those that cost little (elementwise, normalisation, casts), as many as it takes; then whole stretches of the forward half
 * from the values between them. The same nodes run on the same values, so results keep their bits, up to what the runtime then
 * fuses in another way. Where nothing fits, the smallest step that was found, and `fits` says so.
 *
 * Source: Chen et al. (2016), Training deep nets with sublinear memory cost, https://arxiv.org/abs/1604.06174.
 */
export function rematerialise(
  graph: Graph,
  budgetBytes: number,
  roles: { readonly gradients: ReadonlySet<string>; readonly weights: ReadonlySet<string> },
): { graph: Graph; plan: MemoryPlan } {
  const parts = stepParts(graph, roles.gradients, roles.weights);
  const outputs = graph.outputs.map(({ name }) => name);
  const keptBytes = peakInOrder(parts.order, outputs, parts.sizes);
  const total = parts.forward.reduce((sum, node) => sum + workOf(parts, node), 0);
  const attempt = (drops: Iterable<string>): Attempt => {
    const recomputing = withRecomputing(parts, withViews(parts, drops));
    const bytes = peakInOrder(executionOrder(runtimeOrder(recomputing.graph)), outputs, recomputing.sizes);
    const work = recomputing.repeated.reduce((sum, node) => sum + workOf(parts, node), 0);
    return { graph: recomputing.graph, bytes, work, nodes: recomputing.repeated.length };
  };
  const nothing: Attempt = { graph, bytes: keptBytes, work: 0, nodes: 0 };
  const best = keptBytes <= budgetBytes ? nothing : search(parts, budgetBytes, nothing, attempt);
  return {
    graph: best.graph,
    plan: {
      budgetBytes,
      keptBytes,
      activationBytes: best.bytes,
      fits: best.bytes <= budgetBytes,
      repeatedNodes: best.nodes,
      repeatedShare: total === 0 ? 0 : best.work / total,
    },
  };
}

interface Attempt {
  readonly graph: Graph;
  readonly bytes: number;
  readonly work: number;
  readonly nodes: number;
}

function search(parts: StepParts, budgetBytes: number, nothing: Attempt, attempt: (drops: Iterable<string>) => Attempt): Attempt {
  let best = nothing;
  const fits = (each: Attempt): boolean => {
    const better = each.bytes <= budgetBytes ? best.bytes > budgetBytes || each.work < best.work : each.bytes < best.bytes;
    if (better) best = each;
    return each.bytes <= budgetBytes;
  };
  const cheap = cheapValues(parts);
  const first = (count: number): string[] => cheap.slice(0, count).flat();
  if (fits(attempt(first(cheap.length)))) {
    smallestThatFits(cheap.length, (count) => fits(attempt(first(count))));
    return best;
  }
  const all = [...parts.kept].reduce((sum, name) => sum + parts.sizes.bytesOf(name), 0);
  const everyCheap = first(cheap.length);
  for (let share = 2; share <= finest; share *= Math.SQRT2) {
    const cut = segments(parts, all / share);
    // What comes last is needed first: the last stretch is kept.
    const upTo = (count: number): Attempt => {
      const later = new Set(cut.slice(count).flat());
      return attempt([...cut.slice(0, count).flat(), ...everyCheap.filter((name) => later.has(name))]);
    };
    if (cut.length > 1 && fits(upTo(cut.length - 1))) smallestThatFits(cut.length - 1, (count) => fits(upTo(count)));
  }
  return best;
}

/** Bisection from 1 to `known`, which fits: more drops keep less, up to what runs again. */
function smallestThatFits(known: number, fits: (count: number) => boolean): void {
  let [low, high] = [1, known];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
}

/** Memory is dropped with all its views, or with none. */
function withViews({ forward, sizes, mayRepeat }: StepParts, drops: Iterable<string>): ReadonlySet<string> {
  const dropped = new Set(drops);
  return new Set(
    forward.flatMap((node) => (mayRepeat(node) ? node.outputs.filter((name) => name !== '' && dropped.has(sizes.ownerOf(name))) : [])),
  );
}

/** About how many operations a node takes: a product makes each number from as many as its first input is wide. */
function workOf({ sizes }: StepParts, node: StepParts['forward'][number]): number {
  const elements = node.outputs.reduce((sum, name) => sum + (sizes.types.get(name)?.elements ?? 0), 0);
  if (isCheap(node)) return elements;
  if (node.opType === 'Conv' || node.opType === 'ConvTranspose') {
    const weight = sizes.types.get(node.inputs[1] ?? '')?.elements ?? 1;
    const channels = sizes.types.get(node.outputs[0]!)?.elements ?? 1;
    return 2 * elements * Math.max(1, weight / Math.max(1, Math.min(weight, channels)));
  }
  return 2 * elements * (sizes.types.get(node.inputs[0] ?? '')?.shape.at(-1) ?? 1);
}
