import { float } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** output = LayerNormalization(input + skip + bias) · gamma + beta: the form that ONNX Runtime's optimizer writes. */
export const skipLayerNormalization = defineComposite({
  opType: 'SkipLayerNormalization',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipLayerNormalization',
  formula: 'output = LayerNormalization(input + skip + bias, gamma, beta)',
  inputs: ['input', 'skip', 'gamma', 'beta', 'bias'],
  outputs: ['output', 'mean', 'inv_std_var', 'input_skip_bias_sum'],
  // ONNX Runtime's default differs from LayerNormalization's.
  attributes: { epsilon: 1e-12 },
  decompose: ({ input, skip, gamma, beta, bias }, { epsilon }, g, { inputs, outputCount }) => {
    const sum = inputs[4] ? g.add(g.add(input, skip), bias) : g.add(input, skip);
    const attributes = { axis: -1, epsilon: float(epsilon) };
    const [y, mean, r] = g.node('LayerNormalization', [sum, gamma, inputs[3] && beta], attributes, outputCount > 1 ? 3 : 1);
    return [y, mean, r, sum];
  },
  samples: [
    {
      inputs: { input: [2, 3, 4], skip: [2, 3, 4], gamma: [4], beta: [4], bias: [4] },
      attributes: { epsilon: float(1e-5) },
      outputCount: 1,
    },
    { inputs: { input: [1, 3, 4], skip: [1, 3, 4], gamma: [4] }, attributes: { epsilon: float(0.01) }, outputCount: 1 },
    { inputs: { input: [1, 3, 4], skip: [3, 4], gamma: [4], beta: [4] }, attributes: { epsilon: float(0.01) }, outputCount: 1 },
  ],
  specialPoints: [],
});
