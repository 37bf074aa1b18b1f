import { fuse, rewritesFor } from '../../4-fuse/fuse.ts';
import { blockChannels } from '../../4-fuse/layout/blockChannels.ts';
import type { Graph } from '../../onnx/graph.ts';

/** All rewrites, then convolutions over blocks of channels where the runtime has them. */
export function forCpu(graph: Graph, channelBlock: 8 | 16 | undefined): Graph {
  const fused = fuse(graph, rewritesFor('float32'));
  const convolves = fused.nodes.some((node) => node.domain === '' && node.opType === 'Conv');
  return channelBlock && convolves ? fuse(blockChannels(fused, channelBlock), rewritesFor('float32')) : fused;
}
