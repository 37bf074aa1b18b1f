import { treesModule } from './compiled/trees.ts';
import { instantiate, type SharedMemory } from './webAssembly.ts';

type KernelName =
  | 'clear'
  | 'copy'
  | 'binBlock'
  | 'cutPoints'
  | 'squaredGradients'
  | 'logisticGradients'
  | 'absoluteGradients'
  | 'huberGradients'
  | 'quantileGradients'
  | 'poissonGradients'
  | 'gammaGradients'
  | 'tweedieGradients'
  | 'softmaxGradients'
  | 'largest'
  | 'packGradients'
  | 'packLogistic'
  | 'packSquared'
  | 'rootSums'
  | 'gatherHistogram'
  | 'gatherHistogramFar'
  | 'rangeHistogram'
  | 'combineHistograms'
  | 'findSplits'
  | 'identityOrder'
  | 'partitionInPlace'
  | 'partitionInto'
  | 'partitionSetInPlace'
  | 'partitionSetInto'
  | 'addLeaves'
  | 'applyTree'
  | 'sampleRows'
  | 'goss'
  | 'pickRows'
  | 'magnitudeCounts'
  | 'squaredLoss'
  | 'absoluteLoss'
  | 'huberLoss'
  | 'quantileLoss'
  | 'logLoss'
  | 'softmaxLoss'
  | 'deviance'
  | 'leafQuantile'
  | 'growForestTree'
  | 'addOutOfBag';

/** The functions of assembly/trees, where they and their arguments are described: addresses in bytes, and numbers. */
export type TreeKernels = Record<KernelName, (...values: number[]) => number>;

export function treeKernels(memory: SharedMemory): TreeKernels {
  return instantiate<TreeKernels>(treesModule, memory);
}
