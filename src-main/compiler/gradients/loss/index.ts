import { negativeLogLikelihoodLoss } from './NegativeLogLikelihoodLoss.ts';
import { softmaxCrossEntropyLoss } from './SoftmaxCrossEntropyLoss.ts';

/** Losses that ONNX has as operators; those that training offers are in `losses/`. */
export const loss = {
  'NegativeLogLikelihoodLoss@13': negativeLogLikelihoodLoss,
  'SoftmaxCrossEntropyLoss@13': softmaxCrossEntropyLoss,
};
