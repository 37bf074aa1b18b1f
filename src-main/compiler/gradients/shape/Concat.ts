import { fixed, fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { take } from './placing.ts';

/** concat_result = the inputs one after the other along `axis`;  d input_i = its part of d concat_result. */
export const concat = defineGradient({
  opType: 'Concat',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Concat.html',
  formula: 'd inputs_i = slice(d concat_result, offset_i, offset_i + size_i)',
  inputs: ['inputs'],
  variadicInputs: true,
  outputs: ['concat_result'],
  attributes: { axis: 0 },
  vjp: (_tensors, { concat_result: dy }, { axis: listed }, g, { inputs, wanted }) => {
    const axis = fromEnd(listed, dy.shape.length);
    const sizes = inputs.map((each) => fixed(each!.shape[axis], 'A size along the axis of Concat'));
    let parts: readonly TypedValue[] | undefined;
    // One node for all of them where at least half are wanted; otherwise each its own.
    if (2 * wanted.filter(Boolean).length >= inputs.length && inputs.length > 1)
      return inputs.map((_, at) => () => (parts ??= g.node('Split', [dy, g.graph.int64(sizes)], { axis }, sizes.length))[at]!);
    let end = 0;
    return sizes.map((size) => {
      if (inputs.length === 1) return () => dy;
      const start = end;
      end += size;
      return () => take(g, dy, axis, start, size);
    });
  },
  samples: [
    { inputs: { 'inputs.0': [2, 3], 'inputs.1': [1, 3] }, attributes: { axis: integer(0) } },
    { inputs: { 'inputs.0': [2, 1, 2], 'inputs.1': [2, 3, 2], 'inputs.2': [2, 2, 2] }, attributes: { axis: integer(-2) } },
    { inputs: { 'inputs.0': [2, 3] }, attributes: { axis: integer(1) } },
  ],
  specialPoints: [],
});
