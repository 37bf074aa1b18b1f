import { integer, toAttribute } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineComposite } from '../defineGradient.ts';
import { classLoss } from './classLoss.ts';

/** loss = −Σ weight[target] · input[n, target, d] / Σ weight[target], the sums over everything that is not ignored. */
export const negativeLogLikelihoodLoss = defineComposite({
  opType: 'NegativeLogLikelihoodLoss',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html',
  formula: 'loss = −Σ w · gatherElements(input, target) / Σ w',
  inputs: ['input', 'target', 'weight'],
  outputs: ['loss'],
  attributes: { ignore_index: undefined as number | undefined, reduction: 'mean' },
  decompose: ({ input, target, weight }, { ignore_index: ignoreIndex, reduction }, g) => [
    classLoss(g, input, target, { weight, ignoreIndex, reduction }),
  ],
  samples: [
    { inputs: { input: [3, 4] }, constants: { target: tensorOf('int64', [3], [1, 0, 3]) } },
    {
      inputs: { input: [2, 3, 2], weight: [3] },
      constants: { target: tensorOf('int32', [2, 2], [2, -1, 0, 1]) },
      attributes: { ignore_index: integer(-1) },
      awayFromZero: 0.5,
      domain: [0.5, 2],
    },
    {
      inputs: { input: [2, 3] },
      constants: { target: tensorOf('int64', [2], [2, 1]) },
      attributes: { reduction: toAttribute('reduction', 'none') },
    },
    {
      inputs: { input: [2, 3], weight: [3] },
      constants: { target: tensorOf('int64', [2], [2, 1]) },
      attributes: { reduction: toAttribute('reduction', 'sum') },
    },
  ],
  specialPoints: [],
});
