import { integer, ints } from '../../onnx/attributes.ts';
import { windowAttributes, windowsSpread } from '../../2-shapes/window.ts';
import { defineGradient } from '../defineGradient.ts';
import { channelSums, kernelGradient } from './kernelGradient.ts';

/**
 * Y = Wᵀ ⋆ X + B: each element of X lays the kernel, scaled, into Y;  dX = Conv(dY, W);
 * dW[c, m, k] = Σ_n,o X[n, c, o] · dY[n, m, o·stride + k·dilation − begin];  dB = Σ over batch and space of dY.
 */
export const convTranspose = defineGradient({
  opType: 'ConvTranspose',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__ConvTranspose.html',
  formula: 'dX = Conv(dY, W), dW = Conv over the batch of dY with X, dB = Σ dY',
  inputs: ['X', 'W', 'B'],
  outputs: ['Y'],
  attributes: { group: 1 },
  vjp: ({ X, W }, { Y: dY }, { group }, g, { attributes }) => {
    const windows = windowsSpread('ConvTranspose', attributes, X.shape.slice(2), W.shape.slice(2));
    return {
      X: () => g.op('Conv', [dY, W], { ...windowAttributes(windows), group }),
      W: () => kernelGradient(g, dY, X, windows, group),
      B: () => channelSums(g, dY),
    };
  },
  samples: [
    { inputs: { X: [2, 3, 3, 4], W: [3, 4, 3, 2], B: [4] } },
    {
      inputs: { X: [2, 2, 3, 3], W: [2, 3, 3, 3] },
      attributes: { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]), output_padding: ints([1, 0]) },
    },
    {
      inputs: { X: [1, 2, 3, 2], W: [2, 2, 2, 3], B: [2] },
      attributes: { pads: ints([0, 2, 1, 0]), strides: ints([3, 2]), dilations: ints([2, 1]) },
    },
    { inputs: { X: [2, 4, 3, 3], W: [4, 3, 2, 2], B: [6] }, attributes: { group: integer(2), strides: ints([2, 1]) } },
    {
      inputs: { X: [2, 3, 3, 3], W: [3, 1, 3, 3] },
      attributes: { group: integer(3), pads: ints([1, 1, 1, 1]), strides: ints([2, 2]), output_padding: ints([1, 1]) },
    },
    { inputs: { X: [1, 2, 3, 3], W: [2, 2, 3, 3] }, attributes: { strides: ints([2, 2]), output_shape: ints([6, 5]) } },
    {
      inputs: { X: [1, 2, 3, 3], W: [2, 2, 3, 4] },
      attributes: { strides: ints([2, 2]), auto_pad: { kind: 'string', value: 'SAME_UPPER' } },
    },
    {
      inputs: { X: [1, 2, 3, 3], W: [2, 2, 3, 4] },
      attributes: { strides: ints([2, 2]), auto_pad: { kind: 'string', value: 'SAME_LOWER' } },
    },
    { inputs: { X: [2, 3, 4], W: [3, 2, 3], B: [2] }, attributes: { pads: ints([1, 0]), strides: ints([2]) } },
    {
      inputs: { X: [1, 2, 2, 3, 2], W: [2, 2, 2, 2, 2], B: [2] },
      attributes: { pads: ints([1, 0, 0, 0, 1, 0]), strides: ints([2, 1, 2]) },
    },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [1, 1, 1], values: [3] }, W: { shape: [1, 1, 2], values: [1, -1] } },
      cotangent: [5, 7],
      gradients: { X: [-2], W: [15, 21] },
    },
  ],
});
