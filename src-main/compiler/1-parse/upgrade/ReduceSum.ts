import { attributeToInput, type OperatorUpgrade } from './defineUpgrade.ts';

/** Axes became an input in opset 13. */
export const reduceSum = {
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceSum.html',
  changes: [attributeToInput(13, 'axes')],
} satisfies OperatorUpgrade;
