import { integer, ints } from '../../onnx/attributes.ts';
import { windowsOver } from '../../2-shapes/window.ts';
import { defineGradient } from '../defineGradient.ts';
import { channelSums, kernelGradient, spread } from './kernelGradient.ts';

/**
 * Y = W ⋆ X + B (cross-correlation in groups);  dX = ConvTranspose(dY, W), the windows laid back over the image;
 * dW[m, c, k] = Σ_n,o dY[n, m, o] · X[n, c, o·stride + k·dilation − begin];  dB = Σ over batch and space of dY.
 */
export const conv = defineGradient({
  opType: 'Conv',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__Conv.html; Dumoulin & Visin, A guide to convolution arithmetic (2016), §4',
  formula: 'dX = ConvTranspose(dY, W), dW = Conv over the batch of X with dY, dB = Σ dY',
  inputs: ['X', 'W', 'B'],
  outputs: ['Y'],
  attributes: { group: 1 },
  vjp: ({ X, W }, { Y: dY }, { group }, g, { attributes }) => {
    const windows = windowsOver('Conv', attributes, X.shape.slice(2), W.shape.slice(2));
    return {
      X: () => spread(g, dY, W, windows, group),
      W: () => kernelGradient(g, X, dY, windows, group),
      B: () => channelSums(g, dY),
    };
  },
  samples: [
    { inputs: { X: [2, 3, 5, 4], W: [4, 3, 3, 2], B: [4] } },
    { inputs: { X: [2, 2, 5, 6], W: [3, 2, 3, 3] }, attributes: { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) } },
    {
      inputs: { X: [1, 2, 6, 6], W: [2, 2, 2, 3], B: [2] },
      attributes: { pads: ints([0, 2, 1, 0]), strides: ints([3, 2]), dilations: ints([2, 1]) },
    },
    { inputs: { X: [2, 4, 4, 4], W: [6, 2, 3, 3], B: [6] }, attributes: { group: integer(2), pads: ints([1, 0, 0, 1]) } },
    { inputs: { X: [2, 3, 5, 5], W: [3, 1, 3, 3] }, attributes: { group: integer(3), pads: ints([1, 1, 1, 1]), strides: ints([2, 1]) } },
    { inputs: { X: [1, 2, 4, 4], W: [4, 1, 2, 2] }, attributes: { group: integer(2), dilations: ints([2, 2]) } },
    {
      inputs: { X: [2, 2, 5, 5], W: [2, 2, 3, 2] },
      attributes: { auto_pad: { kind: 'string', value: 'SAME_UPPER' }, strides: ints([2, 2]) },
    },
    { inputs: { X: [2, 2, 5, 4], W: [2, 2, 2, 3] }, attributes: { auto_pad: { kind: 'string', value: 'SAME_LOWER' } } },
    { inputs: { X: [1, 2, 5, 4], W: [2, 2, 2, 3] }, attributes: { auto_pad: { kind: 'string', value: 'VALID' }, strides: ints([2, 1]) } },
    { inputs: { X: [2, 3, 5, 4], W: [3, 1, 3, 2] }, attributes: { group: integer(3), pads: ints([1, 0, 2, 1]), dilations: ints([1, 2]) } },
    // The end padding is not reached by any window: nothing of it flows back.
    { inputs: { X: [1, 1, 6, 4], W: [2, 1, 1, 1] }, attributes: { strides: ints([4, 3]), pads: ints([0, 0, 1, 0]) } },
    { inputs: { X: [2, 3, 7], W: [4, 3, 3], B: [4] }, attributes: { pads: ints([2, 1]), strides: ints([2]), dilations: ints([2]) } },
    { inputs: { X: [2, 4, 6], W: [4, 1, 2] }, attributes: { group: integer(4) } },
    {
      inputs: { X: [1, 2, 3, 4, 3], W: [2, 2, 2, 2, 2], B: [2] },
      attributes: { pads: ints([1, 0, 1, 0, 1, 0]), strides: ints([1, 2, 2]) },
    },
    { inputs: { X: [1, 2, 3, 3, 3], W: [2, 1, 2, 1, 2] }, attributes: { group: integer(2), dilations: ints([2, 1, 1]) } },
  ],
  specialPoints: [
    // An image of one pixel under a padded kernel: only the middle of the kernel is used.
    {
      inputs: { X: { shape: [1, 1, 1, 1], values: [2] }, W: { shape: [1, 1, 3, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] } },
      attributes: { pads: ints([1, 1, 1, 1]) },
      gradients: { X: [5], W: [0, 0, 0, 0, 2, 0, 0, 0, 0] },
    },
  ],
});
