import { float } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { affine, normalisedGroups } from './groups.ts';

/** output = (input − μ)/√(σ² + ε) · scale + B, μ and σ² of each row's channel. */
export const instanceNormalization = defineComposite({
  opType: 'InstanceNormalization',
  sinceVersion: 6,
  source: 'https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html; Ulyanov, Vedaldi & Lempitsky (2016)',
  formula: 'output = LayerNormalization over space · scale + B',
  inputs: ['input', 'scale', 'B'],
  outputs: ['output'],
  attributes: { epsilon: 1e-5 },
  decompose: ({ input, scale, B }, { epsilon }, g) => [affine(g, normalisedGroups(g, input, Number(input.shape[1]), epsilon), scale, B)],
  samples: [
    { inputs: { input: [2, 3, 2, 3], scale: [3], B: [3] } },
    { inputs: { input: [2, 2, 5], scale: [2], B: [2] }, attributes: { epsilon: float(0.1) } },
    { inputs: { input: [1, 2, 2, 2, 2], scale: [2], B: [2] } },
  ],
  specialPoints: [
    {
      inputs: { input: { shape: [1, 1, 2], values: [7, 7] }, scale: { shape: [1], values: [1] }, B: { shape: [1], values: [0] } },
      attributes: { epsilon: float(0.25) },
      cotangent: [1, 0],
      gradients: { input: [1, -1], scale: [0], B: [1] },
    },
  ],
});
