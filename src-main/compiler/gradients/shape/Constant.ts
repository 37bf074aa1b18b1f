import { constantOf } from '../../2-shapes/rules/slicing.ts';
import { float, floats } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** A node that holds its value becomes an initializer, where shape rules find it. */
export const constant = defineComposite({
  opType: 'Constant',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Constant.html',
  formula: 'output = the value in the attributes, which nothing changes',
  inputs: [],
  outputs: ['output'],
  attributes: {},
  decompose: (_tensors, _attributes, g, { attributes }) => [g.constant(constantOf(attributes))],
  samples: [
    { inputs: {}, attributes: { value_floats: floats([1, -2, 3]) } },
    { inputs: {}, attributes: { value_float: float(0.5) } },
  ],
  specialPoints: [],
  // There is nothing to differentiate by.
  secondOrder: false,
});
