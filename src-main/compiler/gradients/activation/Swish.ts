import { float } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** Y = X σ(α X). The operator is newer than our graphs (opset 24), so they contain the formula. */
export const swish = defineComposite({
  opType: 'Swish',
  sinceVersion: 24,
  source: 'https://onnx.ai/onnx/operators/onnx__Swish.html and Ramachandran et al. 2017, https://arxiv.org/abs/1710.05941',
  formula: 'Y = X ⊙ σ(α X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1 },
  decompose: ({ X }, { alpha }, g) => [g.mul(X, g.op('Sigmoid', [alpha === 1 ? X : g.mul(X, g.scalar(alpha, X))]))],
  samples: [{ inputs: { X: [3, 5] } }, { inputs: { X: [3, 5] }, attributes: { alpha: float(1.7) } }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 1000, -1000] } }, gradients: { X: [0.5, 1, 0] } }],
  runsOnCpu: false,
});
