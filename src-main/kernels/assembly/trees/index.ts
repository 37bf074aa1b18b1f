/**
 * Kernels that grow decision trees over histograms. Addresses are in bytes, nothing is allocated, nothing is kept between two
 * calls: the module runs once a thread on one shared memory.
 *
 * A row has a bin (u8) for each feature, in two layouts: row after row (`rows`, for histograms) and column after column (`columns`,
 * for partitions). Bin 0 is a missing value. The gradient and hessian of a row are one i32, `gradient << 16 | hessian`, integers
 * after stochastic rounding. A cell of a histogram is one i64, `gradient << 32 | hessian`: sums of packed numbers are exact, so
 * nothing depends on the number of threads or the order of their work. Sampling and rounding take their randomness from a hash of
 * row and seed, for the same reason.
 */
export { binBlock, cutPoints } from './bins';
export {
  absoluteGradients,
  gammaGradients,
  huberGradients,
  logisticGradients,
  poissonGradients,
  quantileGradients,
  softmaxGradients,
  squaredGradients,
  tweedieGradients,
} from './objectives';
export { largest, packGradients, packLogistic, packSquared, rootSums } from './packing';
export { gatherHistogram, gatherHistogramFar, rangeHistogram } from './histogram';
export { combineHistograms, findSplits } from './splits';
export { clear, copy, identityOrder, partitionInPlace, partitionInto, partitionSetInPlace, partitionSetInto } from './partition';
export { addLeaves, applyTree } from './scores';
export { goss, magnitudeCounts, pickRows, sampleRows } from './sampling';
export { absoluteLoss, deviance, huberLoss, logLoss, quantileLoss, softmaxLoss, squaredLoss } from './losses';
export { leafQuantile } from './leafQuantile';
export { addOutOfBag, growForestTree } from './forest';
