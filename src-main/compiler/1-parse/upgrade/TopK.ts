import { changed, integers, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** k became an input in opset 10; `largest` and `sorted` of opset 11 default to what was. */
export const topK = {
  source: 'https://onnx.ai/onnx/operators/onnx__TopK.html',
  changes: [
    {
      since: 10,
      upgrade: (node, c) => {
        const k = integers(c, node, 'k', [numberOf(node, 'k') ?? c.refuse('it has no "k".')]);
        return [changed(node, { without: ['k'], inputs: [node.inputs[0]!, k] })];
      },
    },
  ],
} satisfies OperatorUpgrade;
