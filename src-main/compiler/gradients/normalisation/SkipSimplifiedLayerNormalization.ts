import { float } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** output = SimplifiedLayerNormalization(input + skip + bias) · gamma: the form that ONNX Runtime's optimizer writes. */
export const skipSimplifiedLayerNormalization = defineComposite({
  opType: 'SkipSimplifiedLayerNormalization',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipSimplifiedLayerNormalization',
  formula: 'output = SimplifiedLayerNormalization(input + skip + bias, gamma)',
  inputs: ['input', 'skip', 'gamma', 'bias'],
  outputs: ['output', 'mean', 'inv_std_var', 'input_skip_bias_sum'],
  attributes: { epsilon: 1e-12 },
  decompose: ({ input, skip, gamma, bias }, { epsilon }, g, { inputs, outputCount }) => {
    const sum = inputs[3] ? g.add(g.add(input, skip), bias) : g.add(input, skip);
    const attributes = { axis: -1, epsilon: float(epsilon) };
    const [y, r] = g.node('SimplifiedLayerNormalization', [sum, gamma], attributes, outputCount > 1 ? 2 : 1);
    return [y, undefined, r, sum];
  },
  samples: [
    { inputs: { input: [2, 3, 4], skip: [2, 3, 4], gamma: [4], bias: [4] }, attributes: { epsilon: float(1e-5) }, outputCount: 1 },
    { inputs: { input: [1, 3, 4], skip: [1, 3, 4], gamma: [4] }, attributes: { epsilon: float(0.01) }, outputCount: 1 },
  ],
  specialPoints: [],
});
