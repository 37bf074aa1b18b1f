import { changed, integers, intsOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** Bounds and axes became inputs in opset 10. */
export const slice = {
  source: 'https://onnx.ai/onnx/operators/onnx__Slice.html',
  changes: [
    {
      since: 10,
      upgrade: (node, c) => {
        const inputs = ['starts', 'ends', 'axes'].flatMap((name) => {
          const values = intsOf(node, name);
          return values ? [integers(c, node, name, values)] : [];
        });
        return [changed(node, { without: ['starts', 'ends', 'axes'], inputs: [node.inputs[0]!, ...inputs] })];
      },
    },
  ],
} satisfies OperatorUpgrade;
