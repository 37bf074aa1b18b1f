import { attributeToInput, changed, type OperatorUpgrade } from './defineUpgrade.ts';

/** Lengths became an input in opset 13; since 18 equal parts need `num_outputs`. */
export const split = {
  source: 'https://onnx.ai/onnx/operators/onnx__Split.html',
  changes: [
    attributeToInput(13, 'split'),
    {
      since: 18,
      upgrade: (node) =>
        node.inputs[1] ? [node] : [changed(node, { attributes: { num_outputs: { kind: 'int', value: node.outputs.length } } })],
    },
  ],
} satisfies OperatorUpgrade;
