import { integer, toAttribute } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineComposite } from '../defineGradient.ts';
import { classLoss } from './classLoss.ts';

/** The negative log-likelihood of log softmax(scores) over the class axis, which is axis 1. */
export const softmaxCrossEntropyLoss = defineComposite({
  opType: 'SoftmaxCrossEntropyLoss',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html',
  formula: 'loss = −Σ w · gatherElements(log softmax(scores), labels) / Σ w',
  inputs: ['scores', 'labels', 'weights'],
  outputs: ['output', 'log_prob'],
  attributes: { ignore_index: undefined as number | undefined, reduction: 'mean' },
  decompose: ({ scores, labels, weights }, { ignore_index: ignoreIndex, reduction }, g) => {
    const logProbabilities = g.op('LogSoftmax', [scores], { axis: 1 });
    return [classLoss(g, logProbabilities, labels, { weight: weights, ignoreIndex, reduction }), logProbabilities];
  },
  samples: [
    { inputs: { scores: [3, 4] }, constants: { labels: tensorOf('int64', [3], [1, 0, 3]) } },
    {
      inputs: { scores: [2, 3, 2], weights: [3] },
      constants: { labels: tensorOf('int32', [2, 2], [2, -1, 0, 1]) },
      attributes: { ignore_index: integer(-1) },
      domain: [0.5, 2],
    },
    {
      inputs: { scores: [2, 3] },
      constants: { labels: tensorOf('int64', [2], [2, 1]) },
      attributes: { reduction: toAttribute('reduction', 'none') },
      outputCount: 1,
    },
  ],
  specialPoints: [
    {
      inputs: { scores: { shape: [1, 2], values: [1000, 0] } },
      constants: { labels: tensorOf('int64', [1], [1]) },
      // 2 · (p − onehot) of the loss, and 1 − p · Σ 1 of the log-probabilities.
      cotangent: [2],
      gradients: { scores: [1, -1] },
    },
  ],
});
