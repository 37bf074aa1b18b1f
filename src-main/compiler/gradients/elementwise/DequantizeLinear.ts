import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { elementCount, type Shape, type TensorData } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * y = (x − x_zero_point) ⊙ x_scale, the scale one number, one for each place along `axis`, or one for each block of
 * `block_size` there;  d x_scale = Σ dy ⊙ (x − x_zero_point). x is an integer and has no gradient: a model with frozen
 * int8 weights can be trained around them.
 */
export const dequantizeLinear = defineGradient({
  opType: 'DequantizeLinear',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html',
  formula: 'd x_scale = Σ dy ⊙ (x − x_zero_point)',
  inputs: ['x', 'x_scale', 'x_zero_point'],
  outputs: ['y'],
  attributes: { axis: 1, block_size: 0 },
  vjp: ({ x, x_scale: scale, x_zero_point: zeroPoint }, { y: dy }, { axis: listed, block_size: blockSize }, g) => ({
    x_scale: () => {
      if (elementCount(scale.shape) === 1) {
        const [whole, zero] = [g.cast(x, scale.dtype), zeroPoint && g.reshape(g.cast(zeroPoint, scale.dtype), [])];
        return allSummed(g, g.mul(dy, zero ? g.sub(whole, zero) : whole), scale.shape);
      }
      const axis = fromEnd(listed, x.shape.length);
      // [before, blocks, places in the block, after]: a scale along the axis alone has blocks of one place.
      const spread = (value: TypedValue): TypedValue => g.reshape(value, spreadShape(x.shape, axis, blockSize || 1));
      const narrow = blockSize ? spreadShape(scale.shape, axis, 1) : [1, scale.shape[0]!, 1, 1];
      const whole = spread(g.cast(x, scale.dtype));
      const centred = zeroPoint ? g.sub(whole, g.reshape(g.cast(zeroPoint, scale.dtype), narrow)) : whole;
      return g.reshape(g.reduceSum(g.mul(spread(dy), centred), blockSize ? [2] : [0, 2, 3]), scale.shape);
    },
  }),
  samples: [
    { inputs: { x_scale: [] }, constants: { x: int8([2, 3], [1, -2, 3, 4, 50, -60]), x_zero_point: int8([], [3]) } },
    { inputs: { x_scale: [3] }, constants: { x: int8([2, 3], [1, -2, 3, 4, 50, -60]), x_zero_point: int8([3], [3, 0, -1]) } },
    { inputs: { x_scale: [2] }, constants: { x: int8([2, 3], [1, -2, 3, 4, 50, -60]) }, attributes: { axis: integer(0) } },
    {
      inputs: { x_scale: [2, 2] },
      constants: { x: int8([2, 4], [1, -2, 3, 4, 50, -60, 7, 8]), x_zero_point: int8([2, 2], [3, 0, -1, 2]) },
      attributes: { axis: integer(1), block_size: integer(2) },
    },
  ],
  specialPoints: [],
});

function int8(shape: readonly number[], values: readonly number[]): TensorData {
  return { dtype: 'int8', shape, data: Int8Array.from(values) };
}

function spreadShape(shape: Shape, axis: number, blockSize: number): number[] {
  const along = elementCount([shape[axis]!]);
  if (along % blockSize !== 0) throw new Error(`DequantizeLinear: ${along} is not a multiple of the block size ${blockSize}.`);
  return [elementCount(shape.slice(0, axis)), along / blockSize, blockSize, elementCount(shape.slice(axis + 1))];
}

function allSummed(g: TypedOps, value: TypedValue, shape: Shape): TypedValue {
  return g.reshape(g.reduceSum(value, [...value.shape.keys()], false), shape);
}
