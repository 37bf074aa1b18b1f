import { windowsOver } from '../../2-shapes/window.ts';
import { ints } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { spread } from './kernelGradient.ts';

/**
 * Blocks laid back into an image, adding where they overlap: a transposed convolution whose kernels each have a single 1,
 * one kernel for each element of a block.
 */
export const col2Im = defineComposite({
  opType: 'Col2Im',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__Col2Im.html',
  formula: 'output = ConvTranspose(blocks, one-hot kernels)',
  inputs: ['input', 'image_shape', 'block_shape'],
  outputs: ['output'],
  attributes: {},
  decompose: ({ input, image_shape, block_shape }, _, g, { attributes }) => {
    const [image, block] = [g.constantIntegers(image_shape, 'image_shape'), g.constantIntegers(block_shape, 'block_shape')];
    const windows = windowsOver('Col2Im', attributes, image, block);
    const size = block.reduce((product, each) => product * each, 1);
    const rows = Number(input.shape[1]);
    const oneHot = Array.from({ length: rows * size }, (__, at) => (Math.floor(at / size) % size === at % size ? 1 : 0));
    const blocks = g.reshape(input, [...input.shape.slice(0, 2), ...windows.count]);
    return [spread(g, blocks, g.tensor([rows, 1, ...block], oneHot, input), windows, rows / size)];
  },
  samples: [
    { inputs: { input: [2, 8, 4] }, constants: { image_shape: [3, 3], block_shape: [2, 2] } },
    {
      inputs: { input: [1, 12, 6] },
      constants: { image_shape: [4, 5], block_shape: [2, 3] },
      attributes: { strides: ints([2, 2]), pads: ints([1, 1, 1, 0]) },
    },
    { inputs: { input: [1, 4, 9] }, constants: { image_shape: [5, 5], block_shape: [2, 2] }, attributes: { dilations: ints([2, 2]) } },
    { inputs: { input: [1, 4, 3] }, constants: { image_shape: [6], block_shape: [2] }, attributes: { strides: ints([2]) } },
  ],
  specialPoints: [],
});
