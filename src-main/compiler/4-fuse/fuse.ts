import type { DataType, Graph } from '../onnx/graph.ts';
import type { Rewrite } from './defineRewrite.ts';
import { rewrite } from './rewrite.ts';
import { exactRewrites, fastRewrites } from './rewrites/index.ts';

/**
 * Phase 4. Shares equal nodes, drops what nothing needs and applies `rewrites` until none fits. By default those that keep
 * every result bit for bit.
 */
export function fuse(graph: Graph, rewrites: readonly Rewrite[] = exactRewrites): Graph {
  return rewrite(graph, rewrites);
}

/**
 * The rewrites for speed. Results change by rounding (float32: relative 1e-6); they use operators of ONNX Runtime's own
 * domain in float32, so float64, which serves comparisons, keeps to the exact ones.
 */
export function rewritesFor(dtype: DataType): readonly Rewrite[] {
  return dtype === 'float32' ? [...exactRewrites, ...fastRewrites] : exactRewrites;
}
