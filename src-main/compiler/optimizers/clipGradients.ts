import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';

/** Keeps the division finite; PyTorch's `clip_grad_norm_` uses the same. */
const smallest = 1e-6;

/**
 * What gradients of norm `norm` are multiplied by so that none is longer than `maxNorm`: min(1, maxNorm / (‖g‖ + 1e-6)).
 * Source: Pascanu et al., On the difficulty of training recurrent neural networks (2013), https://arxiv.org/abs/1211.5063 alg. 1.
 */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + smallest));
}

/** The same in the graph: all gradients together as one vector. */
export function clipGradients(g: TypedOps, gradients: readonly TypedValue[], maxNorm: number): TypedValue[] {
  const squares = gradients.map((each) =>
    g.reduceSum(
      g.mul(each, each),
      each.shape.map((_, axis) => axis),
      false,
    ),
  );
  const [first, ...rest] = squares;
  if (!first) return [];
  const norm = g.sqrt(rest.reduce((sum, each) => g.add(sum, each), first));
  const scale = g.op('Min', [g.scalar(1, first), g.div(g.scalar(maxNorm, first), g.add(norm, g.scalar(smallest, first)))]);
  return gradients.map((each) => g.mul(each, scale));
}
