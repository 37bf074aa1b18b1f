import { resizingOf } from '../../2-shapes/resizing.ts';
import { integer, ints, float } from '../../onnx/attributes.ts';
import type { Attribute } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';
import { contextOf } from '../shape/placing.ts';
import { alongAxes, transposed } from './alongAxes.ts';
import { interpolationMap } from './interpolation.ts';

const text = (value: string): Attribute => ({ kind: 'string', value });
const floats = (values: readonly number[]) => tensorOf('float32', [values.length], values);

/** Y = weights · X along each axis that changes size;  dX = weightsᵀ · dY. */
export const resize = defineGradient({
  opType: 'Resize',
  sinceVersion: 19,
  source: 'https://onnx.ai/onnx/operators/onnx__Resize.html',
  formula: 'dX = Wᵀ·dY along each axis',
  inputs: ['X', 'roi', 'scales', 'sizes'],
  outputs: ['Y'],
  attributes: {
    mode: 'nearest',
    coordinate_transformation_mode: 'half_pixel',
    nearest_mode: 'round_prefer_floor',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
    antialias: 0,
  },
  vjp: (_, { Y: dY }, interpolation, g, node) => ({
    X: () => {
      const maps = resizingOf(contextOf(g, node)).map((each) => interpolationMap(each, interpolation));
      return alongAxes(
        g,
        dY,
        maps.map(({ axis, matrix }) => ({ axis, matrix: transposed(matrix) })),
      );
    },
  }),
  samples: [
    { inputs: { X: [1, 2, 2, 3] }, constants: { scales: floats([1, 1, 2, 2]) } },
    {
      inputs: { X: [1, 2, 3, 4] },
      constants: { sizes: [1, 2, 5, 3] },
      attributes: { coordinate_transformation_mode: text('asymmetric'), nearest_mode: text('floor') },
    },
    {
      inputs: { X: [2, 1, 4] },
      constants: { sizes: [2, 1, 7] },
      attributes: { nearest_mode: text('ceil'), coordinate_transformation_mode: text('asymmetric') },
    },
    { inputs: { X: [2, 1, 5] }, constants: { sizes: [2, 1, 3] }, attributes: { nearest_mode: text('round_prefer_ceil') } },
    { inputs: { X: [1, 2, 3, 4] }, constants: { scales: floats([1, 1, 2, 1.5]) }, attributes: { mode: text('linear') } },
    {
      inputs: { X: [1, 2, 5, 4] },
      constants: { sizes: [1, 2, 3, 1] },
      attributes: { mode: text('linear'), coordinate_transformation_mode: text('pytorch_half_pixel') },
    },
    {
      inputs: { X: [1, 2, 3, 2] },
      constants: { sizes: [1, 2, 5, 4] },
      attributes: { mode: text('linear'), coordinate_transformation_mode: text('align_corners') },
    },
    {
      inputs: { X: [1, 1, 5] },
      constants: { scales: floats([1, 1, 0.5]) },
      attributes: { mode: text('linear'), coordinate_transformation_mode: text('half_pixel_symmetric') },
    },
    {
      inputs: { X: [1, 1, 2, 3] },
      constants: { sizes: [5, 6] },
      attributes: { mode: text('linear'), axes: ints([2, 3]), keep_aspect_ratio_policy: text('not_larger') },
    },
    { inputs: { X: [1, 1, 2, 2, 2] }, constants: { scales: floats([1, 1, 2, 2, 1.5]) }, attributes: { mode: text('linear') } },
    { inputs: { X: [1, 2, 3, 3] }, constants: { scales: floats([1, 1, 1.5, 2]) }, attributes: { mode: text('cubic') } },
    {
      inputs: { X: [1, 1, 4, 5] },
      constants: { sizes: [1, 1, 6, 3] },
      attributes: {
        mode: text('cubic'),
        cubic_coeff_a: float(-0.5),
        exclude_outside: integer(1),
        coordinate_transformation_mode: text('align_corners'),
      },
    },
    {
      inputs: { X: [1, 1, 4, 5] },
      constants: { roi: floats([0, 0, 0.3, -0.1, 1, 1, 0.8, 1.1]), sizes: [1, 1, 3, 4] },
      attributes: { mode: text('linear'), coordinate_transformation_mode: text('tf_crop_and_resize'), extrapolation_value: float(7) },
    },
    { inputs: { X: [1, 1, 7, 4] }, constants: { sizes: [1, 1, 3, 6] }, attributes: { mode: text('linear'), antialias: integer(1) } },
    {
      inputs: { X: [1, 1, 4, 7] },
      constants: { scales: floats([1, 1, 0.5, 0.6]) },
      attributes: { mode: text('cubic'), antialias: integer(1), exclude_outside: integer(1) },
    },
    {
      inputs: { X: [1, 1, 7, 4] },
      constants: { sizes: [1, 1, 3, 4] },
      attributes: { mode: text('linear'), antialias: integer(1), coordinate_transformation_mode: text('asymmetric') },
    },
    {
      inputs: { X: [1, 1, 7, 4] },
      constants: { sizes: [1, 1, 3, 2] },
      attributes: { mode: text('cubic'), antialias: integer(1), coordinate_transformation_mode: text('align_corners') },
    },
  ],
  specialPoints: [],
});
