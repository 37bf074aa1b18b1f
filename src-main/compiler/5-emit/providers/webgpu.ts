import { exactRewrites } from '../../4-fuse/rewrites/index.ts';
import { attentionRowSum } from '../../4-fuse/rewrites/attentionRowSum.ts';
import { geluByErf } from '../../4-fuse/rewrites/geluByErf.ts';
import { joinConstants } from '../../4-fuse/rewrites/joinConstants.ts';

/** WebGPU has no FusedMatMul: a node of it would bring its tensors back to the CPU. So no rewrite that makes one. */
export const webGpuRewrites = [...exactRewrites, joinConstants, geluByErf, attentionRowSum];
