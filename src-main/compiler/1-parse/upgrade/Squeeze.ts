import { attributeToInput, type OperatorUpgrade } from './defineUpgrade.ts';

/** Axes became an input in opset 13. */
export const squeeze = {
  source: 'https://onnx.ai/onnx/operators/onnx__Squeeze.html',
  changes: [attributeToInput(13, 'axes')],
} satisfies OperatorUpgrade;
