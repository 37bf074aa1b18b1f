import { changed, floats, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** The ratio became an input in opset 12. Its default, 0.5, stays. */
export const dropout = {
  source: 'https://onnx.ai/onnx/operators/onnx__Dropout.html',
  changes: [
    {
      since: 12,
      upgrade: (node, c) => {
        const ratio = numberOf(node, 'ratio');
        return [
          ratio === undefined
            ? node
            : changed(node, { without: ['ratio'], inputs: [node.inputs[0]!, floats(c, node, 'ratio', [ratio], [])] }),
        ];
      },
    },
  ],
} satisfies OperatorUpgrade;
