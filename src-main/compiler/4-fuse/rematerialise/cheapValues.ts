import type { GraphNode } from '../../onnx/graph.ts';
import type { StepParts } from './stepParts.ts';
import { isView } from './valueSizes.ts';

/** Operators that read and write each element about once: made again in the time that memory takes. */
const cheap = new Set(
  (
    'Add Sub Mul Div Neg Abs Sign Exp Log Sqrt Reciprocal Pow Erf Tanh Sigmoid Relu LeakyRelu Elu Selu Celu Softplus Softsign HardSigmoid HardSwish ' +
    'Mish Gelu Swish Clip Min Max Where Cast Not And Or Equal Greater GreaterOrEqual Less LessOrEqual Expand Tile Transpose Concat Slice Split Pad ' +
    'Softmax LogSoftmax LayerNormalization RMSNormalization SimplifiedLayerNormalization InstanceNormalization GroupNormalization ReduceMean ReduceSum ' +
    'ReduceMax ReduceMin Dropout Gather com.microsoft.Gelu com.microsoft.FastGelu com.microsoft.BiasGelu com.microsoft.QuickGelu'
  ).split(' '),
);

/** How far back values are followed to one that is there anyway. */
const longestChain = 12;
/** A value that is this much smaller may be kept for it: a mean, a variance. */
const smallShare = 16;

/**
 * Kept values that cheap operators make from values that are kept anyway, the largest first: each with what lies between it and
 * those, which is made again with it. Each may count on those before it being dropped, so any first few of them can be taken.
 */
export function cheapValues(parts: StepParts): readonly (readonly string[])[] {
  const { sizes, producers, kept, mayRepeat, reads } = parts;
  const inputs = new Set(parts.graph.inputs.map(({ name }) => name));
  const dropped = new Set<string>();
  const small = new Set<string>();
  const there = (name: string, forBytes: number): boolean => {
    const owner = sizes.ownerOf(name);
    const node = producers.get(owner);
    if (!node || inputs.has(owner) || !mayRepeat(node) || dropped.has(owner) || small.has(owner) || kept.has(owner)) return true;
    if (sizes.bytesOf(owner) * smallShare > forBytes) return false;
    small.add(owner);
    return true;
  };
  const closure = (name: string): string[] | undefined => {
    const bytes = sizes.bytesOf(name);
    const drops = new Set<string>();
    const visit = (each: string, depth: number): boolean => {
      const node = producers.get(each)!;
      if (depth > longestChain || !isCheap(node) || !mayRepeat(node)) return false;
      drops.add(each);
      return reads(node).every((input) => {
        if (drops.has(input)) return true;
        const owner = sizes.ownerOf(input);
        if (owner === name) return false;
        // A view of what is there is there; a view of what is dropped goes with it.
        return there(input, bytes) || visit(input, depth + 1);
      });
    };
    return visit(name, 0) ? [...drops] : undefined;
  };
  const found: (readonly string[])[] = [];
  const candidates = parts.forward
    .toReversed()
    .flatMap((node) => (isCheap(node) && mayRepeat(node) && !isView(node) ? node.outputs : []))
    .filter((name) => kept.has(name) && sizes.bytesOf(name) > 0);
  for (const name of candidates.toSorted((left, right) => sizes.bytesOf(right) - sizes.bytesOf(left))) {
    const drops = closure(name);
    if (!drops) continue;
    for (const each of drops) dropped.add(each);
    found.push(drops);
  }
  return found;
}

export function isCheap(node: GraphNode): boolean {
  return isView(node) || cheap.has(node.domain === '' ? node.opType : `${node.domain}.${node.opType}`);
}
