import type { DataType, Graph } from '../../onnx/graph.ts';
import type { Rewrite } from '../../4-fuse/defineRewrite.ts';
import { fuse } from '../../4-fuse/fuse.ts';
import { forCpu } from './cpu.ts';
import { cudaRewrites } from './cuda.ts';
import { webGpuRewrites } from './webgpu.ts';
import { webGpuForms } from './webgpu/forms.ts';
import type { Forms } from '../../2-shapes/typedOps.ts';
import type { Target } from './target.ts';

/** Phase 3 with what a provider wants in place of operators that it does not run, or not rightly. */
export function formsFor(target: Target = { provider: 'cpu' }): Forms {
  return target.provider === 'webgpu' ? webGpuForms : {};
}

/** Phase 4 with the rules of a provider. float64 serves comparisons and keeps to rewrites that keep every bit. */
export function fuseFor(graph: Graph, dtype: DataType, target: Target = { provider: 'cpu' }): Graph {
  if (dtype !== 'float32') return fuse(graph);
  if (target.provider === 'cpu') return forCpu(graph, target);
  const rewrites: readonly Rewrite[] = target.provider === 'cuda' ? cudaRewrites : webGpuRewrites;
  return fuse(graph, rewrites);
}
