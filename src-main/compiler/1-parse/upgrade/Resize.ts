import { changed, textOf, trimmed, type OperatorUpgrade } from './defineUpgrade.ts';
import { oldPositions } from './Upsample.ts';

/** Opset 11 put the region of interest before the scales and made positions a choice; 13 lets empty inputs be left out. */
export const resize = {
  source: 'https://onnx.ai/onnx/operators/onnx__Resize.html',
  changes: [
    { since: 11, upgrade: (node) => [changed(node, { inputs: [node.inputs[0]!, '', node.inputs[1]!], attributes: oldPositions })] },
    {
      since: 13,
      upgrade: (node, c) => {
        if (textOf(node, 'coordinate_transformation_mode') === 'tf_half_pixel_for_nn')
          return c.refuse('opset 13 dropped the mode "tf_half_pixel_for_nn".');
        const isEmpty = (name: string): boolean => c.constantOf(name)?.data.length === 0 || c.shapeOf(name)?.[0] === 0;
        const [data, ...optional] = node.inputs;
        return [changed(node, { inputs: trimmed([data!, ...optional.map((name) => (name !== '' && isEmpty(name) ? '' : name))]) })];
      },
    },
  ],
} satisfies OperatorUpgrade;
