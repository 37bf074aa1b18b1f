import { fuse, rewritesFor } from '../../4-fuse/fuse.ts';
import { blockChannels } from '../../4-fuse/layout/blockChannels.ts';
import { exactRewrites, lastRewrites, oneThreadRewrites } from '../../4-fuse/rewrites/index.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { Target } from './target.ts';

/** All rewrites, then convolutions over blocks of channels where the runtime has them. */
export function forCpu(graph: Graph, { channelBlock, threads }: Pick<Target, 'channelBlock' | 'threads'>): Graph {
  const rewrites = threads === 1 ? [...rewritesFor('float32'), ...oneThreadRewrites] : rewritesFor('float32');
  const fused = fuse(graph, rewrites);
  const convolves = fused.nodes.some((node) => node.domain === '' && node.opType === 'Conv');
  const laidOut = channelBlock && convolves ? fuse(blockChannels(fused, channelBlock), rewrites) : fused;
  return fuse(laidOut, [...exactRewrites, ...lastRewrites]);
}
