import { rewritesFor } from '../../4-fuse/fuse.ts';

/** CUDA has FusedMatMul and every form that the CPU rewrites make; its convolutions choose their layout themselves (cuDNN). */
export const cudaRewrites = rewritesFor('float32');
