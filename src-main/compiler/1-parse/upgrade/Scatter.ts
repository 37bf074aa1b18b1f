import { changed, type OperatorUpgrade } from './defineUpgrade.ts';

/** Named ScatterElements since opset 11. */
export const scatter = {
  source: 'https://onnx.ai/onnx/operators/onnx__Scatter.html',
  changes: [{ since: 11, upgrade: (node) => [changed(node, { opType: 'ScatterElements' })] }],
} satisfies OperatorUpgrade;
