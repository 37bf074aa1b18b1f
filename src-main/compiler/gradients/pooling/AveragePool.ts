import { integer, ints } from '../../onnx/attributes.ts';
import { windowsOver } from '../../2-shapes/window.ts';
import { defineGradient } from '../defineGradient.ts';
import { alongAxes } from './alongAxes.ts';
import { spreadMaps } from './averaging.ts';

/** Y = mean of each window;  dX = each window's gradient shared out over its elements. */
export const averagePool = defineGradient({
  opType: 'AveragePool',
  sinceVersion: 19,
  source: 'https://onnx.ai/onnx/operators/onnx__AveragePool.html',
  formula: 'dX[i] = Σ_windows containing i  dY[window] / number of elements that the window counts',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { kernel_shape: [], count_include_pad: 0 },
  vjp: ({ X }, { Y: dY }, { kernel_shape, count_include_pad }, g, { attributes }) => ({
    X: () => {
      const windows = windowsOver('AveragePool', attributes, X.shape.slice(2), kernel_shape);
      return alongAxes(g, dY, spreadMaps(windows, count_include_pad ? 'meanWithPadding' : 'mean'));
    },
  }),
  samples: [
    { inputs: { X: [2, 3, 4, 6] }, attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 3]) } },
    { inputs: { X: [1, 2, 5, 5] }, attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) } },
    {
      inputs: { X: [1, 2, 5, 6] },
      attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 0, 1, 1]), count_include_pad: integer(1) },
    },
    { inputs: { X: [1, 2, 5] }, attributes: { kernel_shape: ints([2]), strides: ints([2]), ceil_mode: integer(1) } },
    {
      inputs: { X: [1, 2, 6, 5] },
      attributes: {
        kernel_shape: ints([3, 3]),
        strides: ints([3, 3]),
        pads: ints([1, 1, 1, 1]),
        ceil_mode: integer(1),
        count_include_pad: integer(1),
      },
    },
    { inputs: { X: [1, 2, 6, 5] }, attributes: { kernel_shape: ints([2, 3]), dilations: ints([2, 2]), pads: ints([1, 1, 0, 1]) } },
    {
      inputs: { X: [2, 1, 5, 4] },
      attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 1]), auto_pad: { kind: 'string', value: 'SAME_UPPER' } },
    },
    {
      inputs: { X: [2, 1, 5, 4] },
      attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 1]), auto_pad: { kind: 'string', value: 'SAME_LOWER' } },
    },
    { inputs: { X: [2, 1, 5, 4] }, attributes: { kernel_shape: ints([2, 2]), auto_pad: { kind: 'string', value: 'VALID' } } },
    { inputs: { X: [1, 2, 3, 4, 3] }, attributes: { kernel_shape: ints([2, 2, 2]), strides: ints([1, 2, 2]), ceil_mode: integer(1) } },
  ],
  specialPoints: [],
});
