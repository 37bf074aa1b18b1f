import { changed, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** The axis became an input in opset 20; its default was 1. */
export const dft = {
  source: 'https://onnx.ai/onnx/operators/onnx__DFT.html',
  changes: [
    {
      since: 20,
      upgrade: (node, c) => {
        const data = BigInt64Array.of(BigInt(numberOf(node, 'axis') ?? 1));
        const axis = c.constant(`${node.name}.axis`, { dtype: 'int64', shape: [], data });
        return [changed(node, { without: ['axis'], inputs: [node.inputs[0]!, node.inputs[1] ?? '', axis] })];
      },
    },
  ],
} satisfies OperatorUpgrade;
