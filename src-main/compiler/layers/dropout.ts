import { typed, type TypedValue } from '../2-shapes/typedOps.ts';
import type { ModelBuilder } from './ModelBuilder.ts';

/**
 * Drops a share `rate` of the elements in training and scales the others by 1/(1 − rate); passes everything on in use.
 * Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html §4, scaled in training rather than in use.
 */
export function dropout(m: ModelBuilder, x: TypedValue, rate: number): TypedValue {
  if (rate === 0) return x;
  const { graph } = m.g;
  // The type of `ratio` is independent of the data's. Dropout has no shape rule: phase 1 replaces it before shapes are replayed.
  return typed(graph.op('Dropout', [x, graph.scalar(rate), graph.scalar(1, 'bool')], { output: { shape: x.shape } }));
}
