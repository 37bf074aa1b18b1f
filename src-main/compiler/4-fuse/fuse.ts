import type { Graph } from '../onnx/graph.ts';
import { bypassIdentity } from './bypassIdentity.ts';
import { removeUnused } from './removeUnused.ts';
import { shareCommon } from './shareCommon.ts';

/** Phase 4. Rewrites that keep every result bit for bit. */
export function fuse(graph: Graph): Graph {
  return removeUnused(shareCommon(bypassIdentity(graph)));
}
