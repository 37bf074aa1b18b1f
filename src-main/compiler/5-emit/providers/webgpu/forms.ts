import type { Forms } from '../../../2-shapes/typedOps.ts';
import { groupsApart, transposedInSpace } from './convolutionForms.ts';
import { maximumOfSlices } from './poolingForms.ts';
import { interpolated } from './resizeForm.ts';
import { logarithmOfSoftmax, rootMeanSquare, slicedForwards, withoutReduction } from './smallForms.ts';

/**
 * What ONNX Runtime 1.30's WebGPU provider does not run, or runs wrongly without a word, as other nodes: chosen when a node is
 * added in phase 3, so gradients have them too. `npm run peers -- webgpu` finds such cases.
 */
export const webGpuForms: Forms = {
  // No indices of maxima, which the gradient needs.
  MaxPool: maximumOfSlices,
  // Wrong sums where a group has several channels; no groups in three dimensions.
  Conv: groupsApart,
  // The same; none at all in three dimensions.
  ConvTranspose: transposedInSpace,
  // Its second output, 1/√(mean x² + ε), is never written.
  SimplifiedLayerNormalization: rootMeanSquare,
  // Goes back to the CPU: in a loss, the device waits for it in every step.
  LogSoftmax: logarithmOfSoftmax,
  // Steps below −1 read the wrong elements.
  Slice: slicedForwards,
  // No antialias.
  Resize: interpolated,
  // `noop_with_empty_axes` is overlooked: everything is summed.
  ReduceL1: withoutReduction('ReduceL1'),
  ReduceL2: withoutReduction('ReduceL2'),
  ReduceLogSum: withoutReduction('ReduceLogSum'),
  ReduceSumSquare: withoutReduction('ReduceSumSquare'),
};
