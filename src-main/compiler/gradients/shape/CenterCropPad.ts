import { fixed, fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import { ints } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { pad } from './placing.ts';

/** Each axis cut or filled with zeros to a size, equally on both sides, the odd element at the end: one Pad, negative where it cuts. */
export const centerCropPad = defineComposite({
  opType: 'CenterCropPad',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__CenterCropPad.html',
  formula: 'output_data = pad(input_data, ⌊(shape − size)/2⌋, ⌈(shape − size)/2⌉), towards 0 where it cuts',
  inputs: ['input_data', 'shape'],
  outputs: ['output_data'],
  attributes: { axes: undefined as readonly number[] | undefined },
  decompose: ({ input_data: data, shape }, { axes: listed }, g) => {
    const [before, after] = [data.shape.map(() => 0), data.shape.map(() => 0)];
    const wanted = g.constantIntegers(shape, 'shape');
    (listed ?? [...data.shape.keys()]).forEach((each, at) => {
      const axis = fromEnd(each, data.shape.length);
      const by = wanted[at]! - fixed(data.shape[axis], 'A size to crop or pad');
      before[axis] = Math.trunc(by / 2);
      after[axis] = by - before[axis];
    });
    return [pad(g, data, before, after)];
  },
  samples: [
    { inputs: { input_data: [5, 3, 4] }, constants: { shape: [2, 6, 4] } },
    { inputs: { input_data: [2, 5] }, constants: { shape: [2] }, attributes: { axes: ints([-1]) } },
    { inputs: { input_data: [2, 4] }, constants: { shape: [5, 1] } },
  ],
  specialPoints: [],
});
